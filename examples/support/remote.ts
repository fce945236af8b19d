import { Config, Effect, Layer, Option } from "effect"
import { Maintenance, Memory } from "effect-kv"
import * as Redis from "effect-kv/Redis"

/** Removes what the example stored when it ends. */
const Cleared = Layer.effectDiscard(
  Effect.flatMap(Maintenance.Maintenance, ({ clear }) => Effect.addFinalizer(() => Effect.ignore(clear)))
)

/** The Redis of `REDIS_URL`, under names of the example's own; without one a store in memory, so that all examples run. */
export const Remote = Layer.unwrap(
  Effect.map(Config.option(Config.Redacted("REDIS_URL")), (url) =>
    Option.isSome(url)
      ? Cleared.pipe(Layer.provideMerge(Redis.layer({ url: url.value, prefix: `example-${process.pid}:` })))
      : Memory.layer()
  )
)

/** A Redis that nobody runs: every operation fails with `StoreUnavailableError`. */
export const Unreachable = Redis.layer({ url: "redis://localhost:1", lazyConnect: true })
