import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import { storeFailure, type ToStoreFailure, tracked as trackedWith } from "../../driver/storeFailure.ts"
import { codeOf, isTransient, reasonOf } from "../common/platformErrors.ts"

/**
 * The typed error for one of the file system's. What may pass (busy, too many open files, a network drive that does
 * not answer, a directory that somebody removed meanwhile) is retryable; no permission or a full disk is not.
 */
export const toStoreFailure: ToStoreFailure<PlatformError> =
  (place, applied = false) =>
  (error) =>
    storeFailure(place, { reason: reasonOf(error), cause: error, transient: isTransient(error), applied })

/** Runs an effect on what may be missing: `undefined` when it is. */
export const orMissing = <A, R>(effect: Effect.Effect<A, PlatformError, R>) =>
  Effect.catchIf(effect, isNotFound, () => Effect.undefined)

const isNotFound = (error: PlatformError): boolean => error.reason._tag === "NotFound"

const cannotSync = new Set(["EISDIR", "EPERM", "EACCES", "EINVAL", "EBADF", "ENOTSUP", "ENOSYS"])

/** Is it what a system answers that cannot flush a directory, such as Windows? */
export const canNotSync = (error: PlatformError): boolean => cannotSync.has(codeOf(error) ?? "")

/** Has the process, or the system, as many files open as it may? */
export const isOutOfDescriptors = (error: PlatformError): boolean => descriptorCodes.has(codeOf(error) ?? "")

const descriptorCodes = new Set(["EMFILE", "ENFILE"])

/** Is it what a system answers while another program has the file open, such as Windows and a virus scanner? */
export const isHeld = (error: PlatformError): boolean => heldCodes.has(codeOf(error) ?? "")

const heldCodes = new Set(["EPERM", "EACCES", "EBUSY"])

/** Runs a write of several steps, with errors that tell whether one of them was applied. */
export const tracked = trackedWith(toStoreFailure)
