import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

/** The series of a counter or gauge: attributes and value of each. */
export const metricOf = (
  id: string
): Effect.Effect<ReadonlyArray<readonly [Metric.Metric.AttributeSet | undefined, number | undefined]>> =>
  Effect.map(Metric.snapshot, (all) =>
    all
      .filter((metric) => metric.id === id)
      .map(({ attributes, state }) => {
        const { count, value } = state as { readonly count?: number; readonly value?: number }
        return [attributes, count ?? value] as const
      })
  )
