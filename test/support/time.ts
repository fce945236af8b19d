import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"

/** The value or the tag of the error with which an effect ends, and after how many milliseconds. */
export const ended = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const result = yield* Effect.match(effect, { onSuccess: (value) => value, onFailure: ({ _tag }) => _tag })
    return [result, (yield* Clock.currentTimeMillis) - start] as const
  })

/** Runs an effect on a fiber and advances the clock until it has ended. */
export const passing = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    yield* Effect.yieldNow
    for (let i = 0; i < 1000 && fiber.pollUnsafe() === undefined; i++) yield* TestClock.adjust(10)
    return yield* Fiber.join(fiber)
  })
