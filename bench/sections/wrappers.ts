import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Driver, type KeyValue, Logging, Memory, Retry, Statistics, Timeout, Tracing } from "../../src/index.ts"
import { measure } from "../measure.ts"
import { policiesByHand } from "../peers/policiesByHand.ts"
import { ofLayer } from "../Store.ts"
import { small } from "../values.ts"
import type { Section } from "./Section.ts"

type Store = Layer.Layer<KeyValue.KeyValue, unknown>

/** Every policy wrapper, as it is by default. */
export const policies: Readonly<Record<string, (store: Store) => Store>> = {
  Timeout: Timeout.wrap(),
  Retry: Retry.wrap(),
  Statistics: Statistics.wrap(),
  Tracing: Tracing.wrap(),
  "Logging, level off": Logging.wrap({ level: "Trace" })
}

/** An answer that comes later, as a server's does. */
const later = Driver.wrapper(
  Driver.around((call, next) =>
    Effect.andThen(
      Effect.callback<void>((resume) => queueMicrotask(() => resume(Effect.void))),
      next(call)
    )
  )
)

/** The stores that wrappers are put around: one that answers at once, and one that answers later. */
export const leaves = { Memory: Memory.layer() as Store, "Memory, answers later": later(Memory.layer()) as Store }

const byHand = (wrapper: string) => `${wrapper} by hand`

/** What one policy more costs. */
export const wrappers: Section = {
  name: "wrappers",
  title: "One policy wrapper more",
  about:
    "CPU time of an operation with one wrapper around the store, by its default options, where nothing goes wrong. `by hand`: a fiber and a timer for each operation, and two looks at the clock with two metrics of Effect. 200 bytes, 64 callers.",
  needsRedis: false,
  run: Effect.fnUntraced(function* (plan) {
    const stores = yield* Effect.all(
      Object.entries(leaves).flatMap(([name, leaf]) => [
        ofLayer(name, leaf),
        ...Object.entries(policies).map(([wrapper, wrap]) => ofLayer(`${name} + ${wrapper}`, wrap(leaf))),
        ...Object.entries(policiesByHand).map(([wrapper, wrap]) =>
          ofLayer(`${name} + ${byHand(wrapper)}`, wrap(leaf) as Store)
        )
      ])
    )
    for (const store of stores) yield* Effect.promise(() => store.fill(small))
    return yield* Effect.promise(() =>
      measure(
        "wrappers",
        stores.flatMap((store) => store.singles(small)),
        { rounds: 2 * plan.rounds, times: 20_000 * plan.scale, callers: [64], latencies: false }
      )
    )
  })
}
