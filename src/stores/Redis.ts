/**
 * Entries in a Redis server, cluster or Sentinel set-up, by `ioredis`.
 *
 * **Details**
 *
 * Needs `ioredis` 5.4 or newer beside this library, and Redis 6 or newer (or a server that speaks its protocol, such as
 * Valkey). Its types need those of Node (`@types/node`), as ioredis' do. Published as `effect-kv/Redis`.
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
import type { KeyValue } from "../KeyValue.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import type { Maintenance } from "../Maintenance.ts"
import { longestTimer } from "../time/runAfter.ts"
import { address, clientOptions, cluster, password, pauseBefore } from "./redis/clientOptions.ts"
import { type Client, type Connection, disconnectTimeout, given, own } from "./redis/connection.ts"
import { driver } from "./redis/driver.ts"
import { extentOf } from "./redis/extent.ts"
import { leavesReplica } from "./redis/failures.ts"
import * as names from "./redis/names.ts"

/**
 * Options of every Redis store.
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
   * How integers beyond 2^53 are read: rounded to a `"number"`, or exact, as a `"bigint"`. With `"bigint"`, values may
   * contain `bigint`s in both directions, although the type of values does not show it. The same holds for stores that
   * are combined with this one, such as a cache. Default: `"number"`.
   */
  readonly integers?: "number" | "bigint" | undefined
  /**
   * Whether concurrent single-key reads are combined into one `MGET`. This takes much less CPU under load, and no more
   * otherwise. A Redis value that is not a string is then a miss, as it is for `getMany`. It has no effect in a cluster.
   * Default: false.
   */
  readonly coalesceReads?: boolean | undefined
}

/**
 * Options of a store that opens its connection, and closes it with the layer.
 *
 * @since 0.1.0
 */
export interface ConnectionOptions extends CommonOptions {
  /** Password, so that it need not be in the URL or in `options`. Default: none. */
  readonly password?: Redacted.Redacted | undefined
  /** Whether to connect at the first operation instead of when the layer is built. Default: false. */
  readonly lazyConnect?: boolean | undefined
  /** How long to wait for a connection. Default: 5 seconds. */
  readonly connectTimeout?: Duration.Input | undefined
  /**
   * How long to wait for a reply, while no bytes move in either direction, before the connection is dropped. All
   * operations under way then fail, and a new connection is opened. The drop may come up to a tenth of this time later.
   * A command may take one more second per 128 KiB that it sends, up to 32 seconds, so that a slow network does not look
   * like a silent server. Default: 5 seconds.
   */
  readonly responseTimeout?: Duration.Input | undefined
  readonly client?: undefined
}

/** What the store decides about its connection, or has options of its own for. */
type Fixed =
  | "autoResendUnfulfilledCommands"
  | "connectTimeout"
  | "enableOfflineQueue"
  | "lazyConnect"
  | "maxRetriesPerRequest"
  | "socketTimeout"

/**
 * A store on one server, by its URL, or by options of ioredis (which also name a Sentinel set-up), or both.
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
 * A store on a Redis Cluster.
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
 * A store on a client that is there already.
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
 * A store in Redis, with all capabilities.
 *
 * **When to use**
 *
 * Use for data that several processes or machines share, and as the far tier of a cache.
 *
 * **Details**
 *
 * - The names in the database are `<prefix><collection>::<key>`, the values what py-key-value writes: both libraries
 *   read each other's entries. Bytes are stored as they are, in a small frame.
 * - A batch is one round trip: `MGET`, `MSET` (of 1,000 entries at most), or, with a TTL and in a cluster, commands for
 *   each key that leave together. Keys are removed by a script, which does not count entries that were loaded without
 *   their TTL and have expired.
 * - What all fibers send in one turn of the event loop leaves in one write.
 * - TTLs have the precision of a millisecond, and the server's clock decides what has expired.
 * - An outage is an error at once: nothing is queued while there is no connection, and nothing that was sent is sent
 *   again. A new connection is tried in the background, with pauses from 50 milliseconds up to 2 seconds. (Commands for a
 *   node of a cluster that was just discovered wait until it is connected.)
 * - Closing the layer fails the operations that are under way, and those that come later, with
 *   `StoreUnavailableError`, and leaves no connection open.
 * - The layer of a cluster is built when at least one master can be asked within `connectTimeout`. Operations on keys of
 *   the other masters fail with `StoreUnavailableError`.
 * - A connection that is given up is reset, so that a write that the network held back on it does not arrive later, over
 *   a newer one. (Connections by TLS and Unix sockets cannot be reset.)
 * - A server that answers `READONLY` was a master once: the connection to it is given up, at most once a second, so that
 *   the next one leads to its successor (by the same address, or by Sentinel).
 * - Clearing and listing go through the keys with `SCAN`, and never touch a name that is not the store's, nor anything
 *   that is not a string. They fail with `StoreUnavailableError`, and are to be begun again, when the server was started
 *   again or another one took its place meanwhile, where a cursor of `SCAN` means nothing (`INFO server` tells which it is).
 * - In a cluster, clearing and listing ask the masters (`CLUSTER NODES`), at the beginning and at the end, which slots they
 *   have. Slots that moved in between are read again. They fail with `StoreUnavailableError` when a slot has no master
 *   that answers.
 *
 * Operations fail with `StoreUnavailableError` when there is no connection or it was lost, when the server is silent for
 * `responseTimeout`, or when it is loading, failing over or busy; and with `StoreError` when it refuses: not a string,
 * out of memory, no permission. The layer fails with `StoreSetupError` when an option is not valid, or when the first
 * attempt to connect fails or takes longer than `connectTimeout`, unless `lazyConnect` is set.
 *
 * **Gotchas**
 *
 * - A client of your own keeps its own habits: by default, ioredis queues commands without bound while there is no
 *   connection, and repeats those whose answers were lost. A repeated write of `Atomic` can take its own work for
 *   another writer's: set `autoResendUnfulfilledCommands: false` (of a cluster: `retryDelayOnFailover: 0`).
 * - A batch that fails half-way is applied in part: the outcome of its error is `"unknown"`.
 * - Without a `prefix`, every string of the database whose name has a `"::"` counts as the store's.
 * - `SCAN` may list a name twice while the server resizes its table. Of the last 2,500 names, none is repeated. In a
 *   cluster, keys whose slot moves to another node meanwhile may be listed twice.
 * - Where the user of the connection may not run scripts, entries that were loaded without their TTL and have expired are
 *   missing for reads, but are listed and counted.
 * - Listing or clearing over a `Cluster` of your own waits until it is ready (with `enableOfflineQueue: false`: fails).
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
): Layer.Layer<KeyValue | Enumeration | Maintenance | Atomic, StoreSetupError> => driverLayer(make(options))

/**
 * The same as {@link layer}, with options from `Config`. Default: the URL from `REDIS_URL`.
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
): Layer.Layer<KeyValue | Enumeration | Maintenance | Atomic, StoreSetupError | Config.ConfigError> =>
  Layer.unwrap(Effect.map(Config.unwrap(config), layer))

/**
 * The driver of {@link layer}.
 *
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (config: Options) {
  const read = yield* described.read(config)
  const connection = yield* read.client === undefined ? connect(read) : given(read.client)
  return driver(connection, {
    names: names.make(read.prefix, read.names),
    coalesceReads: read.coalesceReads,
    defaultCollection: read.defaultCollection,
    format: read.format,
    exact: read.integers === "bigint",
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
    password: password,
    lazyConnect: options.boolean({ default: false }),
    connectTimeout: options.duration({ default: "5 seconds" }),
    responseTimeout: options.duration({ default: "5 seconds" }),
    url: address,
    options: options.optional(clientOptions),
    cluster: options.optional(cluster),
    client: options.value<NonNullable<ClientOptions["client"]>>("a client of ioredis", isClient)
  },
  ({ prefix, names: style }) => names.problemOf(prefix, style)
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
  return yield* own({
    make: () => (config.cluster === undefined ? serverClient(config, server) : clusterClient(config.cluster, server)),
    lazyConnect: config.lazyConnect,
    connectTimeout,
    // It is looked for silence in tenths of this time, each of which is one timer.
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
    // It asks any one node, and gives up all of them when that one does not answer.
    enableReadyCheck: false,
    retryDelayOnClusterDown: 0,
    // Several nodes are asked before the time to connect is over, since the first may not answer.
    slotsRefreshTimeout: Math.min(1000, server.connectTimeout! / 4),
    ...options,
    redisOptions: {
      disconnectTimeout,
      // The other nodes, which are learned from these, have no URL.
      ...(nodes.some((node) => node !== undefined && "tls" in node) && { tls: {} }),
      ...options?.redisOptions,
      ...server
    } as Configured,
    retryDelayOnFailover: 0,
    enableOfflineQueue: false,
    lazyConnect: true
  })

/** All replies that the store asks for have the same form in either mapping. */
type Configured = RedisOptions & { readonly replyMapping?: "legacy" }
