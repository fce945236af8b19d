import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import { storeFailure, type ToStoreFailure, tracked as trackedWith } from "../../driver/storeFailure.ts"
import { hasCode, isTransient, reasonOf } from "../common/platformErrors.ts"

/**
 * Converts an error of the file system into an error of the store. Transient errors are retryable: busy, too many open
 * files, a network drive that does not respond, a directory that another program removed. A missing permission or a
 * full disk is not.
 */
export const toStoreFailure: ToStoreFailure<PlatformError> =
  (place, applied = false) =>
  (error) =>
    storeFailure(place, { reason: reasonOf(error), cause: error, transient: isTransient(error), applied })

/** Runs an effect on a file or directory. Returns `undefined` if the file or directory is missing. */
export const orMissing = <A, R>(effect: Effect.Effect<A, PlatformError, R>) =>
  Effect.catchIf(effect, isNotFound, () => Effect.undefined)

const isNotFound = (error: PlatformError): boolean => error.reason._tag === "NotFound"

/** Returns whether the system cannot flush directories, such as Windows. */
export const cannotSync = hasCode("EISDIR", "EPERM", "EACCES", "EINVAL", "EBADF", "ENOTSUP", "ENOSYS")

/** Returns whether the process or the system has too many files open. */
export const isOutOfDescriptors = hasCode("EMFILE", "ENFILE")

/** Returns whether another program may have the file open, such as a virus scanner on Windows. */
export const isInUse = hasCode("EPERM", "EACCES", "EBUSY")

/** Runs a write of several steps. Its errors tell whether one of the steps was applied. */
export const tracked = trackedWith(toStoreFailure)
