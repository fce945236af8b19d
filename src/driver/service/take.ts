import * as Effect from "effect/Effect"
import type { Entry } from "../../Entry.ts"
import type { ConflictError, Place, ReadError, WriteError } from "../../KeyValueError.ts"
import { idOf } from "../ids.ts"
import { type AtomicDriver, type Change, change, isStored } from "./change.ts"
import { defaultRetries } from "./retries.ts"
import { served } from "./served.ts"

/**
 * Deletes a key and returns its value. `valueOf` runs before the key is deleted: a value that cannot be returned must not be
 * lost. `none` is returned if a wrapper drops the deletion.
 */
export const take = <A, E, R>(
  self: AtomicDriver,
  place: Place,
  valueOf: (entry: Entry | undefined) => Effect.Effect<A, E, R>,
  none: A
): Effect.Effect<A, E | ReadError | WriteError | ConflictError, R> => {
  const { driver, loads } = served(self)
  const taken = change(driver, place, { maxRetries: defaultRetries, expiry: true }, (current) =>
    Effect.map(
      valueOf(current),
      (answer): Change<A, R> =>
        isStored(current) ? { answer, write: { entry: undefined }, ifDropped: () => Effect.succeed(none) } : { answer }
    )
  )
  // Even if there is nothing to delete, a running load of the key must not store its value afterwards.
  return Effect.suspend(() => {
    loads.drop(idOf(place.collection, place.keys[0]!))
    return taken
  })
}
