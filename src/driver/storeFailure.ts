import * as Effect from "effect/Effect"
import { type Place, StoreError, StoreUnavailableError } from "../KeyValueError.ts"
import type * as Call from "./Call.ts"

/** Makes the error of a call that sends several requests, some of which may have been applied before one failed. */
export const storeFailure = (
  place: Place,
  failure: {
    readonly reason: string
    readonly cause: unknown
    /** Whether the same call may succeed when it is repeated. */
    readonly transient: boolean
    /** Whether a part of the call may have been applied. */
    readonly applied: boolean
  }
): StoreError | StoreUnavailableError => {
  const { reason, cause, transient, applied } = failure
  return transient
    ? new StoreUnavailableError({ ...place, reason, cause, sent: applied })
    : new StoreError({ ...place, reason, cause, maybeApplied: applied })
}

/** Converts an error of a backend into an error of the store. `applied`: a part of the call was applied before the error. */
export type ToStoreFailure<E> = (place: Place, applied?: boolean) => (error: E) => StoreError | StoreUnavailableError

/** Runs a write that sends several requests. The write must run `onApplied` after each of them. */
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
