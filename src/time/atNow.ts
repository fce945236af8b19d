import * as Effect from "effect/Effect"

/** An effect that depends on the time at which it runs, in milliseconds since the epoch. */
export const atNow = <A, E>(f: (now: number) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.clockWith((clock) => f(clock.currentTimeMillisUnsafe()))
