import { isPlatformError } from "effect/PlatformError"
import type { KeyValueStoreError } from "effect/persistence/KeyValueStore"
import { storeFailure, type ToStoreFailure, tracked as trackedWith } from "../../driver/storeFailure.ts"
import { isFull as isDiskFull, isTransient, reasonOf as platformReasonOf } from "../common/platformErrors.ts"

/**
 * The typed error for one of Effect's `KeyValueStore`, whose kind only its cause tells. A refusal has no cause, or is a full
 * or forbidden browser storage, or says that it is not retryable. Any other error is transient, and the write may have been
 * applied.
 */
export const toStoreFailure: ToStoreFailure<KeyValueStoreError> =
  (place, applied = false) =>
  (error) => {
    const transient = !isRefusal(error.cause)
    return storeFailure(place, { reason: reasonOf(error), cause: error, transient, applied: applied || transient })
  }

/** Without the store's own message, which has the key. */
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

/** Whether the store is full. */
export const isFull = ({ cause }: KeyValueStoreError): boolean => {
  if (typeof cause !== "object" || cause === null) return false
  return isPlatformError(cause) ? isDiskFull(cause) : "name" in cause && quotas.includes(String(cause.name))
}

export const tracked = trackedWith(toStoreFailure)
