/** Reads and writes the entry of a lease. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { encode, valueOf } from "../driver/boundary.ts"
import * as Calls from "../driver/Calls.ts"
import { find, isStored } from "../driver/service/change.ts"
import type { Entry } from "../Entry.ts"
import { DeserializationError, type ReadError, StoreError, type WriteError } from "../KeyValueError.ts"
import type { Claim } from "./Claim.ts"
import { fromValue, type LeaseRecord, toValue } from "./record.ts"

export interface Found {
  readonly entry: Entry | undefined
  readonly record: LeaseRecord | undefined
}

/** Returns the entry and the lease in it. A default that a wrapper returns for a missing entry is not a lease. */
export const read = ({ driver, place }: Claim): Effect.Effect<Found, ReadError> =>
  Effect.flatMap(find(driver, place), (entry): Effect.Effect<Found, DeserializationError> => {
    if (!isStored(entry)) return Effect.succeed({ entry: undefined, record: undefined })
    const record = fromValue(valueOf(driver, entry))
    return record === undefined
      ? Effect.fail(new DeserializationError({ ...place, reason: "it is not a lease" }))
      : Effect.succeed({ entry, record })
  })

/** Writes a lease if the entry has not changed since it was read. Returns whether it was written. */
export const write = Effect.fnUntraced(function* (
  { driver, place }: Claim,
  current: Entry | undefined,
  record: LeaseRecord,
  ttl: number | undefined
): Effect.fn.Return<boolean, WriteError> {
  const entries = yield* encode(driver, place, [toValue(record)], ttl === undefined ? ttl : Duration.millis(ttl))
  const call = Calls.compareAndPut(place, { entry: entries[0], expected: current?.version })
  const swapped = yield* driver.atomic.compareAndPut(call)
  if (typeof swapped === "boolean") return swapped
  return yield* new StoreError({ ...place, reason: "a wrapper of the stack did not store the lease" })
})
