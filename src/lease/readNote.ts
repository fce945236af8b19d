import * as Effect from "effect/Effect"
import { valueOf } from "../driver/boundary.ts"
import * as Calls from "../driver/Calls.ts"
import type { Driver } from "../driver/Driver.ts"
import type { Place, ReadError } from "../KeyValueError.ts"
import { waitAtMost } from "../time/waitAtMost.ts"
import type { Json } from "../Value.ts"
import type { Config } from "./Claim.ts"
import { lookFor } from "./pause.ts"
import { fromValue } from "./record.ts"

/**
 * Returns the note that the last holder of a lease left behind, if any. After a failure that may pass, it returns `undefined`:
 * an attempt to acquire the lease reads the note again, and waits for the store.
 */
export const readNote = (
  driver: Driver,
  place: Place,
  { wait, ttl }: Config
): Effect.Effect<Json | undefined, ReadError> =>
  Effect.withFiber((fiber) => {
    const note = Effect.map(driver.get(Calls.get(place)), ([entry]) => {
      // What is not a lease may be a default for a missing entry. The holder of the lease finds out.
      const record = entry && fromValue(valueOf(driver, entry))
      return record !== undefined && record.owner === undefined ? record.note : undefined
    })
    return Effect.catchIf(
      waitAtMost(fiber, lookFor(0, ttl), note, { place }),
      (error) => error.retryable && wait > 0,
      () => Effect.undefined
    )
  })
