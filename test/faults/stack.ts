import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as KeyValue from "../../src/KeyValue.ts"
import type { StoreSetupError } from "../../src/KeyValueError.ts"
import * as Redis from "../../src/stores/Redis.ts"
import * as Retry from "../../src/wrappers/Retry.ts"
import * as Timeout from "../../src/wrappers/Timeout.ts"

export type ConnectionOptions = Redis.ServerOptions | Redis.ClusterStoreOptions

/** The timeout of a caller, in milliseconds. */
export const limit = 1000

/** How long a connection may be silent, in milliseconds. */
export const responseTimeout = 1000

/** The prefix of all keys. */
export const prefix = "f:"

/** The name that the connections of a layer have at the server. */
export const nameOf = (layer: number): string => `faults-${layer}`

/** The stack of a typical application: a limit on each attempt, some retries, and a limit on all attempts together. */
export const build = (
  options: ConnectionOptions,
  layer: number
): Effect.Effect<KeyValue.Service, StoreSetupError, Scope.Scope> =>
  Redis.layer({ prefix, responseTimeout, ...named(options, nameOf(layer)) }).pipe(
    Timeout.wrap("400 millis"),
    Retry.wrap({ maxRetries: 2, initialDelay: "50 millis" }),
    Timeout.wrap(limit),
    Layer.build,
    Effect.map((context) => Context.get(context, KeyValue.KeyValue))
  )

const named = (options: ConnectionOptions, connectionName: string): ConnectionOptions =>
  options.cluster === undefined
    ? { ...options, options: { ...options.options, connectionName } }
    : {
        ...options,
        cluster: { ...options.cluster, options: { ...options.cluster.options, redisOptions: { connectionName } } }
      }
