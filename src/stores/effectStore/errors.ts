import { isPlatformError } from "effect/PlatformError"
import type { KeyValueStoreError } from "effect/persistence/KeyValueStore"
import { storeFailure, type ToStoreFailure, tracked as trackedWith } from "../../driver/storeFailure.ts"
import { isFull as isDiskFull, isTransient, reasonOf as platformReasonOf } from "../common/platformErrors.ts"

/**
 * Converts an error of Effect's `KeyValueStore` into an error of the store. Only the cause shows the kind of the error.
 *
 * The store has refused the operation if there is no cause, if the browser storage is full or forbidden, or if the
 * cause says that it is not retryable. Any other error is transient, and the write may have been applied.
 */
export const toStoreFailure: ToStoreFailure<KeyValueStoreError> =
  (place, applied = false) =>
  (error) => {
    const transient = !isRefusal(error.cause)
    return storeFailure(place, { reason: reasonOf(error), cause: error, transient, applied: applied || transient })
  }

/** Describes the error without its own message, which contains the key. */
const reasonOf = ({ method, cause }: KeyValueStoreError): string => {
  if (isPlatformError(cause)) return platformReasonOf(cause)
  const name = typeof cause === "object" && cause !== null && "name" in cause ? cause.name : undefined
  return typeof name === "string" && /^\w{1,64}$/.test(name) ? `${method}: ${name}` : `${method} failed`
}

const quotas = ["QuotaExceededError", "NS_ERROR_DOM_QUOTA_REACHED"]

const refusals = new Set([...quotas, "SecurityError"])

const isRefusal = (cause: unknown): boolean => {
  if (typeof cause !== "object" || cause === null) return cause === undefined
  if (isPlatformError(cause)) return !isTransient(cause)
  if ("isRetryable" in cause) return cause.isRetryable === false
  return "name" in cause && refusals.has(String(cause.name))
}

/** Returns whether the store is full. */
export const isFull = ({ cause }: KeyValueStoreError): boolean => {
  if (typeof cause !== "object" || cause === null) return false
  return isPlatformError(cause) ? isDiskFull(cause) : "name" in cause && quotas.includes(String(cause.name))
}

export const tracked = trackedWith(toStoreFailure)
