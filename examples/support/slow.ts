import { type Duration, Effect, Ref } from "effect"
import { Driver } from "effect-kv"

/** Delays the first `calls` operations by `by`. */
export const slow = ({ calls, by }: { readonly calls: number; readonly by: Duration.Input }) =>
  Driver.wrapperEffect(
    Effect.map(Ref.make(calls), (left) =>
      Driver.around((call, next) =>
        Effect.flatMap(
          Ref.getAndUpdate(left, (n) => n - 1),
          (n) => (n > 0 ? Effect.delay(next(call), by) : next(call))
        )
      )
    )
  )
