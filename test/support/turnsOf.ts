import * as Effect from "effect/Effect"

/** How many turns the event loop makes while an effect runs. */
export const turnsOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<number, E, R> =>
  Effect.gen(function* () {
    let turns = 0
    let timer = setImmediate(function count() {
      turns++
      timer = setImmediate(count)
    })
    yield* effect
    clearImmediate(timer)
    return turns
  })
