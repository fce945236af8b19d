import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import { badArgument, type PlatformError } from "effect/PlatformError"
import { Turns } from "../../internal/Turns.ts"
import { orMissing } from "./errors.ts"
import * as Header from "./header.ts"

/** How many files of a batch to work on at a time. */
const concurrency = 8

/** After how long a temporary file is of no use to anybody, in milliseconds. */
const staleAfter = 60 * 60 * 1000

/** Runs an effect for each item, several at a time. */
export const forEachFile = <A, B, E>(items: ReadonlyArray<A>, f: (item: A, index: number) => Effect.Effect<B, E>) =>
  Effect.forEach(items, f, { concurrency })

/** A file that is written beside the one that it will replace. */
export interface Staged {
  readonly file: string
  readonly aside: string
}

/**
 * Operations on the files below a directory, none of which follows a symbolic link out of it.
 *
 * Files are replaced by renaming, so that no reader ever sees half of one, and what is moved or removed is so in turns.
 */
export interface Files {
  readonly path: Path.Path
  readonly root: string
  /** Is it there, and inside of the root? Fails for a link that leaves the root, and for a pipe or a device. */
  readonly exists: (target: string) => Effect.Effect<boolean, PlatformError>
  readonly read: (file: string) => Effect.Effect<Uint8Array | undefined, PlatformError>
  /** `"unknown"` for a file that is no entry. */
  readonly header: (file: string) => Effect.Effect<Header.Header | "unknown" | undefined, PlatformError>
  readonly makeDirectory: (directory: string) => Effect.Effect<void, PlatformError>
  /** A name for a temporary file, which no entry has. */
  readonly aside: (directory: string) => string
  readonly stage: (staged: Staged, content: string | Uint8Array) => Effect.Effect<void, PlatformError>
  readonly replace: (staged: Staged) => Effect.Effect<void, PlatformError>
  readonly discard: (staged: Staged) => Effect.Effect<void>
  /** Makes what was renamed in a directory outlast a power failure, where the file system can. */
  readonly syncDirectory: (directory: string) => Effect.Effect<void>
  /** Was it there? */
  readonly remove: (file: string) => Effect.Effect<boolean, PlatformError>
  /** Removes a file if `isGarbage` says so of its header. */
  readonly reclaim: (
    file: string,
    isGarbage: (header: Header.Header) => boolean
  ) => Effect.Effect<boolean, PlatformError>
  readonly inTurn: <A, E>(file: string, effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** The names of files or of directories in a directory, links that leave the root left out; none when it is missing. */
  readonly list: (directory: string, type: "File" | "Directory") => Effect.Effect<ReadonlyArray<string>, PlatformError>
  readonly removeStale: (directory: string, names: ReadonlyArray<string>) => Effect.Effect<void>
}

export const make = Effect.fnUntraced(function* (directory: string, fsync: boolean) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  yield* fs.makeDirectory(directory, { recursive: true })
  const root = yield* fs.realPath(directory)

  const leadsInside = (link: string) =>
    Effect.map(fs.realPath(link), (target) => {
      const relative = path.relative(root, target)
      return relative !== "" && relative.split(path.sep)[0] !== ".." && !path.isAbsolute(relative)
    })

  /** What it is, or what the link leads to. */
  const typeOf = (target: string) =>
    Effect.flatMap(fs.lstat(target), ({ type }) =>
      type === "SymbolicLink"
        ? Effect.flatMap(leadsInside(target), (inside) =>
            inside
              ? Effect.map(fs.stat(target), ({ type }) => type)
              : refuse(target, "is a symbolic link that leads out of the store's directory")
          )
        : Effect.succeed(type)
    )

  const exists = (target: string) =>
    Effect.map(
      orMissing(
        Effect.flatMap(typeOf(target), (type) =>
          isSpecial(type) ? refuse(target, `is no file, but a ${type}`) : Effect.succeed(true)
        )
      ),
      (found) => found ?? false
    )

  /** Runs an effect on a file; `undefined` when it is missing. */
  const onFile = <A>(file: string, use: Effect.Effect<A, PlatformError>) =>
    Effect.flatMap(exists(file), (found) => (found ? orMissing(use) : Effect.undefined))

  const readHead = (file: string) =>
    Effect.map(
      Effect.scoped(Effect.flatMap(fs.open(file), (handle) => handle.readAlloc(Header.size))),
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

  const turns = new Turns()
  const mine = crypto.randomUUID()
  let asides = 0
  const aside = (directory: string) => path.join(directory, `.${mine}-${asides++}.tmp`)
  const isAside = (name: string) => name.startsWith(".") && name.endsWith(".tmp")

  const discard = (file: string) => Effect.ignore(fs.remove(file, { force: true }))

  /**
   * The file is moved aside, so that what is looked at is what is removed, though another process replaced it
   * meanwhile.
   */
  const reclaim: Files["reclaim"] = (file, isGarbage) => {
    const isGarbageAt = (file: string) =>
      Effect.map(header(file), (found) => typeof found === "object" && isGarbage(found))
    const moved = aside(path.dirname(file))
    const putBack = fs.link(moved, file).pipe(
      Effect.catchIf(
        (error) => error.reason._tag !== "AlreadyExists",
        () => fs.rename(moved, file)
      ),
      Effect.ignore,
      Effect.andThen(discard(moved)),
      Effect.as(false)
    )
    const removeMoved = Effect.flatMap(
      Effect.orElseSucceed(isGarbageAt(moved), () => false),
      (garbage) => (garbage ? Effect.as(discard(moved), true) : putBack)
    )
    const step = Effect.flatMap(isGarbageAt(file), (garbage) =>
      garbage ? Effect.andThen(fs.rename(file, moved), removeMoved) : Effect.succeed(false)
    )
    return Effect.uninterruptible(Effect.map(turns.take(file, orMissing(step)), (removed) => removed ?? false))
  }

  const removeIfStale = (file: string) =>
    Effect.flatMap(fs.lstat(file), ({ mtime }) =>
      Effect.clockWith((clock) =>
        Option.exists(mtime, (at) => at.getTime() + staleAfter < clock.currentTimeMillisUnsafe())
          ? discard(file)
          : Effect.void
      )
    ).pipe(Effect.ignore)

  const files: Files = {
    path,
    root,
    exists,
    read: (file) => onFile(file, fs.readFile(file)),
    header,
    makeDirectory: (directory) => fs.makeDirectory(directory, { recursive: true }),
    aside,
    stage: ({ file, aside }, content) =>
      Effect.andThen(
        exists(file),
        Effect.scoped(
          Effect.gen(function* () {
            const handle = yield* fs.open(aside, { flag: "wx" })
            yield* handle.writeAll(typeof content === "string" ? new TextEncoder().encode(content) : content)
            if (fsync) yield* handle.sync
          })
        ).pipe(Effect.uninterruptible)
      ),
    replace: ({ file, aside }) => turns.take(file, fs.rename(aside, file)),
    discard: ({ aside }) => discard(aside),
    syncDirectory: (directory) =>
      fsync ? Effect.ignore(Effect.scoped(Effect.flatMap(fs.open(directory), (handle) => handle.sync))) : Effect.void,
    remove: (file) => Effect.map(orMissing(Effect.as(fs.remove(file), true)), (removed) => removed ?? false),
    reclaim,
    inTurn: (file, effect) => turns.take(file, effect),
    list: (directory, type) =>
      Effect.map(
        Effect.flatMap(orMissing(fs.readDirectoryEntries(directory)), (entries) =>
          Effect.filter(entries ?? [], (entry) =>
            entry.type === "SymbolicLink"
              ? Effect.match(typeOf(path.join(directory, entry.name)), {
                  onFailure: () => false,
                  onSuccess: (found) => found === type
                })
              : Effect.succeed(entry.type === type)
          )
        ),
        (entries) => entries.map(({ name }) => name)
      ),
    removeStale: (directory, names) =>
      Effect.forEach(names.filter(isAside), (name) => removeIfStale(path.join(directory, name)), { discard: true })
  }
  return files
})

/** Whoever opens one of these may wait for ever. */
const isSpecial = (type: FileSystem.File.Type): boolean =>
  type === "FIFO" || type === "Socket" || type === "CharacterDevice" || type === "BlockDevice"

const refuse = (target: string, why: string): Effect.Effect<never, PlatformError> =>
  Effect.fail(badArgument({ module: "FileSystem", method: "lstat", description: `${target} ${why}` }))
