/**
 * A store in a SQLite database, with `node:sqlite`, which is part of Node.
 *
 * **Details**
 *
 * Needs Node 22.16 or newer, and no other package. With an older version, the layer fails with `StoreSetupError`.
 * Import it from `effect-kv/Sqlite`.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Atomic } from "../Atomic.ts"
import { layer as driverLayer } from "../Driver.ts"
import { defaultCollection } from "../driver/Driver.ts"
import { part } from "../driver/extents.ts"
import * as options from "../driver/options.ts"
import type { Enumeration } from "../Enumeration.ts"
import type { Health } from "../Health.ts"
import type { KeyValue } from "../KeyValue.ts"
import { StoreSetupError } from "../KeyValueError.ts"
import type { Maintenance } from "../Maintenance.ts"
import {
  closeUnsafe,
  configureUnsafe,
  type Database,
  emptyLogUnsafe,
  openUnsafe,
  pathUnsafe,
  problemOfRuntime,
  vacuumUnsafe
} from "./sqlite/database.ts"
import { driver } from "./sqlite/driver.ts"
import { reasonOf } from "./sqlite/errors.ts"
import { inMemory, isInMemory, isThere, problemOfFilename } from "./sqlite/location.ts"
import { retryWhileBusy } from "./sqlite/patience.ts"
import type { Connection } from "./sqlite/Runner.ts"
import { migrate, problemOf } from "./sqlite/schema.ts"
import { prepareAllUnsafe } from "./sqlite/statements.ts"
import { transactionsUnsafe } from "./sqlite/transaction.ts"

/**
 * Options of all SQLite stores.
 *
 * @since 0.1.0
 */
export interface CommonOptions {
  /** Table of the entries of all collections. It is created if it does not exist. Default: `"entries"`. */
  readonly table?: string | undefined
  /** How long to wait for the locks of other connections before an operation fails. Default: 5 seconds. */
  readonly busyTimeout?: Duration.Input | undefined
  /** Collection of calls that name no collection. Default: `"default_collection"`. */
  readonly defaultCollection?: string | undefined
}

/**
 * Options of a store that opens its own database, and closes it with the layer.
 *
 * @since 0.1.0
 */
export interface FileOptions extends CommonOptions {
  /**
   * Path of the file (its directory is created) or a `file:` URI. A database in memory belongs to this layer alone.
   * Default: `":memory:"`.
   */
  readonly filename?: string | undefined
  /**
   * When a write is flushed to disk. With `"full"`, a write succeeds only after it has been flushed, which takes one
   * fsync per write. With `"normal"`, a power failure may lose the last writes, but a crash of the process does not, and
   * neither damages the file. Default: `"normal"`.
   */
  readonly synchronous?: "normal" | "full" | undefined
  /**
   * Whether SQLite overwrites deleted and replaced values with zeros (`secure_delete`), so that nobody can read them in
   * the file. `docs/evidence/resilience.md` lists where old values may remain. Default: true.
   */
  readonly secureDelete?: boolean | undefined
  /**
   * Permissions of a new file and its log, less the umask. An existing file keeps its permissions. The owner must be
   * able to read and write. Default: `0o600`.
   */
  readonly fileMode?: number | undefined
  /** Permissions of new directories, less the umask. The owner must have all permissions. Default: `0o700`. */
  readonly directoryMode?: number | undefined
  readonly database?: undefined
}

/**
 * Options of a store in a database that you have opened.
 *
 * @since 0.1.0
 */
export interface DatabaseOptions extends CommonOptions {
  /**
   * Open `DatabaseSync` of `node:sqlite` to use instead of `filename`. It is used with its own settings (journal,
   * `synchronous`, `secure_delete`, timeout) and stays open when the layer is closed. The store neither shrinks its file
   * nor empties its log. Default: none.
   */
  readonly database: Database
  readonly filename?: undefined
  readonly synchronous?: undefined
  readonly secureDelete?: undefined
  readonly fileMode?: undefined
  readonly directoryMode?: undefined
}

/**
 * Options of {@link layer}.
 *
 * @since 0.1.0
 */
export type Options = FileOptions | DatabaseOptions

/**
 * Stores entries in a table of a SQLite database, with all capabilities.
 *
 * **When to use**
 *
 * Use it for data that outlives the process, on one machine: command line tools, desktop applications, the local cache
 * of a server. Several processes may share a file.
 *
 * **Details**
 *
 * - A file is in WAL mode, so readers and a writer do not wait for each other. When the layer is closed, it writes the
 *   log back into the file and empties the log.
 * - By default, only the owner can read the file (`fileMode`), and deleted and replaced values are overwritten
 *   (`secureDelete`). The log contains older values until it is emptied. This happens when the layer is closed, and
 *   when `Maintenance` removes entries in bulk.
 * - `Maintenance.clear`, `clearCollection` and `removeExpired` return free space to the file system. For a file of an
 *   older version of effect-kv, run {@link vacuum} once first.
 * - A batch is one transaction. It is applied completely or not at all, and all its reads see the same state of the
 *   database.
 * - A file may contain several tables, including tables of other programs. A store reads and clears only its own table.
 * - No operation returns expired entries. Each write removes a few of them, and `Maintenance.removeExpired` removes
 *   all. If the disk is full, a write removes up to 1,000 expired entries and is tried once more.
 * - The version of an entry (for `Atomic`) consists of a number of the layer, which is unique in the table, and a
 *   number of the write. So no version is ever used twice, even after a delete.
 *
 * **Errors**
 *
 * - `StoreUnavailableError`: another connection holds a lock for longer than `busyTimeout`. Then nothing was written.
 * - `StoreError`: any other error of SQLite, such as a full disk, or a read-only or damaged file.
 * - `DeserializationError`: a stored entry is not in a format of effect-kv.
 *
 * Fails to build with `StoreSetupError` if an option is not valid, if the file cannot be opened and written, or if the
 * table belongs to another program or to a newer version of effect-kv.
 *
 * **Gotchas**
 *
 * - `node:sqlite` is synchronous: each call blocks the event loop while SQLite works, usually for microseconds. SQLite
 *   waits for a lock for up to 5 milliseconds at a time (on your own connection, for up to its `timeout`). Between
 *   these attempts, only the fiber waits.
 * - A batch is one transaction, so its SQL runs without a pause: a batch of 100,000 entries blocks the event loop for
 *   about half a second. All other work is split into steps of 1,000 entries.
 * - On your own connection, do not keep a transaction open while the store is used. Batches would fail, and single
 *   writes would become a part of your transaction.
 * - WAL needs shared memory, so do not put the file on a network drive.
 *
 * **Example**
 *
 * ```ts
 * import * as Sqlite from "effect-kv/Sqlite"
 *
 * const Store = Sqlite.layer({ filename: "data/app.db", synchronous: "full" })
 * ```
 *
 * @since 0.1.0
 */
export const layer = (
  options: Options = {}
): Layer.Layer<KeyValue | Health | Enumeration | Maintenance | Atomic, StoreSetupError> => driverLayer(make(options))

/**
 * Like {@link layer}, with options from `Config`.
 *
 * @since 0.1.0
 */
export const layerConfig = (
  config: Config.Wrap<Omit<FileOptions, "database">>
): Layer.Layer<KeyValue | Health | Enumeration | Maintenance | Atomic, StoreSetupError | Config.ConfigError> =>
  Layer.unwrap(Effect.map(Config.unwrap(config), layer))

/**
 * The driver of {@link layer}.
 *
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (config: Options) {
  const read = yield* described.read(config)
  const { table, busyTimeout, defaultCollection, database: given } = read
  const attempt = trying(busyTimeout)

  const database = given ?? (yield* open(read, attempt))
  const transactions = yield* attempt("the database cannot be read", () => transactionsUnsafe(database))
  const migrated = yield* attempt(`the table "${table}" cannot be set up`, () =>
    Result.getOrThrow(migrate(database, transactions, table))
  )
  if ("problem" in migrated) return yield* options.invalid("Sqlite", migrated.problem)
  const statements = yield* attempt(`the table "${table}" cannot be used`, () => prepareAllUnsafe(database, table))
  const path = yield* attempt("the database cannot be read", () => pathUnsafe(database))
  return driver({
    extent: part(path === undefined ? database : `sqlite ${path}`, table),
    isClosed: () => given === undefined && !database.isOpen,
    statements,
    transactions,
    writer: migrated.writer,
    busyTimeout,
    defaultCollection,
    shrinks: given === undefined && !isInMemory(read.filename)
  } satisfies Connection)
})

/** @internal */
export const described = options.of<Options>()(
  "Sqlite",
  {
    table: options.text({ default: "entries" }),
    busyTimeout: options.duration({ default: "5 seconds" }),
    defaultCollection: options.collection({ default: defaultCollection }),
    filename: options.text({ default: inMemory }),
    synchronous: options.oneOf(["normal", "full"], { default: "normal" }),
    secureDelete: options.boolean({ default: true }),
    fileMode: options.mode(0o600, { default: 0o600 }),
    directoryMode: options.mode(0o700, { default: 0o700 }),
    database: options.value<Database>("an open DatabaseSync", (input) => Predicate.hasProperty(input, "prepare"))
  },
  ({ table, filename }) => problemOfFilename(filename) ?? problemOf(table)
)

/**
 * Rewrites the file of a database without free space and deleted values.
 *
 * **When to use**
 *
 * Use it once for a file that was created without `secureDelete` or by an older version of effect-kv, because the file
 * may contain deleted and replaced values. Afterwards, `Maintenance` returns free space to the file system.
 *
 * **Details**
 *
 * It runs `VACUUM` of SQLite, which needs up to twice the size of the file on the disk, but not in memory. Stores that
 * have the file open continue to work. Fails with `StoreSetupError` if the file is missing. It also fails if other
 * connections lock or read the file for longer than `busyTimeout`; then the file may still contain deleted values.
 *
 * **Gotchas**
 *
 * It blocks the event loop, and writers in other processes, until the file is written. Run it in a script.
 *
 * @since 0.1.0
 */
export const vacuum = (
  config: Pick<FileOptions, "busyTimeout"> & { readonly filename: string }
): Effect.Effect<void, StoreSetupError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const read = yield* described.read(config)
      yield* options.check("Sqlite", isThere(read.filename), `${JSON.stringify(read.filename)} does not exist`)
      const attempt = trying(read.busyTimeout)
      const database = yield* open(read, attempt)
      yield* attempt(`${JSON.stringify(read.filename)} cannot be vacuumed`, () => vacuumUnsafe(database))
      yield* attempt(`the log of ${JSON.stringify(read.filename)} cannot be emptied`, () => emptyLogUnsafe(database))
    })
  )

type Trying = <A>(what: string, stepUnsafe: () => A) => Effect.Effect<A, StoreSetupError>

/** Retries a step of the setup while other connections hold locks. */
const trying =
  (busyTimeout: number): Trying =>
  (what, stepUnsafe) =>
    retryWhileBusy(
      () => Result.try(stepUnsafe),
      { millis: busyTimeout },
      Effect.succeed,
      (cause) => new StoreSetupError({ module: "Sqlite", reason: `${what}: ${reasonOf(cause)}`, cause })
    )

const open = Effect.fnUntraced(function* (
  { filename, synchronous, secureDelete, fileMode, directoryMode }: options.Values<typeof described>,
  attempt: Trying
): Effect.fn.Return<Database, StoreSetupError, Scope.Scope> {
  const problem = problemOfRuntime()
  if (problem !== undefined) return yield* options.invalid("Sqlite", problem)
  const failed = `${JSON.stringify(filename)} cannot be opened`
  const database = yield* Effect.acquireRelease(
    attempt(failed, () => openUnsafe(filename, { fileMode, directoryMode })),
    (database) => Effect.sync(() => closeUnsafe(database))
  )
  yield* attempt(failed, () => configureUnsafe(database, { filename, synchronous, secureDelete }))
  return database
})
