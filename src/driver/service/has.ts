import * as Effect from "effect/Effect"
import type { Place, ReadError } from "../../KeyValueError.ts"
import * as Calls from "../Calls.ts"
import type { Driver } from "../Driver.ts"

/** Returns whether the key has a value, which is whether `get` would return one. */
export const has = (driver: Driver, place: Place): Effect.Effect<boolean, ReadError> =>
  Effect.map(driver.get(Calls.get(place)), ([entry]) => entry !== undefined)
