import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Driver, type KeyValue, Logging, Memory, Retry, Statistics, Timeout, Tracing } from "../src/index.ts"
import { policiesByHand } from "./peers/policiesByHand.ts"

type Store = Layer.Layer<KeyValue.KeyValue, unknown>

interface Policy {
  readonly ours: (store: Store) => Store
  readonly byHand?: (store: Store) => Store
}

/** Every policy wrapper, with default options. */
export const policies: Readonly<Record<string, Policy>> = {
  Timeout: { ours: Timeout.wrap(), byHand: policiesByHand.timeout },
  Retry: { ours: Retry.wrap(), byHand: policiesByHand.retry },
  Statistics: { ours: Statistics.wrap(), byHand: policiesByHand.statistics },
  Tracing: { ours: Tracing.wrap() },
  "Logging, level off": { ours: Logging.wrap({ level: "Trace" }), byHand: policiesByHand.logging }
}

/** Delays each result to a later microtask, as a server would. */
const later = Driver.wrapper(
  Driver.around((call, next) =>
    Effect.andThen(
      Effect.callback<void>((resume) => queueMicrotask(() => resume(Effect.void))),
      next(call)
    )
  )
)

/** The stores inside the wrappers: one that returns at once, and one that returns later. */
export const leaves: Readonly<Record<string, Store>> = {
  Memory: Memory.layer(),
  "Memory, answers later": later(Memory.layer())
}

export const byHand = (policy: string): string => `${policy} by hand`
