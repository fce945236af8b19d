/**
 * A store of human-readable files.
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
import type { Health } from "../Health.ts"
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
 * Stores each entry in one file, `<directory>/<collection>/<key>.json`, with Effect's `FileSystem`.
 *
 * **When to use**
 *
 * Use it for entries that people read, edit, copy or keep in version control: settings, fixtures, results of scripts.
 * For many small entries, `Sqlite` is faster.
 *
 * **Details**
 *
 * - A file contains the JSON that every store writes (`collection`, `created_at`, `expires_at`, `key`, `value`,
 *   `version`). If the value is bytes, the file contains a binary frame with the same fields.
 * - Names in lower case are used unchanged. Other names are escaped: `User 1` becomes `!user%201.json` (see
 *   `docs/reference/wire-format.md`). A name of more than 200 bytes is truncated and ends with its SHA-256.
 * - A write replaces the whole file by a rename. So no reader sees half an entry, and if two writers write at the same
 *   time, the last one wins. A batch writes all its temporary files before it renames the first one.
 * - No operation returns expired entries. Reads never remove a file. Each write checks a few files, and `removeExpired`
 *   checks all. If the disk is full, a write looks for expired entries (among at most 10,000 files), removes them, and
 *   is tried once more.
 * - Several processes may share the directory. After a write has succeeded, its entry stays until it is replaced,
 *   deleted or expired, even if other processes write at the same time or crash at any point.
 * - The store does not provide `Atomic`.
 * - Clearing removes only files of this store, and keeps empty directories. A collection in which entries have expired
 *   contains a directory `.reclaim`.
 * - By default, only the owner can read files, including temporary files (`fileMode`, `directoryMode`). A file that is
 *   overwritten keeps stricter permissions.
 * - All stores of a process together open at most 32 files at a time. If the process still runs out of file
 *   descriptors, operations wait for about a second and then fail with `StoreUnavailableError`.
 * - If a rename or removal is refused, it is retried for about a second. This happens on Windows while another program
 *   has the file open. In a directory that the process must not change, the operation fails at once.
 * - Temporary files (`.effect-kv-….tmp`) of a crashed process are removed when they are an hour old. If a clock jumps,
 *   a write may lose its temporary file. Then it fails with `StoreUnavailableError`, and no entry is lost.
 * - Files of other programs are never removed.
 *
 * Needs `FileSystem` and `Path`, such as `NodeServices.layer` of `@effect/platform-node`.
 *
 * **Errors**
 *
 * - `StoreError`: the file system refuses the operation: no permission, a full disk, or a symbolic link that leads out
 *   of the directory.
 * - `StoreUnavailableError`: the file system is busy, or the process has no file descriptors left.
 * - `DeserializationError`: a stored entry is not in a format of effect-kv.
 * - If a batch fails halfway, the `outcome` of its error is `"unknown"`.
 *
 * Fails to build with `StoreSetupError` if an option is not valid, or if the directory cannot be created.
 *
 * **Gotchas**
 *
 * - Listing keys reads the beginning of each file, and keeps the names of one directory in memory.
 * - Do not share a directory on a network drive, because one machine may see the changes of another machine late.
 * - While a write runs, another process may read the new entry and then miss it for a moment.
 * - If the clocks of two processes differ, the processes disagree about which entries have expired.
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
): Layer.Layer<KeyValue | Health | Enumeration | Maintenance, StoreSetupError, EffectFileSystem.FileSystem | Path> =>
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
    (cause) => new StoreSetupError({ module: "FileSystem", reason: `the directory ${directory} cannot be used`, cause })
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
