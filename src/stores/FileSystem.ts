/**
 * Entries as files that a person can read.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as EffectFileSystem from "effect/FileSystem"
import type * as Layer from "effect/Layer"
import type { Path } from "effect/Path"
import { layer as driverLayer } from "../Driver.ts"
import { type Driver, defaultCollection } from "../driver/Driver.ts"
import { whole } from "../driver/extents.ts"
import * as options from "../driver/options.ts"
import type { Enumeration } from "../Enumeration.ts"
import type { KeyValue } from "../KeyValue.ts"
import { StoreSetupError } from "../KeyValueError.ts"
import type { Maintenance } from "../Maintenance.ts"
import { Sweep } from "./common/Sweep.ts"
import { get, put, remove } from "./fileSystem/entries.ts"
import { type Files, make as makeFiles } from "./fileSystem/Files.ts"
import { type Layout, make as makeLayout } from "./fileSystem/layout.ts"
import { clear, collections, keys, removeExpired, removeExpiredPage } from "./fileSystem/listing.ts"

/**
 * Options of {@link layer}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Directory of the files. It is created if it does not exist. */
  readonly directory: string
  /**
   * Whether a write waits until it has been flushed to disk. Without this, a write is faster, but a power failure may
   * lose it. Default: true.
   */
  readonly fsync?: boolean | undefined
  /**
   * Permissions of files, less the umask. An overwritten file keeps stricter permissions. The owner must be able to read
   * and write. Default: `0o600`.
   */
  readonly fileMode?: number | undefined
  /**
   * Permissions of new directories, less the umask. Existing directories keep theirs. The owner must have all
   * permissions. Default: `0o700`.
   */
  readonly directoryMode?: number | undefined
  /** Collection of calls that name no collection. Default: `"default_collection"`. */
  readonly defaultCollection?: string | undefined
}

/**
 * A store of one file for each entry, `<directory>/<collection>/<key>.json`, over Effect's `FileSystem`.
 *
 * **When to use**
 *
 * Use it for what people look at, edit, copy or keep in version control: settings, fixtures, results of scripts. For
 * many small entries `Sqlite` is faster.
 *
 * **Details**
 *
 * - A file holds the JSON that every store writes (`collection`, `created_at`, `expires_at`, `key`, `value`, `version`).
 *   A value of bytes is in a binary frame with the same header.
 * - Lower-case names stay as they are. `User 1` becomes `!user%201.json`: see `docs/wire-format.md`. Names of more than
 *   200 bytes are cut and end in their SHA-256.
 * - A file is replaced as a whole, by renaming: no reader sees half an entry, and of two writers the last one wins. A
 *   batch is written beside the old files first, and renamed when all of it is there.
 * - Expired entries are missing for every operation. Reads never remove a file; writes look at a few files each, and
 *   `removeExpired` at all. When the disk is full, a write removes expired entries (it looks at 10,000 files at most) and
 *   tries once more.
 * - Several processes may share the directory. An entry whose write has succeeded stays where it is until it is replaced,
 *   deleted or expired, whatever the others do at the same time, and wherever they die. There is no `Atomic`.
 * - Clearing removes files of this store only, and leaves empty directories. A collection in which files have expired has a
 *   directory `.reclaim`.
 * - Files are readable by their owner alone (`fileMode`, `directoryMode`), temporary ones too. A file that is overwritten
 *   keeps stricter permissions.
 * - All stores of a process together have at most 32 files open at a time. When the process runs out of descriptors all the
 *   same, operations wait for about a second and then fail with `StoreUnavailableError`.
 * - A rename or removal that is refused, as it is on Windows while another program has the file open, is tried again for
 *   about a second. In a directory that the process may not change, it fails at once.
 * - Temporary files (`.effect-kv-….tmp`) that a crashed process left are removed when they are an hour old by the clock.
 *   When a clock jumps, a write may lose its temporary file: it fails with `StoreUnavailableError`, and nothing is lost.
 *   Files of other programs are never removed.
 *
 * Needs `FileSystem` and `Path`, such as `NodeServices.layer` of `@effect/platform-node`. Fails with `StoreSetupError`
 * when the directory cannot be made. Operations fail with `StoreError` when the file system refuses (no permission, disk
 * full, a symbolic link that leaves the directory) and with `StoreUnavailableError` when it is busy.
 * The outcome of a batch that stopped half-way is `"unknown"`.
 *
 * **Gotchas**
 *
 * - Listing keys reads the beginning of each file, and holds the names of one directory in memory.
 * - Do not share a directory on a network drive: its machines may see files of each other late.
 * - While a write has not ended, another process may read its entry and then, for a moment, miss it.
 * - Processes whose clocks differ do not agree about what has expired.
 *
 * **Example**
 *
 * ```ts
 * import { NodeServices } from "@effect/platform-node"
 * import { Layer } from "effect"
 * import { FileSystem } from "effect-kv"
 *
 * const Store = FileSystem.layer({ directory: "./data" }).pipe(Layer.provide(NodeServices.layer))
 * ```
 *
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<KeyValue | Enumeration | Maintenance, StoreSetupError, EffectFileSystem.FileSystem | Path> =>
  driverLayer(make(options))

/**
 * The driver of {@link layer}.
 *
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (config: Options) {
  const { directory, fsync, fileMode, directoryMode, defaultCollection } = yield* described.read(config)
  const files = yield* Effect.mapError(
    makeFiles(directory, { fsync, fileMode, directoryMode }),
    (cause) => new StoreSetupError({ module: "FileSystem", reason: `cannot use ${directory}`, cause })
  )
  return driver(files, yield* makeLayout(files), defaultCollection)
})

/** @internal */
export const described = options.of<Options>()("FileSystem", {
  directory: options.required(options.text({ isNotEmpty: true })),
  fsync: options.boolean({ default: true }),
  fileMode: options.mode(0o600, { default: 0o600 }),
  directoryMode: options.mode(0o700, { default: 0o700 }),
  defaultCollection: options.collection({ default: defaultCollection })
})

const driver = (files: Files, layout: Layout, defaultCollection: string) => {
  const sweep = new Sweep((cursor, size) => removeExpiredPage(files, layout, cursor, size))
  return {
    system: "filesystem",
    prefersText: true,
    defaultCollection,
    extents: [whole(`filesystem ${files.root}`)],
    get: get(files, layout),
    put: (call) => Effect.andThen(put(files, layout, sweep, call), sweep.after(call.keys.length)),
    delete: remove(files, layout),
    listing: {
      keys: keys(files, layout),
      collections: collections(files, layout)
    },
    maintenance: {
      clear: clear(files, layout),
      removeExpired: removeExpired(files, layout)
    }
  } satisfies Driver
}
