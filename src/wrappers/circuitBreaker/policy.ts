import * as Effect from "effect/Effect"
import type { Call } from "../../driver/Call.ts"
import * as options from "../../internal/options.ts"
import type { KeyValueError, StoreSetupError } from "../../KeyValueError.ts"
import type { Options, Trip } from "../CircuitBreaker.ts"
import type { Timing } from "./Circuit.ts"
import { Consecutive, type Outcomes, Rate } from "./Outcomes.ts"

/** Options that were checked, with their defaults. */
export interface Policy {
  readonly outcomes: () => Outcomes
  readonly timing: Timing
  readonly per: "store" | "collection"
  readonly maxCollections: number
  readonly isFailure: (error: KeyValueError, call: Call) => boolean
}

const module = "CircuitBreaker"

export const policyOf = Effect.fnUntraced(function* (config: Options): Effect.fn.Return<Policy, StoreSetupError> {
  const per = config.per ?? "store"
  yield* options.oneOf(module, "per", per, ["store", "collection"])
  const openFor = yield* options.millis(module, "openFor", config.openFor ?? "5 seconds")
  return {
    outcomes: yield* tripOf(config.trip ?? {}),
    timing: {
      openFor,
      factor: yield* options.number(module, "factor", config.factor ?? 2, 1),
      maxOpenFor: yield* options.millis(module, "maxOpenFor", config.maxOpenFor ?? Math.max(openFor, 60_000)),
      probes: yield* options.integer(module, "probes", config.probes ?? 1, 1)
    },
    per,
    maxCollections: yield* options.integer(module, "maxCollections", config.maxCollections ?? 1000, 1),
    isFailure: config.isFailure ?? (({ _tag }) => _tag === "StoreUnavailableError" || _tag === "TimeoutError")
  }
})

const tripOf = Effect.fnUntraced(function* (trip: Trip): Effect.fn.Return<() => Outcomes, StoreSetupError> {
  if (trip.consecutive !== undefined) {
    const limit = yield* options.integer(module, "trip.consecutive", trip.consecutive, 1)
    return () => new Consecutive(limit)
  }
  const window = yield* options.integer(module, "trip.window", trip.window ?? 100, 1, 100_000)
  const minCalls = yield* options.integer(module, "trip.minCalls", trip.minCalls ?? Math.min(20, window), 1, window)
  const rate = trip.failureRate ?? 0.5
  yield* options.check(module, rate > 0 && rate <= 1, `trip.failureRate must be above 0 and at most 1, not ${rate}`)
  return () => new Rate(rate, minCalls, window)
})
