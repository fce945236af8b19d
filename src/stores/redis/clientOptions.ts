import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { ClusterNode, ClusterOptions, RedisOptions } from "ioredis"
import * as options from "../../driver/options.ts"
import { longestTimer } from "../../time/runAfter.ts"
import { type Address, maxDatabase, parse } from "./url.ts"

/**
 * A timer of ioredis, in milliseconds. `setTimeout` would fire at once if the number is above its maximum, or not a
 * number.
 */
const timer = options.map(options.number({ min: 0 }), (millis) =>
  millis === undefined ? undefined : Math.min(millis, longestTimer)
)

type Timers = Pick<RedisOptions, "commandTimeout" | "keepAlive" | "maxLoadingRetryTime"> & {
  readonly disconnectTimeout?: number | undefined
  readonly sentinelCommandTimeout?: number | undefined
}

type Checked = Timers &
  Pick<RedisOptions, "db" | "retryStrategy" | "reconnectOnError" | "sentinelRetryStrategy"> & {
    readonly host?: string | undefined
    readonly port?: number | undefined
    readonly path?: string | undefined
    readonly family?: number | undefined
  }

type Strategy = Exclude<RedisOptions["retryStrategy"], undefined>

/** Catches exceptions: ioredis calls these functions in event handlers, where an exception would end the process. */
const strategy = options.map(
  options.either([null], options.callback<Exclude<Strategy, null>>()),
  (strategy) => strategy && safe(strategy)
)

const safe =
  (strategy: Exclude<Strategy, null>) =>
  (attempt: number): number | null => {
    const pause: unknown = Result.getOrElse(
      Result.try(() => strategy(attempt)),
      () => Number.NaN
    )
    if (typeof pause !== "number") return null
    return pause >= 0 ? Math.min(pause, longestTimer) : pauseBefore(attempt)
  }

/** Returns the pause before an attempt to reconnect, in milliseconds. Jitter makes it up to a half shorter. */
export const pauseBefore = (attempt: number): number =>
  Math.min(50 * 2 ** (attempt - 1), 2000) * (0.5 + Math.random() / 2)

const database = options.integer({ min: 0, max: maxDatabase, otherwise: "0" })

const port = options.integer({ min: 1, max: 65_535, otherwise: "6379" })

const name = options.value<string>("text", (input) => typeof input === "string")

/** The options of ioredis that are checked. All others are passed on unchanged. */
export const clientOptions = options.open<RedisOptions, Checked>()({
  db: database,
  host: name,
  port,
  path: name,
  family: options.integer({ min: 0, max: 6, otherwise: "0" }),
  commandTimeout: timer,
  disconnectTimeout: timer,
  keepAlive: timer,
  maxLoadingRetryTime: timer,
  sentinelCommandTimeout: timer,
  retryStrategy: strategy,
  sentinelRetryStrategy: strategy,
  reconnectOnError: options.map(
    options.either([null], options.callback<(error: Error) => boolean | 1 | 2>()),
    (decide) =>
      decide &&
      ((error: Error) =>
        Result.getOrElse(
          Result.try(() => decide(error)),
          () => false
        ))
  )
})

const textOf = (input: unknown): string | undefined => {
  const text: unknown = Redacted.isRedacted(input) ? Redacted.value(input) : input
  return typeof text === "string" ? text : undefined
}

export const password = options.value<Redacted.Redacted>(
  "Redacted text",
  (input) => Redacted.isRedacted(input) && textOf(input) !== undefined
)

export const address = options.parsed("a URL, or the path of a Unix socket", (input: string | Redacted.Redacted) => {
  const text = textOf(input)
  return text === undefined ? Result.fail("must be text") : parse(text)
})

const node = options.union(
  (input) => typeof input === "string",
  address as options.Description<string, Address | undefined>,
  options.union(
    (input) => typeof input === "number",
    options.map(port, (port): Address => ({ port: port! })),
    options.open<Exclude<ClusterNode, string | number>, Pick<Checked, "db" | "host" | "port">>()({
      db: database,
      host: name,
      port
    })
  )
)

interface CheckedCluster
  extends Pick<
    ClusterOptions,
    | "slotsRefreshTimeout"
    | "slotsRefreshInterval"
    | "retryDelayOnClusterDown"
    | "retryDelayOnTryAgain"
    | "retryDelayOnMoved"
    | "clusterRetryStrategy"
    | "redisOptions"
  > {}

export const cluster = options.group<{
  readonly nodes: ReadonlyArray<ClusterNode>
  readonly options?: ClusterOptions | undefined
}>()(
  {
    nodes: options.required(options.list(node)),
    options: options.optional(
      options.open<ClusterOptions, CheckedCluster>()({
        slotsRefreshTimeout: timer,
        slotsRefreshInterval: timer,
        retryDelayOnClusterDown: timer,
        retryDelayOnTryAgain: timer,
        retryDelayOnMoved: timer,
        clusterRetryStrategy: strategy,
        redisOptions: options.optional(clientOptions)
      })
    )
  },
  ({ nodes, options }) => {
    if (
      [...nodes, options?.redisOptions].some(
        (node) => node !== undefined && "db" in node && node.db !== undefined && node.db !== 0
      )
    ) {
      return "db: a cluster has only database 0"
    }
    return nodes.some((node) => node !== undefined && "path" in node)
      ? "each of the nodes must have a host, and no path"
      : undefined
  }
)
