import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import { Driver, Health, KeyValue, KeyValueError, Memory } from "effect-kv"

/** A store that fails, hangs or dies as told. `calls` counts the operations that reached it. */
export const troubled = (store = Memory.layer({ maxEntries: 1000 })) => {
  const state = { fails: false, hangs: false, refuses: false, calls: 0 }
  const layer = store.pipe(
    Driver.wrapper(
      Driver.around(
        Effect.fnUntraced(function* (call, next) {
          state.calls++
          if (state.hangs) return yield* Effect.never
          const place = call.place
          if (state.fails) {
            return yield* new KeyValueError.StoreUnavailableError({ ...place, reason: "told to fail", sent: false })
          }
          if (state.refuses) return yield* new KeyValueError.StoreError({ ...place, reason: "told", cause: "told" })
          return yield* next(call)
        })
      )
    )
  )
  return { state, layer }
}

/** Runs an effect, and returns the lines that were logged: level, message and the annotation `store`. */
export const logged = <A, E, R>(run: (lines: ReadonlyArray<string>) => Effect.Effect<A, E, R>) => {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${[message].flat().join(" ")}`))
  return Effect.map(Effect.provide(run(lines), Logger.layer([logger])), () => lines)
}

export const get = Effect.exit(Effect.flatMap(KeyValue.KeyValue, (kv) => kv.get("a")))

export const put = Effect.exit(Effect.flatMap(KeyValue.KeyValue, (kv) => kv.put("a", 1)))

export const times = <A, E, R>(count: number, effect: Effect.Effect<A, E, R>) =>
  Effect.replicateEffect(effect, count, { discard: true })

export const snapshot = Effect.flatMap(Health.Health, ({ snapshot }) => snapshot)

export const status = Effect.map(snapshot, ({ status }) => status)

export const check = (options?: Health.CheckOptions) => Effect.flatMap(Health.Health, ({ check }) => check(options))

export const provided =
  <A, E>(layer: Layer.Layer<A, E>) =>
  <B, E2>(effect: Effect.Effect<B, E2, A>): Effect.Effect<B, E | E2> =>
    Effect.provide(effect, layer)

export const wait = TestClock.adjust
