import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { now } from "../../internal/clock.ts"
import * as options from "../../internal/options.ts"
import type { StoreSetupError } from "../../KeyValueError.ts"
import type { BudgetOptions, Options } from "../Retry.ts"
import type { Policy } from "./again.ts"
import { Budget, unlimited } from "./Budget.ts"

/** Options that were checked, with their defaults. */
export const policyOf = Effect.fnUntraced(function* (
  config: Options
): Effect.fn.Return<Omit<Policy, "onRetry" | "onExhausted">, StoreSetupError> {
  const maxRetries = yield* options.integer("Retry", "maxRetries", config.maxRetries ?? 3, 0)
  const initialDelay = yield* options.millis("Retry", "initialDelay", config.initialDelay ?? "100 millis")
  const maxDelay = yield* options.millis("Retry", "maxDelay", config.maxDelay ?? "10 seconds")
  const factor = config.factor ?? 2
  yield* options.check("Retry", factor >= 1 && Number.isFinite(factor), `factor must be at least 1, not ${factor}`)
  const pauses = Schedule.min([Schedule.exponential(initialDelay, factor), Schedule.spaced(maxDelay)])
  return {
    schedule:
      config.schedule ??
      Schedule.upTo(config.jitter === false ? pauses : Schedule.jittered(pauses), { times: maxRetries }),
    while: config.while ?? ((error) => error.retryable),
    maxDelay,
    budget: config.budget === false ? unlimited : yield* budgetOf(config.budget ?? {})
  }
})

const budgetOf = Effect.fnUntraced(function* (config: BudgetOptions): Effect.fn.Return<Budget, StoreSetupError> {
  const ratio = yield* options.number("Retry", "budget.ratio", config.ratio ?? 0.2, 0)
  const minPerSecond = yield* options.number("Retry", "budget.minPerSecond", config.minPerSecond ?? 10, 0)
  return new Budget(ratio, minPerSecond, yield* Effect.withFiber((fiber) => Effect.succeed(now(fiber))))
})
