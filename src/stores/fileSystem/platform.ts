/**
 * Effect's file system with a limit on open files, and with retries of transient errors.
 */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type { Path } from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { Permits } from "../../concurrency/Permits.ts"
import { lazy } from "../../platform/lazy.ts"
import { pauses } from "../../time/pauses.ts"
import { isInUse, isOutOfDescriptors } from "./errors.ts"

/**
 * The maximum number of files that all stores of the process open at a time. Node processes only four at a time
 * (`UV_THREADPOOL_SIZE`), and the rest of the program needs file descriptors, too.
 */
const maxOpen = 32

const open = new Permits(maxOpen)

const schedule = lazy(() => pauses("1 millis", "50 millis"))

/** Retries for about a second, unless the error is final. `attempt` makes a new effect for each attempt. */
const retried = <A>(
  attempt: () => Effect.Effect<A, PlatformError>,
  isTransient: (error: PlatformError) => boolean,
  isFinal: Effect.Effect<boolean> = Effect.succeed(false)
): Effect.Effect<A, PlatformError> =>
  Effect.catchIf(Effect.suspend(attempt), isTransient, (error) =>
    Effect.flatMap(isFinal, (final) =>
      final
        ? Effect.fail(error)
        : Effect.suspend(attempt).pipe(
            Effect.retry({ schedule: schedule(), times: 25, while: isTransient }),
            Effect.delay("1 millis")
          )
    )
  )

/**
 * Runs an effect that opens and closes one file. It must not open another file, since it could wait for its own permit.
 */
const withPermit = <A>(attempt: () => Effect.Effect<A, PlatformError>): Effect.Effect<A, PlatformError> =>
  retried(() => open.withPermit(Effect.suspend(attempt)), isOutOfDescriptors)

/** The operations of the file system that the store uses. */
export interface Platform
  extends Pick<
    FileSystem.FileSystem,
    "readFile" | "readDirectory" | "rename" | "remove" | "realPath" | "stat" | "lstat" | "link" | "exists"
  > {
  readonly readDirectoryEntries: (directory: string) => ReturnType<FileSystem.FileSystem["readDirectoryEntries"]>
  readonly makeDirectory: (directory: string) => Effect.Effect<void, PlatformError>
  /** Runs an effect on an open file. The effect must not open another file. */
  readonly withFile: <A>(
    file: string,
    options: { readonly flag: FileSystem.OpenFlag; readonly mode?: number },
    use: (handle: FileSystem.File) => Effect.Effect<A, PlatformError>
  ) => Effect.Effect<A, PlatformError>
}

export const make = (fs: FileSystem.FileSystem, path: Path, directoryMode: number): Platform => {
  /**
   * Returns whether the process has no permission to change a directory of these files. Then a retry cannot help. On
   * Windows, where another program may have the file open, this is never reported for a directory.
   */
  const mayNotChange = (...files: ReadonlyArray<string>): Effect.Effect<boolean> =>
    Effect.forEach(files, (file) => fs.access(path.dirname(file), { writable: true }), { discard: true }).pipe(
      Effect.match({ onFailure: ({ reason }) => reason._tag === "PermissionDenied", onSuccess: () => false })
    )
  return {
    realPath: fs.realPath,
    stat: fs.stat,
    lstat: fs.lstat,
    link: fs.link,
    exists: fs.exists,
    readFile: (file) => withPermit(() => fs.readFile(file)),
    readDirectory: (directory, options) => withPermit(() => fs.readDirectory(directory, options)),
    readDirectoryEntries: (directory) => withPermit(() => fs.readDirectoryEntries(directory)),
    makeDirectory: (directory) => fs.makeDirectory(directory, { recursive: true, mode: directoryMode }),
    rename: (from, to) => retried(() => fs.rename(from, to), isInUse, mayNotChange(from, to)),
    remove: (target, options) =>
      retried(() => withPermit(() => fs.remove(target, options)), isInUse, mayNotChange(target)),
    withFile: (file, options, use) => withPermit(() => Effect.scoped(Effect.flatMap(fs.open(file, options), use)))
  }
}
