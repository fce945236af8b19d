import { type Place, StoreError, StoreUnavailableError } from "../KeyValueError.ts"

/**
 * The error of a store whose call is several requests. `StoreError` says that nothing was applied; once something was,
 * it is a `StoreUnavailableError` whose outcome is unknown.
 */
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
  return transient || applied
    ? new StoreUnavailableError({ ...place, reason, cause, sent: applied })
    : new StoreError({ ...place, reason, cause })
}
