import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** Milliseconds of a duration; `NaN` for anything else, which Effect takes for zero or throws at. */
export const millisOf = (input: unknown): number =>
  Option.match(Duration.fromInput(input as Duration.Input), {
    onNone: () => Number.NaN,
    onSome: (duration) => (Number.isNaN(input) ? Number.NaN : Duration.toMillis(duration))
  })
