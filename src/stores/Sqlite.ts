/**
 * Entries in a SQLite database, by Node's own `node:sqlite`.
 *
 * **Details**
 *
 * Needs Node 22.16 or newer, and nothing to install or compile. Published as `effect-kv/Sqlite`.
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
import { defaultCollection } from "../driver/Driver.ts"
import { layer as driverLayer } from "../driver/layers.ts"
import type { Enumeration } from "../Enumeration.ts"
import * as options from "../internal/options.ts"
import type { KeyValue } from "../KeyValue.ts"
import { StoreSetupError } from "../KeyValueError.ts"
import type { Maintenance } from "../Maintenance.ts"
import { configureUnsafe, type Database, openUnsafe } from "./sqlite/database.ts"
import { type Connection, driver } from "./sqlite/driver.ts"
import { reasonOf } from "./sqlite/errors.ts"
import { type Attempt, whenFree } from "./sqlite/patience.ts"
import { migrate, problemOf } from "./sqlite/schema.ts"
import { prepareAllUnsafe } from "./sqlite/statements.ts"
import { transactionsUnsafe } from "./sqlite/transaction.ts"

/**
 * Options of every SQLite store.
 *
 * @since 0.1.0
 */
export interface CommonOptions {
  /** The table that holds the entries of all collections. It is made if it is not there. Default: `"entries"`. */
  readonly table?: string | undefined
  /** How long to wait for other connections' locks before an operation fails. Default: 5 seconds. */
  readonly busyTimeout?: Duration.Input | undefined
  /** The collection of a call that names none. Default: `"default_collection"`. */
  readonly defaultCollection?: string | undefined
}

/**
 * Options of a store that opens its database, and closes it with the layer.
 *
 * @since 0.1.0
 */
export interface FileOptions extends CommonOptions {
  /** A path (its directory is made if it is not there) or a `file:` URI. Default: `":memory:"`, for this layer alone. */
  readonly filename?: string | undefined
  /**
   * When a write is on the disk: with `"normal"` soon, so that a power failure (not a crash of the process) may lose the
   * last writes, though never damage the file; with `"full"` before the write answers, which takes an fsync for each.
   * Default: `"normal"`.
   */
  readonly synchronous?: "normal" | "full" | undefined
  readonly database?: undefined
}

/**
 * Options of a store in a database that is open already.
 *
 * @since 0.1.0
 */
export interface DatabaseOptions extends CommonOptions {
  /** The connection, which is used as it is set up (journal, `synchronous`, timeout), and never closed. */
  readonly database: Database
  readonly filename?: undefined
  readonly synchronous?: undefined
}

/**
 * Options of {@link layer}.
 *
 * @since 0.1.0
 */
export type Options = FileOptions | DatabaseOptions

/**
 * A store in a SQLite database, with all capabilities.
 *
 * **When to use**
 *
 * Use for data that outlives the process, on one machine: command line tools, desktop applications, a server's local
 * cache. Several processes may share a file.
 *
 * **Details**
 *
 * - A file is in WAL mode: readers and a writer do not wait for each other. The layer closes it, and the last one that
 *   does writes the log back into the file.
 * - A batch is one transaction: it is applied as a whole or not at all, and reads one state of the database.
 * - Several tables may be in one file, beside those of others. Only the store's own table is read and cleared.
 * - Expired entries are not answered any more. Their space is freed by writes, a few at each, and by
 *   `Maintenance.removeExpired`. When the disk is full, a write removes up to 1,000 expired entries and tries once more.
 * - Versions (for `Atomic`) are the number of the layer, which the database counts, and that of its write: none ever
 *   comes again, whatever is deleted meanwhile.
 *
 * Operations fail with `StoreUnavailableError` when a lock is held for longer than `busyTimeout` (nothing was written
 * then), and with `StoreError` when the disk is full, the file read-only or damaged, and so on. The layer fails with
 * `StoreSetupError` when an option is not valid, the file cannot be opened and written, or the table is not one of this
 * library or was made by a newer version of it.
 *
 * **Gotchas**
 *
 * - `node:sqlite` is synchronous: each call blocks the event loop while SQLite works, for microseconds usually. It waits
 *   for locks up to 5 milliseconds at a time (a given connection: up to its own `timeout`); between these tries only the
 *   fiber waits.
 * - The SQL of a batch is one step, since it is one transaction: a batch of 100,000 entries blocks the event loop for
 *   about half a second. Everything else is cut into steps of 1,000 entries.
 * - Do not leave a transaction of your own open on a given connection while the store is used: batches fail inside of
 *   it, and single writes become a part of it.
 * - WAL needs shared memory: do not put the file on a network drive.
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
): Layer.Layer<KeyValue | Enumeration | Maintenance | Atomic, StoreSetupError> => driverLayer(make(options))

/**
 * The same as {@link layer}, with options from `Config`.
 *
 * @since 0.1.0
 */
export const layerConfig = (
  config: Config.Wrap<Omit<FileOptions, "database">>
): Layer.Layer<KeyValue | Enumeration | Maintenance | Atomic, StoreSetupError | Config.ConfigError> =>
  Layer.unwrap(Effect.map(Config.unwrap(config), layer))

/**
 * The driver of {@link layer}.
 *
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (config: Options) {
  const {
    table,
    busyTimeout,
    defaultCollection,
    database: given,
    filename,
    synchronous
  } = yield* described.read(config)
  const attempt = <A>(what: string, step: Attempt<A>) =>
    whenFree(step, { millis: busyTimeout }, Effect.succeed, (cause) => setupError(`${what}: ${reasonOf(cause)}`, cause))

  const database = given ?? (yield* open(filename, synchronous, attempt))
  const transactions = yield* attempt("the database cannot be read", () =>
    Result.try(() => transactionsUnsafe(database))
  )
  const migrated = yield* attempt(`the table "${table}" cannot be set up`, () => migrate(database, transactions, table))
  if (Result.isFailure(migrated)) return yield* options.invalid("Sqlite", migrated.failure)
  const statements = yield* attempt(`the table "${table}" cannot be used`, () =>
    Result.try(() => prepareAllUnsafe(database, table))
  )
  return driver({
    isClosed: () => given === undefined && !database.isOpen,
    statements,
    transactions,
    writer: migrated.success,
    busyTimeout,
    defaultCollection
  } satisfies Connection)
})

/** @internal */
export const described = options.of<Options>()(
  "Sqlite",
  {
    table: options.text({ default: "entries" }),
    busyTimeout: options.duration({ default: "5 seconds" }),
    defaultCollection: options.collection({ default: defaultCollection }),
    filename: options.text({ default: ":memory:" }),
    synchronous: options.oneOf(["normal", "full"], { default: "normal" }),
    database: options.value<Database>("an open DatabaseSync", (input) => Predicate.hasProperty(input, "prepare"))
  },
  ({ table, filename }) =>
    filename === "" || filename.includes("\0") ? "filename must not be empty or have U+0000" : problemOf(table)
)

const setupError = (reason: string, cause: unknown): StoreSetupError =>
  new StoreSetupError({ module: "Sqlite", reason, cause })

const open = Effect.fnUntraced(function* (
  filename: string,
  synchronous: "normal" | "full",
  attempt: <A>(what: string, step: Attempt<A>) => Effect.Effect<A, StoreSetupError>
): Effect.fn.Return<Database, StoreSetupError, Scope.Scope> {
  const failed = `${JSON.stringify(filename)} cannot be opened`
  const database = yield* Effect.acquireRelease(
    attempt(failed, () => Result.try(() => openUnsafe(filename))),
    (database) => Effect.sync(() => Result.try(() => database.close()))
  )
  yield* attempt(failed, () => Result.try(() => configureUnsafe(database, synchronous)))
  return database
})
