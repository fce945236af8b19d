import { Config, Effect, Layer, Option } from "effect"
import { Maintenance, Memory } from "effect-kv"
import * as Redis from "effect-kv/Redis"

/** Removes the example's entries when the example ends. */
const Cleared = Layer.effectDiscard(
  Effect.flatMap(Maintenance.Maintenance, ({ clear }) => Effect.addFinalizer(() => Effect.ignore(clear)))
)

/**
 * The Redis at `REDIS_URL`, with a prefix for this example. Without `REDIS_URL`, a store in memory, so that every
 * example runs.
 */
export const Remote = Layer.unwrap(
  Effect.map(Config.option(Config.Redacted("REDIS_URL")), (url) =>
    Option.isSome(url)
      ? Cleared.pipe(Layer.provideMerge(Redis.layer({ url: url.value, prefix: `example-${process.pid}:` })))
      : Memory.layer()
  )
)

/** A Redis that does not exist: every operation fails with `StoreUnavailableError`. */
export const Unreachable = Redis.layer({ url: "redis://localhost:1", lazyConnect: true })
