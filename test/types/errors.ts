/** Tests by compiling which errors a call site can catch. Nothing here runs. */
import * as Effect from "effect/Effect"
import type * as Atomic from "../../src/Atomic.ts"
import type * as Enumeration from "../../src/Enumeration.ts"
import type * as KeyValue from "../../src/KeyValue.ts"
import type { ReadError, WriteError } from "../../src/KeyValueError.ts"
import type * as Maintenance from "../../src/Maintenance.ts"
import type { Value } from "../../src/Value.ts"
import type { Equals, True } from "./equals.ts"

declare const kv: KeyValue.Service
declare const atomic: Atomic.Service
declare const enumeration: Enumeration.Service
declare const maintenance: Maintenance.Service

const nothing = () => Effect.void

// Reads.

export const reads = [
  kv.get("a").pipe(Effect.catchTag("StoreUnavailableError", nothing)),
  kv.getMany(["a"]).pipe(Effect.catchTag("DecryptionError", nothing)),
  kv.ttl("a").pipe(Effect.catchTag("DeserializationError", nothing)),
  kv.ttlMany(["a"]).pipe(Effect.catchTag("TimeoutError", nothing)),
  // @ts-expect-error a read never fails with ReadOnlyError
  kv.get("a").pipe(Effect.catchTag("ReadOnlyError", nothing)),
  // @ts-expect-error a read never fails with EntryTooLargeError
  kv.getMany(["a"]).pipe(Effect.catchTag("EntryTooLargeError", nothing)),
  // @ts-expect-error a read never fails with SerializationError
  kv.ttl("a").pipe(Effect.catchTag("SerializationError", nothing)),
  // @ts-expect-error only Collection fails with MissingKeyError
  kv.get("a").pipe(Effect.catchTag("MissingKeyError", nothing)),
  // @ts-expect-error an operation never fails with the error of a layer
  kv.get("a").pipe(Effect.catchTag("StoreSetupError", nothing))
]

// Writes.

export const writes = [
  kv.put("a", 1).pipe(Effect.catchTag("ReadOnlyError", nothing)),
  kv.put("a", 1).pipe(Effect.catchTag("EntryTooLargeError", ({ size, maxSize }) => Effect.succeed(size - maxSize))),
  kv.delete("a").pipe(Effect.catchTag("StoreUnavailableError", ({ outcome }) => Effect.succeed(outcome))),
  // @ts-expect-error a write decrypts nothing
  kv.put("a", 1).pipe(Effect.catchTag("DecryptionError", nothing)),
  // @ts-expect-error a write reads no value
  kv.deleteMany(["a"]).pipe(Effect.catchTag("DeserializationError", nothing)),
  // @ts-expect-error only an update conflicts
  kv.put("a", 1).pipe(Effect.catchTag("ConflictError", nothing)),
  atomic.update("a", () => 1).pipe(Effect.catchTag("ConflictError", nothing)),
  // @ts-expect-error putIfAbsent returns false instead of a conflict
  atomic.putIfAbsent("a", 1).pipe(Effect.catchTag("ConflictError", nothing)),
  atomic.increment("a").pipe(Effect.catchTag("CounterRangeError", ({ value, max }) => Effect.succeed(max - value))),
  // @ts-expect-error only an increment leaves a range
  atomic.update("a", () => 1).pipe(Effect.catchTag("CounterRangeError", nothing)),
  // @ts-expect-error deleteIf writes no number
  atomic.deleteIf("a", () => true).pipe(Effect.catchTag("InvalidIncrementError", nothing))
]

// The errors and requirements of a load are kept.

declare const load: Effect.Effect<Value, "boom", KeyValue.KeyValue>
const loaded = kv.getOrSet("a", load)
export type _loadedError = True<Equals<Effect.Error<typeof loaded>, "boom" | ReadError | WriteError>>
export type _loadedNeeds = True<Equals<Effect.Services<typeof loaded>, KeyValue.KeyValue>>

// A caught error is removed from the type.

const caught = kv.get("a").pipe(Effect.catchTag("TimeoutError", nothing))
export type _caught = True<Equals<Extract<Effect.Error<typeof caught>, { readonly _tag: "TimeoutError" }>, never>>

// Wrong arguments.

export const wrong = [
  // @ts-expect-error a key is a string
  kv.get(1),
  // @ts-expect-error undefined is not a value
  kv.put("a", undefined),
  // @ts-expect-error a function is not a value
  kv.put("a", () => 1),
  // @ts-expect-error a bigint is not JSON
  kv.put("a", { n: 1n }),
  // @ts-expect-error a TTL is a duration
  kv.put("a", 1, { ttl: "soon" }),
  // @ts-expect-error a batch consists of pairs
  kv.putMany(["a", 1]),
  // @ts-expect-error a misspelt option
  kv.get("a", { colection: "users" }),
  // @ts-expect-error a read has no TTL
  kv.get("a", { ttl: "1 second" }),
  // @ts-expect-error a prefix is a string
  enumeration.keys({ prefix: 1 }),
  // @ts-expect-error clear takes no arguments
  maintenance.clear({ collection: "a" })
]

// A value must be narrowed before it is used.

export const looked = Effect.map(kv.get("a"), (value) => {
  // @ts-expect-error it may be missing, and need not be an object
  value.name
  return value
})
