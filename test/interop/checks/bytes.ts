/** Checks that a store with `format: "py-key-value"` writes exactly the bytes that Python wrote at the same time. */
import { Clock, Effect, type Scope } from "effect"
import { KeyValue } from "effect-kv"
import { answerOf, foundOrMissing, is, tell, valueOf } from "../answers.ts"
import type { Finding } from "../case.ts"
import { compare } from "../compare.ts"
import { Database, type DatabaseError } from "../database.ts"
import type { Secrets } from "../secrets.ts"
import { on } from "../stack.ts"
import type { Vector } from "../vectors.ts"

/** Whether the stack has no wrappers. */
export const isAbout = ({ stack }: Vector): boolean => stack.length === 1

const expired = "the entry has expired"

/** Checks again if an entry with a short TTL had expired before it was read. */
export const check = (vector: Vector) =>
  Effect.repeat(attempt(vector), { times: 3, while: (finding) => finding?.difference === expired })

const attempt = Effect.fnUntraced(function* (
  vector: Vector
): Effect.fn.Return<Finding | undefined, DatabaseError, Database | Secrets | Scope.Scope> {
  const { stack, collection, key, ttl, value_json: text, redis, managed_entry } = vector
  const database = yield* Database
  const put = KeyValue.KeyValue.use((kv) =>
    kv.put(key, valueOf(text) as never, {
      collection: collection ?? undefined,
      ttl: ttl === null ? undefined : ttl * 1000
    })
  )
  const ours = yield* answerOf(
    on(stack, Effect.provideService(put, Clock.Clock, frozen(millisOf(managed_entry.created_at))), {
      format: "py-key-value"
    }),
    () => foundOrMissing(undefined)
  )
  const names = yield* Effect.acquireRelease(database.names, (names) => Effect.orDie(database.remove(names)))
  const observed = { kind: "bytes", stack, text, ours, ttl, stored: redis.value_base64 } as const
  if (!is("Missing")(ours)) return { difference: `put: ${tell(ours)}`, observed }
  const stored = names[0] === undefined ? null : yield* database.get(names[0])
  if (stored === null) return { difference: expired }
  if (Buffer.compare(stored, redis.value_base64) === 0) return undefined
  const [expected, found] = [Buffer.from(redis.value_base64).toString(), Buffer.from(stored).toString()]
  return { difference: aroundDifference(expected, found), observed: { ...observed, written: stored } }
}, Effect.scoped)

/** The time in milliseconds, exact to the microsecond. */
const millisOf = (iso: string): number => {
  const [whole = "", micros = "0"] = iso.replace("+00:00", "").split(".")
  return Date.parse(`${whole}Z`) + Number(micros) / 1000
}

/** A clock that stands still. */
const frozen = (millis: number): Clock.Clock => {
  const nanos = BigInt(Math.round(millis * 1000)) * 1000n
  return {
    currentTimeMillisUnsafe: () => millis,
    currentTimeMillis: Effect.succeed(millis),
    currentTimeNanosUnsafe: () => nanos,
    currentTimeNanos: Effect.succeed(nanos),
    monotonicTimeNanosUnsafe: () => nanos,
    monotonicTimeNanos: Effect.succeed(nanos),
    sleep: () => Effect.void
  }
}

/** The text around the first character that differs. */
const aroundDifference = (expected: string, found: string): string => {
  let at = 0
  while (at < expected.length && expected[at] === found[at]) at++
  const part = (text: string) => text.slice(Math.max(at - 30, 0), at + 30)
  return compare(part(expected), part(found)) ?? "they differ"
}
