import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import { badArgument, type PlatformError } from "effect/PlatformError"
import * as utf8 from "../../value/utf8.ts"
import * as claims from "./claims.ts"
import { cannotSync, orMissing } from "./errors.ts"
import * as Header from "./header.ts"
import * as platform from "./platform.ts"

/** The number of files of a batch that are processed at a time. */
const concurrency = 8

/**
 * The age in milliseconds from which a temporary file counts as left by a crashed process, according to the clock of
 * the file system. If that clock jumps, a write may lose its temporary file. Then the write fails, and is not applied.
 */
const staleAfter = 60 * 60 * 1000

/** The same for a claim. If a claim is ended too early, its expired file only stays a little longer. */
const claimStaleAfter = 60 * 1000

/** Runs an effect for each item, several at a time. */
export const forEachFile = <A, B, E>(items: ReadonlyArray<A>, f: (item: A, index: number) => Effect.Effect<B, E>) =>
  Effect.forEach(items, f, { concurrency })

/** A temporary file (`aside`), and the file that it will replace. */
export interface Staged {
  readonly file: string
  readonly aside: string
}

/**
 * Operations on the files below a directory. None of them follows a symbolic link that leads out of the directory.
 *
 * Files are replaced by renames, so that no reader ever sees half a file.
 */
export interface Files {
  readonly path: Path.Path
  readonly root: string
  /**
   * Returns whether a file or directory exists. Fails for a link that leads out of the root, and for a pipe or a
   * device.
   */
  readonly exists: (target: string) => Effect.Effect<boolean, PlatformError>
  readonly read: (file: string) => Effect.Effect<Uint8Array | undefined, PlatformError>
  /** Returns `"unknown"` for a file that is not an entry, and `undefined` if the file is missing. */
  readonly header: (file: string) => Effect.Effect<Header.Header | "unknown" | undefined, PlatformError>
  readonly makeDirectory: (directory: string) => Effect.Effect<void, PlatformError>
  /** Returns a new name for a temporary file. */
  readonly aside: (directory: string) => string
  readonly stage: (staged: Staged, content: string | Uint8Array) => Effect.Effect<void, PlatformError>
  readonly replace: (staged: Staged) => Effect.Effect<void, PlatformError>
  readonly discard: (staged: Staged) => Effect.Effect<void>
  /** Flushes a directory, so that its renames survive a power failure, if the file system supports this. */
  readonly syncDirectory: (directory: string) => Effect.Effect<void, PlatformError>
  /**
   * Moves a file aside, runs an effect on it, and removes it unless the effect puts it back. Returns `undefined` if the
   * file is missing. Must not be interrupted.
   */
  readonly take: <A>(
    file: string,
    use: (aside: string, putBack: Effect.Effect<void, PlatformError>) => Effect.Effect<A, PlatformError>
  ) => Effect.Effect<A | undefined, PlatformError>
  readonly reclaim: claims.Claims["reclaim"]
  readonly settle: claims.Claims["settle"]
  /**
   * Lists the files or directories in a directory, without links that lead out of the root. A missing directory is
   * empty.
   */
  readonly list: (directory: string, type: "File" | "Directory") => Effect.Effect<ReadonlyArray<string>, PlatformError>
  /** Removes the files of crashed processes from a directory. `names` are the names of all its files. */
  readonly removeStale: (directory: string, names: ReadonlyArray<string>) => Effect.Effect<void, PlatformError>
}

export interface Options {
  readonly fsync: boolean
  readonly fileMode: number
  readonly directoryMode: number
}

export const make = Effect.fnUntraced(function* (directory: string, { fsync, fileMode, directoryMode }: Options) {
  const path = yield* Path.Path
  const fs = platform.make(yield* FileSystem.FileSystem, path, directoryMode)
  yield* fs.makeDirectory(directory)
  const root = yield* fs.realPath(directory)

  const leadsInside = (link: string) =>
    Effect.map(fs.realPath(link), (target) => {
      const relative = path.relative(root, target)
      return relative !== "" && relative.split(path.sep)[0] !== ".." && !path.isAbsolute(relative)
    })

  /** Returns whether a link leads to a file or directory of this type inside the root. */
  const leadsTo = (link: string, type: FileSystem.File.Type) =>
    Effect.map(
      orMissing(Effect.flatMap(leadsInside(link), (inside) => (inside ? fs.stat(link) : Effect.undefined))),
      (found) => found?.type === type
    )

  /** Returns information about a target. Follows a link inside the root. */
  const infoOf = (target: string) =>
    Effect.filterOrElse(
      fs.lstat(target),
      ({ type }) => type !== "SymbolicLink",
      () =>
        Effect.flatMap(leadsInside(target), (inside) =>
          inside ? fs.stat(target) : refuse(target, "is a symbolic link that leads out of the store's directory")
        )
    )

  /** Returns `undefined` if the target is missing. Fails for a pipe or a device. */
  const find = (target: string) =>
    orMissing(
      Effect.filterOrElse(
        infoOf(target),
        ({ type }) => !isSpecial(type),
        ({ type }) => refuse(target, `is not a file but a ${type}`)
      )
    )

  const exists = (target: string) => Effect.map(find(target), (found) => found !== undefined)

  /** Runs an effect on a file. Returns `undefined` if the file is missing. */
  const onFile = <A>(file: string, use: Effect.Effect<A, PlatformError>) =>
    Effect.flatMap(exists(file), (found) => (found ? orMissing(use) : Effect.undefined))

  const readHead = (file: string) =>
    Effect.map(
      fs.withFile(file, { flag: "r" }, (handle) => handle.readAlloc(Header.size)),
      Option.getOrElse(() => new Uint8Array())
    )

  const header = (file: string) =>
    onFile(
      file,
      Effect.flatMap(readHead(file), (head) => {
        const parsed = Header.parse(head)
        return parsed === "more"
          ? Effect.map(fs.readFile(file), (stored) => Header.fromStored(stored) ?? "unknown")
          : Effect.succeed(parsed ?? ("unknown" as const))
      })
    )

  const processId = crypto.randomUUID()
  let asides = 0
  const aside = (directory: string) => path.join(directory, `.effect-kv-${processId}-${asides++}.tmp`)

  const discard = (file: string) => Effect.ignore(fs.remove(file, { force: true }))

  const { reclaim, settle, settleStale, putBack } = claims.make(fs, path, header)

  /** Returns the permissions that the option and the replaced file both allow. The owner can always read the file. */
  const modeOf = (replaced: number | undefined) => (replaced === undefined ? fileMode : (replaced & fileMode) | 0o400)

  const isOlderThan = (millis: number) => (target: string) =>
    Effect.flatMap(orMissing(fs.lstat(target)), (found) =>
      Effect.clockWith((clock) =>
        Effect.succeed(
          Option.exists(Option.fromUndefinedOr(found?.mtime).pipe(Option.flatten), (at) => {
            return at.getTime() + millis < clock.currentTimeMillisUnsafe()
          })
        )
      )
    )

  const files: Files = {
    path,
    root,
    exists,
    read: (file) => onFile(file, fs.readFile(file)),
    header,
    makeDirectory: fs.makeDirectory,
    aside,
    stage: ({ file, aside }, content) =>
      Effect.flatMap(find(file), (replaced) =>
        fs
          .withFile(aside, { flag: "wx", mode: modeOf(replaced?.mode) }, (handle) =>
            Effect.andThen(
              handle.writeAll(typeof content === "string" ? utf8.encode(content) : content),
              fsync ? handle.sync : Effect.void
            )
          )
          .pipe(Effect.uninterruptible)
      ),
    replace: ({ file, aside }) => fs.rename(aside, file),
    discard: ({ aside }) => discard(aside),
    syncDirectory: (directory) =>
      fsync
        ? fs
            .withFile(directory, { flag: "r" }, (handle) => handle.sync)
            .pipe(Effect.catchIf(cannotSync, () => Effect.void))
        : Effect.void,
    take: (file, use) =>
      Effect.suspend(() => {
        const moved = aside(path.dirname(file))
        return Effect.flatMap(
          orMissing(
            Effect.flatMap(infoOf(file), ({ type }) =>
              type === "File" ? Effect.as(fs.rename(file, moved), true) : refuse(file, `is not a file but a ${type}`)
            )
          ),
          (taken) => (taken ? Effect.ensuring(use(moved, putBack(moved, file)), discard(moved)) : Effect.undefined)
        )
      }),
    reclaim,
    settle,
    list: (directory, type) =>
      Effect.map(
        Effect.flatMap(orMissing(fs.readDirectoryEntries(directory)), (entries) =>
          Effect.filter(entries ?? [], (entry) =>
            entry.type === "SymbolicLink"
              ? leadsTo(path.join(directory, entry.name), type)
              : Effect.succeed(entry.type === type)
          )
        ),
        (entries) => entries.map(({ name }) => name)
      ),
    removeStale: (directory, names) =>
      Effect.forEach(
        names.filter(isAside).map((name) => path.join(directory, name)),
        (file) => Effect.flatMap(isOlderThan(staleAfter)(file), (stale) => (stale ? discard(file) : Effect.void)),
        { discard: true }
      ).pipe(Effect.andThen(settleStale(directory, isOlderThan(claimStaleAfter))))
  }
  return files
})

/** Returns whether the name is that of a temporary file of effect-kv. No other program uses such a name. */
const isAside = (name: string): boolean => asideName.test(name)

const asideName = /^\.effect-kv-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d+\.tmp$/

/** Returns whether opening a file of this type can block forever. */
const isSpecial = (type: FileSystem.File.Type): boolean =>
  type === "FIFO" || type === "Socket" || type === "CharacterDevice" || type === "BlockDevice"

const refuse = (target: string, why: string): Effect.Effect<never, PlatformError> =>
  Effect.fail(badArgument({ module: "FileSystem", method: "lstat", description: `${target} ${why}` }))
