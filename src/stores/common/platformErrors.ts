/** What a `PlatformError` of Effect says of its kind, without the path. */
import type { PlatformError } from "effect/PlatformError"

/** Is the disk or the quota full? */
export const isFull = (error: PlatformError): boolean => fullCodes.has(codeOf(error) ?? "")

const fullCodes = new Set(["ENOSPC", "EDQUOT"])

const transientCodes = new Set(["EMFILE", "ENFILE", "EAGAIN", "EINTR", "ETIMEDOUT", "ESTALE", "ENETDOWN", "EHOSTDOWN"])

/** Is it an error that may pass: busy, too many open files, a network drive that does not answer? */
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

/** What failed and how, without the path: it has the names of the collection and the key. */
export const reasonOf = (error: PlatformError): string => {
  const { _tag, module, method } = error.reason
  const code = codeOf(error)
  const what = `${_tag}: ${module}.${method}${code === undefined ? "" : `, ${code}`}`
  return isFull(error) ? `the disk is full: ${what}` : what
}

/** The code of the operating system, such as `ENOSPC`. */
export const codeOf = (error: PlatformError): string | undefined => {
  const { cause } = error.reason
  return typeof cause === "object" && cause !== null && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined
}
