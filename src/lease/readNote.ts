import * as Effect from "effect/Effect"
import { valueOf } from "../driver/boundary.ts"
import * as Calls from "../driver/Calls.ts"
import type { Driver } from "../driver/Driver.ts"
import type { Place, ReadError } from "../KeyValueError.ts"
import type { Json } from "../Value.ts"
import { fromValue } from "./record.ts"

/** Returns the note that the last holder of a lease left behind, if any. */
export const readNote = (driver: Driver, place: Place): Effect.Effect<Json | undefined, ReadError> =>
  Effect.map(driver.get(Calls.get(place)), ([entry]) => {
    // What is not a lease may be a default for a missing entry. The holder of the lease finds out.
    const record = entry && fromValue(valueOf(driver, entry))
    return record !== undefined && record.owner === undefined ? record.note : undefined
  })
