/**
 * Effect's file system as the store uses it: few files are open at a time, and what passes in a moment is waited for.
 */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type { Path } from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { Permits } from "../../concurrency/Permits.ts"
import { lazy } from "../../platform/lazy.ts"
import { pauses } from "../../time/pauses.ts"
import { isHeld, isOutOfDescriptors } from "./errors.ts"

/**
 * How many files all stores of the process have open at a time. Node works on four at a time (`UV_THREADPOOL_SIZE`), and
 * others of the process need descriptors too.
 */
const maxOpen = 32

const open = new Permits(maxOpen)

const schedule = lazy(() => pauses("1 millis", "50 millis"))

/** Tries for about a second, unless it is found that the failure is final. Each attempt is an effect of its own. */
const again = <A>(
  attempt: () => Effect.Effect<A, PlatformError>,
  isPassing: (error: PlatformError) => boolean,
  unless: Effect.Effect<boolean> = Effect.succeed(false)
): Effect.Effect<A, PlatformError> =>
  Effect.catchIf(Effect.suspend(attempt), isPassing, (error) =>
    Effect.flatMap(unless, (isFinal) =>
      isFinal
        ? Effect.fail(error)
        : Effect.suspend(attempt).pipe(
            Effect.retry({ schedule: schedule(), times: 25, while: isPassing }),
            Effect.delay("1 millis")
          )
    )
  )

/** Runs an effect that opens one file, and closes it. It must not open another meanwhile. */
const opening = <A>(attempt: () => Effect.Effect<A, PlatformError>): Effect.Effect<A, PlatformError> =>
  again(() => open.withPermit(Effect.suspend(attempt)), isOutOfDescriptors)

/** The operations of the file system that open, rename or remove. */
export interface Platform
  extends Pick<
    FileSystem.FileSystem,
    "readFile" | "readDirectory" | "rename" | "remove" | "realPath" | "stat" | "lstat" | "link" | "exists"
  > {
  readonly readDirectoryEntries: (directory: string) => ReturnType<FileSystem.FileSystem["readDirectoryEntries"]>
  readonly makeDirectory: (directory: string) => Effect.Effect<void, PlatformError>
  /** Runs an effect on an open file. It must not open another meanwhile. */
  readonly withFile: <A>(
    file: string,
    options: { readonly flag: FileSystem.OpenFlag; readonly mode?: number },
    use: (handle: FileSystem.File) => Effect.Effect<A, PlatformError>
  ) => Effect.Effect<A, PlatformError>
}

export const make = (fs: FileSystem.FileSystem, path: Path, directoryMode: number): Platform => {
  /**
   * Whether the process may not change one of the directories of these files: then no other program is to blame. On
   * Windows, where one may be, this is never answered for a directory.
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
    readFile: (file) => opening(() => fs.readFile(file)),
    readDirectory: (directory, options) => opening(() => fs.readDirectory(directory, options)),
    readDirectoryEntries: (directory) => opening(() => fs.readDirectoryEntries(directory)),
    makeDirectory: (directory) => fs.makeDirectory(directory, { recursive: true, mode: directoryMode }),
    rename: (from, to) => again(() => fs.rename(from, to), isHeld, mayNotChange(from, to)),
    remove: (target, options) => again(() => opening(() => fs.remove(target, options)), isHeld, mayNotChange(target)),
    withFile: (file, options, use) => opening(() => Effect.scoped(Effect.flatMap(fs.open(file, options), use)))
  }
}
