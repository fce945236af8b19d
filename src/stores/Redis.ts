/**
 * A store in a Redis server, a Redis Cluster or a Sentinel setup, with `ioredis`.
 *
 * **Details**
 *
 * Needs `ioredis` 5.4 or newer, and Redis 6 or newer, or a compatible server such as Valkey. The types of ioredis need
 * `@types/node`. Import it from `effect-kv/Redis`.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { Cluster, type ClusterNode, type ClusterOptions, Redis, type RedisOptions } from "ioredis"
import type { Atomic } from "../Atomic.ts"
import type { Format } from "../codecs/managedEntry.ts"
import { layer as driverLayer } from "../Driver.ts"
import { defaultCollection } from "../driver/Driver.ts"
import * as options from "../driver/options.ts"
import type { Enumeration } from "../Enumeration.ts"
import type { Health } from "../Health.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import type { Maintenance } from "../Maintenance.ts"
import { longestTimer } from "../time/runAfter.ts"
import { address, clientOptions, cluster, password, pauseBefore } from "./redis/clientOptions.ts"
import {
  type Client,
  type Connection,
  disconnectTimeout,
  existingConnection,
  openConnection
} from "./redis/connection.ts"
import { driver } from "./redis/driver.ts"
import { extentOf } from "./redis/extent.ts"
import { leavesReplica } from "./redis/failures.ts"
import * as names from "./redis/names.ts"

/**
 * Options of all Redis stores.
 *
 * @since 0.1.0
 */
export interface CommonOptions {
  /**
   * Prefix of every Redis key, so that several stores can share a database. It must end with `":"` and contain no
   * `"::"`, such as `"app:"` or `"app:sessions:"`. Default: none.
   */
  readonly prefix?: string | undefined
  /** Collection of calls that name no collection. Default: `"default_collection"`. */
  readonly defaultCollection?: string | undefined
  /**
   * How collections are written in Redis keys. `"escaped"` writes `:` and `%` as `%3A` and `%25`, so that no two entries
   * share a Redis key. `"py-key-value"` writes them unescaped, as py-key-value does. All other collections are written
   * the same way in both forms. Default: `"escaped"`.
   */
  readonly names?: "escaped" | "py-key-value" | undefined
  /**
   * How JSON is written. `"py-key-value"` writes exactly the same text as py-key-value (sorted fields, spaces, ASCII):
   * use it if you compare or hash stored entries. Both forms can always be read. Default: `"compact"`.
   */
  readonly format?: Format | undefined
  /**
   * How integers beyond 2^53 are read: rounded to a `"number"`, or exact, as a `"bigint"`. With `"bigint"`, values that
   * you read or write may contain `bigint`s, although the type `Value` does not show it. The same holds for stores that
   * are combined with this one, such as a cache. Default: `"number"`.
   */
  readonly integers?: "number" | "bigint" | undefined
  /**
   * Whether concurrent single-key reads are combined into one `MGET`. Combined reads take much less CPU under load, and
   * no more otherwise. They return a miss for a Redis value that is not a string, as `getMany` does. This option has no
   * effect in a cluster. Default: false.
   */
  readonly coalesceReads?: boolean | undefined
  /** Name of this store in `Health` and in log lines, and the attribute `db.namespace` of its metric. Default: none. */
  readonly store?: string | undefined
}

/**
 * Options of a store that opens its own connection, and closes it with the layer.
 *
 * @since 0.1.0
 */
export interface ConnectionOptions extends CommonOptions {
  /** Password, so that it need not be in the URL or in `options`. Default: none. */
  readonly password?: Redacted.Redacted | undefined
  /**
   * What happens if the server cannot be reached when the layer is built. `"fail"`: the layer fails with
   * `StoreSetupError`. `"degraded"`: the layer is built after the first attempt or `connectTimeout`, `Health` is
   * `"down"`, and operations fail with `StoreUnavailableError` until the store has connected in the background; if the
   * server refuses the password, the user or the database at the first attempt, the layer still fails. `"lazy"`: the
   * layer connects at the first operation. Default: `"fail"`.
   */
  readonly startup?: "fail" | "degraded" | "lazy" | undefined
  /** The older form of `startup: "lazy"`. It cannot be combined with another `startup`. Default: false. */
  readonly lazyConnect?: boolean | undefined
  /** How long to wait for a connection. Default: 5 seconds. */
  readonly connectTimeout?: Duration.Input | undefined
  /**
   * How long to wait for a reply, while no bytes move in either direction, before the connection is dropped. All
   * operations under way then fail, and a new connection is opened. The connection may be dropped a little later, by up
   * to a tenth of this time. A command may take one more second per 128 KiB that it sends, up to 32 seconds, so that a
   * slow network does not look like a silent server. Default: 5 seconds.
   */
  readonly responseTimeout?: Duration.Input | undefined
  readonly client?: undefined
}

/** Options of ioredis that the store sets itself. */
type Fixed =
  | "autoResendUnfulfilledCommands"
  | "connectTimeout"
  | "enableOfflineQueue"
  | "lazyConnect"
  | "maxRetriesPerRequest"
  | "socketTimeout"

/**
 * Options of a store on one server, or on a Sentinel setup (with `options`).
 *
 * @since 0.1.0
 */
export interface ServerOptions extends ConnectionOptions {
  /**
   * URL of the server, or the path of a Unix socket. The forms are `redis://user:password@host:port/database`,
   * `rediss://` for TLS, and `/run/redis.sock`, `unix:///run/redis.sock` or `redis:///run/redis.sock` for a Unix socket.
   * User, password and path are percent-decoded. The known parameters are `?db=`, `?family=`, `?username=`, `?password=`
   * and `?connectionName=`. The layer fails with `StoreSetupError` for any other parameter, and for a database that is
   * not a whole number. Default: `redis://localhost:6379`.
   */
  readonly url?: string | Redacted.Redacted | undefined
  /**
   * Options of ioredis, such as `{ sentinels, name }` or `{ tls }`. The URL takes precedence. If a `retryStrategy`
   * throws, or returns a negative number or `NaN`, the default strategy is used for that attempt. Default: none.
   */
  readonly options?: Omit<RedisOptions, Fixed> | undefined
  readonly cluster?: undefined
}

/**
 * Options of a store on a Redis Cluster.
 *
 * @since 0.1.0
 */
export interface ClusterStoreOptions extends ConnectionOptions {
  /** Redis Cluster to connect to. Default: none. */
  readonly cluster: {
    /** Some nodes of the cluster. The others are discovered from them. */
    readonly nodes: ReadonlyArray<ClusterNode>
    /** Options of ioredis, such as `{ natMap }` or `{ redisOptions: { tls } }`. Default: none. */
    readonly options?: Omit<ClusterOptions, "enableOfflineQueue" | "lazyConnect" | "retryDelayOnFailover"> | undefined
  }
  readonly url?: undefined
  readonly options?: undefined
}

/**
 * Options of a store on your own client.
 *
 * @since 0.1.0
 */
export interface ClientOptions extends CommonOptions {
  /**
   * Your own client of ioredis. It is used with its own settings, and stays open when the layer is closed.
   * Default: none.
   */
  readonly client: InstanceType<typeof Redis> | InstanceType<typeof Cluster>
  readonly url?: undefined
  readonly options?: undefined
  readonly cluster?: undefined
}

/**
 * Options of {@link layer}.
 *
 * @since 0.1.0
 */
export type Options = ServerOptions | ClusterStoreOptions | ClientOptions

/**
 * Stores entries in Redis, with all capabilities.
 *
 * **When to use**
 *
 * Use it for data that several processes or machines share, and as the store behind a local cache.
 *
 * **Details**
 *
 * - The Redis key of an entry is `<prefix><collection>::<key>`. The value is the JSON that py-key-value writes, so both
 *   libraries can read each other's entries. Bytes are stored in a small binary frame.
 * - A batch takes one round trip. It sends `MGET`, or `MSET` with up to 1,000 entries per command. For writes with a
 *   TTL, and in a cluster, it sends one command per key, all together.
 * - Keys are deleted by a script, because the number of deleted entries must leave out expired ones. Redis still has
 *   expired entries if they were loaded without their TTL.
 * - All commands of one turn of the event loop are sent in one write to the connection.
 * - TTLs have a precision of one millisecond, and the clock of the server decides which entries have expired.
 * - `Health` shows whether the store is connected. In a cluster, it is `"degraded"` while some masters are not.
 * - During an outage, operations fail at once: nothing is queued while there is no connection, and a command that was
 *   sent is never sent again. The store reconnects in the background, with pauses from 50 milliseconds up to 2 seconds.
 *   (In a cluster, the first commands for a node that was just discovered wait until the node is connected.)
 * - When the layer is closed, pending and later operations fail with `StoreUnavailableError`, and all connections are
 *   closed.
 * - The layer of a cluster is built if at least one master is reachable within `connectTimeout`. Operations on keys of
 *   unreachable masters fail with `StoreUnavailableError`.
 * - A dropped connection is reset, so that a delayed write on it cannot arrive after a write on the next connection.
 *   (Connections over TLS and Unix sockets cannot be reset.)
 * - A server that replies with `READONLY` is no longer a master. After such a reply, the store drops the connection, at
 *   most once a second, so that the next connection leads to the new master (at the same address, or through Sentinel).
 * - Clearing and listing find keys with `SCAN`. They ignore keys that do not belong to the store, and values that are
 *   not strings. If the server is restarted or replaced in the meantime, they fail with `StoreUnavailableError`,
 *   because its `SCAN` cursors are no longer valid. Start them again. (To notice a restart, the store compares the
 *   `run_id` in `INFO server`.)
 * - In a cluster, clearing and listing ask all masters for their slots at the beginning and at the end
 *   (`CLUSTER NODES`), and read slots again that have moved. They fail with `StoreUnavailableError` if a slot has no
 *   reachable master.
 *
 * **Errors**
 *
 * - `StoreUnavailableError`: there is no connection, it is lost, the server is silent for `responseTimeout`, or the
 *   server is loading, failing over or busy.
 * - `StoreError`: the server refuses the operation: wrong type, out of memory, no permission.
 * - `EntryTooLargeError`: an entry is larger than the server accepts (512 MiB).
 * - `DeserializationError`: a stored entry is not in a format of effect-kv.
 *
 * Fails to build with `StoreSetupError` if an option is not valid. By default, it also fails if the first attempt to
 * connect fails or takes longer than `connectTimeout`: a wrong address should stop a deployment, not show up as an
 * outage. With `startup: "degraded"`, an application starts although Redis is down.
 *
 * **Gotchas**
 *
 * - Your own client keeps its settings. By default, ioredis queues commands without a limit while there is no
 *   connection, and resends commands whose replies were lost. If a write of `Atomic` is resent, it may be mistaken for
 *   a conflict with another writer, and an increment may be counted twice. Set `autoResendUnfulfilledCommands: false` (for a cluster,
 *   `retryDelayOnFailover: 0`).
 * - A batch that fails halfway may be applied in part: the `outcome` of its error is `"unknown"`.
 * - Without a `prefix`, every string in the database whose key contains `"::"` belongs to the store.
 * - `SCAN` may return a key twice while the server resizes its table. The store filters out repetitions among the last
 *   2,500 keys. In a cluster, a key whose slot moves to another node in the meantime may be listed twice.
 * - If the Redis user is not allowed to run scripts, expired entries that were loaded without their TTL are listed and
 *   counted, although reads do not return them.
 * - On your own `Cluster`, listing and clearing wait until it is ready, or fail if `enableOfflineQueue` is `false`.
 *
 * **Example**
 *
 * ```ts
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379", prefix: "app:" })
 * const ClusterStore = Redis.layer({ cluster: { nodes: [{ host: "node-1", port: 6379 }] } })
 * const SentinelStore = Redis.layer({
 *   options: { sentinels: [{ host: "sentinel-1", port: 26379 }], name: "mymaster" }
 * })
 * ```
 *
 * @since 0.1.0
 */
export const layer = (
  options: Options = {}
): Layer.Layer<KeyValue | Health | Enumeration | Maintenance | Atomic, StoreSetupError> => driverLayer(make(options))

/**
 * Like {@link layer}, with options from `Config`. Default: the URL from `REDIS_URL`.
 *
 * **Example**
 *
 * ```ts
 * import { Config } from "effect"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layerConfig({ url: Config.Redacted("REDIS_URL"), prefix: Config.String("REDIS_PREFIX") })
 * ```
 *
 * @since 0.1.0
 */
export const layerConfig = (
  config: Config.Wrap<Omit<ServerOptions, "client" | "cluster">> = { url: Config.Redacted("REDIS_URL") }
): Layer.Layer<KeyValue | Health | Enumeration | Maintenance | Atomic, StoreSetupError | Config.ConfigError> =>
  Layer.unwrap(Effect.map(Config.unwrap(config), layer))

/**
 * The driver of {@link layer}.
 *
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (config: Options) {
  const read = yield* described.read(config)
  const connection = yield* read.client === undefined ? connect(read) : existingConnection(read.client, read.store)
  return driver(connection, {
    names: names.make(read.prefix, read.names),
    coalesceReads: read.coalesceReads,
    defaultCollection: read.defaultCollection,
    format: read.format,
    exactIntegers: read.integers === "bigint",
    extents: [extentOf(connection.client, read.cluster?.nodes, read.prefix)]
  })
})

const isClient = (input: unknown): boolean =>
  Predicate.hasProperty(input, "isCluster") && Predicate.hasProperty(input, "status")

/** @internal */
export const described = options.of<Options>()(
  "Redis",
  {
    prefix: options.text({ default: "", otherwise: "none" }),
    defaultCollection: options.collection({ default: defaultCollection }),
    names: options.oneOf(["escaped", "py-key-value"], { default: "escaped" }),
    format: options.oneOf(["compact", "py-key-value"], { default: "compact" }),
    integers: options.oneOf(["number", "bigint"], { default: "number" }),
    coalesceReads: options.boolean({ default: false }),
    store: options.text(),
    password: password,
    startup: options.oneOf(["fail", "degraded", "lazy"], { otherwise: '`"fail"`' }),
    lazyConnect: options.boolean({ default: false }),
    connectTimeout: options.duration({ default: "5 seconds" }),
    responseTimeout: options.duration({ default: "5 seconds" }),
    url: address,
    options: options.optional(clientOptions),
    cluster: options.optional(cluster),
    client: options.value<NonNullable<ClientOptions["client"]>>("a client of ioredis", isClient)
  },
  ({ prefix, names: style, lazyConnect, startup = "lazy" }) =>
    lazyConnect && startup !== "lazy"
      ? `lazyConnect cannot be combined with startup: "${startup}"`
      : names.problemOf(prefix, style)
)

const connect = Effect.fnUntraced(function* (
  config: options.Values<typeof described>
): Effect.fn.Return<Connection, StoreSetupError, Scope.Scope> {
  const { connectTimeout, responseTimeout } = config
  const server = {
    connectTimeout: Math.min(connectTimeout, longestTimer),
    socketTimeout: undefined,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    lazyConnect: true,
    ...(config.password && { password: Redacted.value(config.password) })
  }
  return yield* openConnection({
    make: () => (config.cluster === undefined ? serverClient(config, server) : clusterClient(config.cluster, server)),
    store: config.store,
    startup: config.startup ?? (config.lazyConnect ? "lazy" : "fail"),
    connectTimeout,
    // A timer checks the connection every tenth of this time, and the interval of a timer is limited.
    responseTimeout: Math.min(responseTimeout, longestTimer)
  })
})

type Values = options.Values<typeof described>

const serverClient = ({ url, options }: Values, server: RedisOptions): Client =>
  new Redis({
    disconnectTimeout,
    retryStrategy: pauseBefore,
    reconnectOnError: leavesReplica(),
    sentinelCommandTimeout: server.connectTimeout,
    ...options,
    ...url,
    ...(url?.tls !== undefined && { tls: options?.tls ?? url.tls }),
    ...server,
    enableOfflineQueue: false
  } as Configured)

const clusterClient = ({ nodes, options }: NonNullable<Values["cluster"]>, server: RedisOptions): Client =>
  new Cluster([...(nodes as ReadonlyArray<ClusterNode>)], {
    clusterRetryStrategy: pauseBefore,
    // The ready check asks a single node, and disconnects from all nodes if this one does not reply.
    enableReadyCheck: false,
    retryDelayOnClusterDown: 0,
    // Leaves time to ask several nodes within `connectTimeout`, since the first one may not reply.
    slotsRefreshTimeout: Math.min(1000, server.connectTimeout! / 4),
    ...options,
    redisOptions: {
      disconnectTimeout,
      // Discovered nodes have no URL that could ask for TLS.
      ...(nodes.some((node) => node !== undefined && "tls" in node) && { tls: {} }),
      ...options?.redisOptions,
      ...server
    } as Configured,
    retryDelayOnFailover: 0,
    enableOfflineQueue: false,
    lazyConnect: true
  })

/** `replyMapping` does not matter: the replies that the store uses have the same form with every setting. */
type Configured = RedisOptions & { readonly replyMapping?: "legacy" }
