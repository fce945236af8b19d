import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Atomic from "../Atomic.ts"
import { valueOf, withPlace } from "../driver/boundary.ts"
import type { Drop } from "../driver/Call.ts"
import { change, find, isStored } from "../driver/service/change.ts"
import { retriesOf } from "../driver/service/retries.ts"
import { served } from "../driver/service/served.ts"
import { take } from "../driver/service/take.ts"
import { replacement } from "../driver/service/update.ts"
import type { Entry } from "../Entry.ts"
import type { DeserializationError, Place } from "../KeyValueError.ts"
import type { AtomicOperations } from "./capabilityTypes.ts"
import type { Parts } from "./parts.ts"

/** Makes the operations that need `Atomic`. */
export const atomicOperations = <A, K, RD, RE>(
  { codec, collection, ttl: defaultTtl }: Parts<A, K, RD, RE>,
  atomic: Atomic.Service
): AtomicOperations<A, K, RD, RE> => {
  const { driver } = served(atomic.driver)
  const at = { collection }
  const { encodeKey, encode, decode } = codec

  const decodeEntry = (
    { operation, keys }: Place,
    entry: Entry | undefined
  ): Effect.Effect<Option.Option<A>, DeserializationError, RD> =>
    decode(operation, keys[0]!, entry && valueOf(driver, entry))

  /** Returns the value that a key has after a wrapper has dropped a write. */
  const ifDropped = (place: Place) => (drop: Drop) =>
    drop === "delete" ? Effect.succeedNone : Effect.flatMap(find(driver, place), (entry) => decodeEntry(place, entry))

  const updateEffect: AtomicOperations<A, K, RD, RE>["updateEffect"] = (key, f, options) =>
    Effect.flatMap(encodeKey("update", key), (name) =>
      withPlace(driver, "update", [name], at, (place) =>
        change(
          driver,
          place,
          { maxRetries: retriesOf(options?.maxRetries), expiry: true },
          Effect.fnUntraced(function* (current) {
            const before = yield* decodeEntry(place, current)
            // An entry that does not fit the schema may be that of a newer program, so only a new value replaces it.
            const replaces = Option.isSome(before) && isStored(current)
            const after = yield* f(before)
            if (Option.isNone(after)) {
              return replaces
                ? { answer: after, write: { entry: undefined }, ifDropped: ifDropped(place) }
                : { answer: after }
            }
            const value = yield* encode("update", key, after.value)
            const ttl = options?.ttl ?? (replaces ? undefined : defaultTtl)
            const entry = yield* replacement(driver, place, Option.isSome(before) ? current : undefined, value, ttl)
            const write = { entry, keepsExpiry: ttl === undefined && replaces }
            const answer = yield* decodeEntry(place, { ...entry, payload: entry.payload.copy() })
            return { answer, write, ifDropped: ifDropped(place) }
          })
        )
      )
    )

  return {
    updateEffect,
    update: (key, f, options) => updateEffect(key, (current) => Effect.sync(() => f(current)), options),
    putIfAbsent: Effect.fnUntraced(function* (key, value, options) {
      const name = yield* encodeKey("putIfAbsent", key)
      const encoded = yield* encode("putIfAbsent", key, value)
      return yield* atomic.putIfAbsent(name, encoded, { collection, ttl: options?.ttl ?? defaultTtl })
    }),
    getAndDelete: (key) =>
      Effect.flatMap(encodeKey("getAndDelete", key), (name) =>
        withPlace(driver, "getAndDelete", [name], at, (place) =>
          take(atomic.driver, place, (current) => decodeEntry(place, current), Option.none())
        )
      )
  }
}
