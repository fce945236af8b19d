/** Checks that data from Python is read as the value that Python reads, with the remaining TTL. */
import { Clock, Duration, Effect } from "effect"
import { KeyValue } from "effect-kv"
import { type Answer, answerOf, differ, Found, foundOrMissing, get, is, Missing, valueOf } from "../answers.ts"
import type { Finding } from "../case.ts"
import { Database } from "../database.ts"
import { on } from "../stack.ts"
import type { Vector } from "../vectors.ts"

const minute = 60_000

/** How many milliseconds of its TTL an entry may have lost when it is read. */
const tolerance = 10_000

export const check = Effect.fnUntraced(function* (vector: Vector) {
  const expected = Found({ value: valueOf(valueRead(vector)) })
  const { expires_at } = vector.managed_entry
  if (expires_at === null) return yield* expecting(vector, expected, undefined)
  if (Date.parse(expires_at) > (yield* Clock.currentTimeMillis)) {
    // At least a minute, because a second or two may pass before the entry is read.
    return yield* expecting(vector, expected, Math.max(vector.redis.pttl_ms, minute))
  }
  // If the server has no expiry for the key, the expiry in the entry counts. Otherwise, only that of the server counts.
  return (yield* expecting(vector, Missing(), undefined)) ?? (yield* expecting(vector, expected, minute))
})

/** The value that Python read, unless the entry had expired by then. */
const valueRead = ({ python_read, value_json }: Vector): string =>
  python_read.found && python_read.value_json !== null ? python_read.value_json : value_json

const expecting = Effect.fnUntraced(function* (vector: Vector, expected: Answer, millis: number | undefined) {
  const { stack, collection, key, redis } = vector
  const { load } = yield* Database
  yield* load(redis.key_base64, redis.value_base64, millis)
  const options = { collection: collection ?? undefined }
  const answer = yield* answerOf(on(stack, get(key, collection)), foundOrMissing)
  const difference = differ(expected, answer)
  if (difference !== undefined) {
    const observed = { kind: "read", stack, stored: redis.value_base64, python: expected, ours: answer } as const
    return { difference: `get: ${difference}`, observed } satisfies Finding
  }
  const many = yield* answerOf(
    on(
      stack,
      KeyValue.KeyValue.use((kv) => kv.getMany([key], options))
    ),
    ([value]) => foundOrMissing(value)
  )
  const inBatch = differ(expected, many)
  if (inBatch !== undefined) return { difference: `getMany: ${inBatch}` }
  let ttl: Duration.Duration | undefined
  const withTtl = yield* answerOf(
    on(
      stack,
      KeyValue.KeyValue.use((kv) => kv.ttl(key, options))
    ),
    (found) => {
      ttl = found?.ttl
      return foundOrMissing(found?.value)
    }
  )
  const beside = differ(expected, withTtl) ?? (is("Found")(expected) ? differenceOfTtl(millis, ttl) : undefined)
  return beside === undefined ? undefined : { difference: `ttl: ${beside}` }
}, Effect.scoped)

const differenceOfTtl = (millis: number | undefined, ttl: Duration.Duration | undefined): string | undefined => {
  const found = ttl && Duration.toMillis(ttl)
  if (millis === undefined) return found === undefined ? undefined : `expected none, found ${found} ms`
  return found !== undefined && found > millis - tolerance && found <= millis
    ? undefined
    : `expected up to ${millis} ms, found ${found === undefined ? "none" : `${found} ms`}`
}
