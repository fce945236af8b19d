/** The kinds and descriptions of `PlatformError`s. */
import type { PlatformError } from "effect/PlatformError"

/** Returns whether the disk or the quota is full. */
export const isFull = (error: PlatformError): boolean => fullCodes.has(systemCode(error) ?? "")

const fullCodes = new Set(["ENOSPC", "EDQUOT"])

const transientCodes = new Set(["EMFILE", "ENFILE", "EAGAIN", "EINTR", "ETIMEDOUT", "ESTALE", "ENETDOWN", "EHOSTDOWN"])

/** Returns whether the error is transient: busy, too many open files, a network drive that does not respond. */
export const isTransient = (error: PlatformError): boolean => {
  switch (error.reason._tag) {
    case "Busy":
    case "TimedOut":
    case "WouldBlock":
    case "NotFound":
      return true
    default:
      return transientCodes.has(systemCode(error) ?? "")
  }
}

/** Describes the error without its path, which contains the collection and the key. */
export const reasonOf = (error: PlatformError): string => {
  const { _tag, module, method } = error.reason
  const code = systemCode(error)
  const what = `${_tag}: ${module}.${method}${code === undefined ? "" : `, ${code}`}`
  return isFull(error) ? `the disk is full: ${what}` : what
}

/** Returns the error code of the operating system, such as `ENOSPC`. */
export const systemCode = (error: PlatformError): string | undefined => {
  const { cause } = error.reason
  return typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined
}
