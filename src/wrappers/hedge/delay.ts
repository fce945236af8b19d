import * as Effect from "effect/Effect"
import * as options from "../../internal/options.ts"
import type { StoreSetupError } from "../../KeyValueError.ts"
import type { Options } from "../Hedge.ts"
import { Observed } from "./Observed.ts"

/** After how many milliseconds there is a second attempt, and what it is to be told of each read. */
export interface Delay {
  readonly millis: number | undefined
  readonly add?: (nanos: number) => void
}

/** The delay that the options ask for, checked. */
export const delayOf = Effect.fnUntraced(function* (
  after: NonNullable<Options["after"]>
): Effect.fn.Return<Delay, StoreSetupError> {
  if (typeof after !== "object" || !("percentile" in after)) {
    const millis = yield* options.millis("Hedge", "after", after)
    return { millis }
  }
  const { percentile } = after
  const reason = `after.percentile must be between 0 and 1, not ${percentile}`
  yield* options.check("Hedge", percentile > 0 && percentile < 1, reason)
  return new Observed(percentile)
})
