import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import type * as Call from "../../driver/Call.ts"
import { storeFailure } from "../../internal/storeFailure.ts"
import type { Place, StoreError, StoreUnavailableError } from "../../KeyValueError.ts"

/**
 * The typed error for one of the file system's. What may pass (busy, too many open files, a network drive that does
 * not answer, a directory that somebody removed meanwhile) is retryable; no permission or a full disk is not.
 */
export const toStoreFailure =
  (place: Place, applied: () => boolean = () => false) =>
  (error: PlatformError): StoreError | StoreUnavailableError =>
    storeFailure(place, {
      reason: reasonOf(error),
      cause: error,
      transient: isTransient(error),
      applied: applied()
    })

/** Runs an effect on what may be missing: `undefined` when it is. */
export const orMissing = <A, R>(effect: Effect.Effect<A, PlatformError, R>) =>
  Effect.catchIf(effect, isNotFound, () => Effect.undefined)

const isNotFound = (error: PlatformError): boolean => error.reason._tag === "NotFound"

const transientCodes = new Set(["EMFILE", "ENFILE", "EAGAIN", "EINTR", "ETIMEDOUT", "ESTALE", "ENETDOWN", "EHOSTDOWN"])

export const isTransient = (error: PlatformError): boolean => {
  switch (error.reason._tag) {
    case "Busy":
    case "TimedOut":
    case "WouldBlock":
    case "NotFound":
      return true
    default:
      return transientCodes.has(codeOf(error) ?? "")
  }
}

const reasonOf = (error: PlatformError): string => {
  const code = codeOf(error)
  return code === "ENOSPC" || code === "EDQUOT" ? `the disk is full: ${error.message}` : error.message
}

const codeOf = (error: PlatformError): string | undefined => {
  const { cause } = error.reason
  return typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined
}

/** Runs a write of several steps, with errors that tell whether one of them was applied. */
export const tracked = <A>(
  call: Call.Call,
  run: (onApplied: () => void) => Effect.Effect<A, PlatformError>
): Effect.Effect<A, StoreError | StoreUnavailableError> =>
  Effect.suspend(() => {
    let applied = "cursor" in call && call.cursor !== undefined
    return Effect.mapError(
      run(() => {
        applied = true
      }),
      toStoreFailure(call.place, () => applied)
    )
  })
