import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

const start = Date.UTC(2026, 0)

/**
 * Runs an effect with the `TestClock`, but with a wall clock that `turn` sets forward, or back by a negative number of
 * milliseconds. Elapsed time stays as it is.
 */
export const withWallClock = <A, E, R>(
  f: (turn: (millis: number) => Effect.Effect<void>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.clockWith((clock) => {
    let offset = start
    const millis = () => clock.currentTimeMillisUnsafe() + offset
    const nanos = () => clock.currentTimeNanosUnsafe() + BigInt(offset) * 1_000_000n
    const shifted: Clock.Clock = Object.assign(Object.create(clock), {
      currentTimeMillisUnsafe: millis,
      currentTimeNanosUnsafe: nanos,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanos: Effect.sync(nanos)
    })
    return Effect.provideService(
      f((millis) => Effect.sync(() => void (offset += millis))),
      Clock.Clock,
      shifted
    )
  })
