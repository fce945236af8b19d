import * as Effect from "effect/Effect"
import { type Place, StoreError, StoreUnavailableError } from "../KeyValueError.ts"
import type * as Call from "./Call.ts"

/** The error of a store whose call is several requests, of which some may have been applied before one failed. */
export const storeFailure = (
  place: Place,
  failure: {
    readonly reason: string
    readonly cause: unknown
    /** May the same call succeed when it is made again? */
    readonly transient: boolean
    /** May a part of the call have been applied? */
    readonly applied: boolean
  }
): StoreError | StoreUnavailableError => {
  const { reason, cause, transient, applied } = failure
  return transient
    ? new StoreUnavailableError({ ...place, reason, cause, sent: applied })
    : new StoreError({ ...place, reason, cause, maybeApplied: applied })
}

/** Turns an error of a backend into one of the store's, given whether a part of the call was applied before it. */
export type ToStoreFailure<E> = (place: Place, applied?: boolean) => (error: E) => StoreError | StoreUnavailableError

/** Runs a write of several requests; `onApplied` is to be called after each. */
export const tracked =
  <E>(toStoreFailure: ToStoreFailure<E>) =>
  <A>(
    call: Call.Call,
    run: (onApplied: Effect.Effect<void>) => Effect.Effect<A, E>
  ): Effect.Effect<A, StoreError | StoreUnavailableError> =>
    Effect.suspend(() => {
      let applied = "cursor" in call && call.cursor !== undefined
      const onApplied = Effect.sync(() => {
        applied = true
      })
      return Effect.mapError(run(onApplied), (error) => toStoreFailure(call.place, applied)(error))
    })
