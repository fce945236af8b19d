/** Checks that Python would read the same entry from the data that effect-kv writes. */
import { Effect } from "effect"
import { KeyValue } from "effect-kv"
import { type Answer, answerOf, foundOrMissing, is, tell, valueOf } from "../answers.ts"
import type { Finding } from "../case.ts"
import { compare, show } from "../compare.ts"
import { Database } from "../database.ts"
import type { Writing } from "../differences/Difference.ts"
import * as python from "../python.ts"
import { on, type Settings } from "../stack.ts"
import type { Stack, Vector } from "../vectors.ts"

/** The TTL with which an entry is written, in seconds. An hour if the entry would expire before it is read. */
export const ttlOf = ({ ttl }: Vector): number | undefined => (ttl === null ? undefined : ttl < 60 ? 3600 : ttl)

/** The stack without its read-only wrapper. */
export const writable = (stack: Stack): Stack => stack.filter(({ wrapper }) => wrapper !== "read_only")

/** Writes the entry of a vector through effect-kv. */
export const put = (vector: Vector, settings?: Settings) => {
  const ttl = ttlOf(vector)
  return on(
    writable(vector.stack),
    KeyValue.KeyValue.use((kv) =>
      kv.put(vector.key, valueOf(vector.value_json) as never, {
        collection: vector.collection ?? undefined,
        ttl: ttl === undefined ? undefined : ttl * 1000
      })
    ),
    settings
  )
}

/** The data in which to look for a documented difference. */
export const writing = ({ stack, value_json: text }: Vector, ours: Answer): Writing => ({
  kind: "write",
  stack,
  text,
  ours
})

export const check = Effect.fnUntraced(function* (vector: Vector) {
  const database = yield* Database
  const { redis } = vector
  const ours = yield* answerOf(put(vector), () => foundOrMissing(undefined))
  const names = yield* Effect.acquireRelease(database.names, (names) => Effect.orDie(database.remove(names)))
  const observed = writing(vector, ours)
  if (!is("Missing")(ours)) return { difference: `put: ${tell(ours)}`, observed } satisfies Finding
  const [name] = names
  if (name === undefined || names.length > 1) return { difference: `put: there are ${names.length} names` }
  const differenceOfNames = compare(Buffer.from(redis.key_base64).toString(), Buffer.from(name).toString())
  if (differenceOfNames !== undefined) return { difference: `name: ${differenceOfNames}`, observed } satisfies Finding
  const stored = yield* database.get(name)
  if (stored === null) return { difference: "the entry has expired" }
  const difference = yield* problemOf(vector, stored, yield* database.pttl(name))
  return difference === undefined ? undefined : { difference, observed }
}, Effect.scoped)

/** Why Python would refuse the stored data, or read another value. */
const problemOf = (vector: Vector, stored: Uint8Array, pttl: number) =>
  Effect.try({
    try: () => {
      const entry = python.entryUnsafe(stored)
      const { violation, value } = python.peel(vector.stack, entry.value, { partial: true })
      return (
        violation ??
        problemOfNames(vector, entry) ??
        problemOfTimes(vector, entry, pttl) ??
        compare(python.parse(vector.value_json), value)
      )
    },
    catch: (error) => String(error)
  }).pipe(Effect.catch(Effect.succeed))

/** Checks that the names in the entry are those in the database. */
const problemOfNames = ({ redis }: Vector, { collection, key }: python.Entry): string | undefined => {
  const name = Buffer.from(redis.key_base64).toString()
  return name === `${collection}::${key}`
    ? undefined
    : `the entry is named ${show(collection)} and ${show(key)}, in ${show(name)}`
}

/** How many milliseconds of its TTL an entry may have lost when it is checked. */
const tolerance = 10_000

const problemOfTimes = (vector: Vector, { createdAt, expiresAt }: python.Entry, pttl: number): string | undefined => {
  if (vector.managed_entry.expires_at === null) {
    if (expiresAt !== undefined) return "there is an expires_at"
    return pttl === -1 ? undefined : `it expires in ${pttl} ms`
  }
  if (expiresAt === undefined) return "there is no expires_at"
  const ttl = millisOf(vector)
  if (Math.abs(expiresAt - createdAt - ttl) > 1) return `it lives for ${expiresAt - createdAt} ms, not ${ttl} ms`
  return pttl > ttl - tolerance && pttl <= ttl ? undefined : `it expires in ${pttl} ms, not ${ttl} ms`
}

/** The TTL of the entry in milliseconds, which the stack may have changed. */
const millisOf = (vector: Vector): number => {
  const { created_at, expires_at } = vector.managed_entry
  const isOwn = vector.ttl !== null && ttlOf(vector) !== vector.ttl
  return isOwn || expires_at === null ? ttlOf(vector)! * 1000 : Date.parse(expires_at) - Date.parse(created_at)
}
