import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import { TestClock } from "effect/testing"
import { Driver, KeyValue, KeyValueError } from "../../src/index.ts"
import { isLinearizable, type Operation } from "./linearizable.ts"

/** The percentage of calls with each fault. */
export interface Faults {
  readonly unavailable?: number
  readonly lost?: number
  readonly late?: number
  readonly slow?: number
}

/** Random faults while `isOn`. Late calls are applied within five seconds. */
export const chaos = (faults: Faults, isOn: () => boolean = () => true) =>
  Driver.wrapper(
    Driver.around((call, next) =>
      Effect.gen(function* () {
        if (!isOn()) return yield* next(call)
        const { unavailable = 0, lost = 0, late = 0, slow = 0 } = faults
        const dice = yield* Random.nextIntBetween(0, 100, { halfOpen: true })
        const millis = yield* Random.nextIntBetween(1, 300)
        const fail = (sent: boolean) =>
          Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason: "chaos", sent }))
        if (dice < unavailable) return yield* fail(false)
        if (dice < unavailable + lost) return yield* Effect.andThen(next(call), fail(true))
        if (dice < unavailable + lost + late) {
          yield* Effect.forkDetach(Effect.delay(next(call), millis * 16))
          return yield* fail(true)
        }
        if (dice < unavailable + lost + late + slow) {
          return yield* Effect.delay(Effect.tap(next(call), Effect.sleep(millis)), millis)
        }
        return yield* next(call)
      })
    )
  )

export interface Run {
  readonly seed: number
  readonly fibers?: number
  readonly steps?: number
  /** The longest pause between operations, in milliseconds. */
  readonly pause?: number
  /** How often the layer is built. Each time stands for a process that ends when all fibers have done their steps. */
  readonly processes?: number
}

/** Lets several fibers use two keys at random, and returns the operations on each key with their results. */
export const history = <E>(
  layer: Layer.Layer<KeyValue.KeyValue, E>,
  { seed, fibers = 3, steps = 6, pause = 400, processes = 1 }: Run
) =>
  Effect.gen(function* () {
    const operations: Record<string, Array<Operation>> = { k: [], j: [] }
    let position = 0
    let values = 0
    let tick = 50

    /** Performs a step on one key or on both, and records its result for each. */
    const record = Effect.fnUntraced(function* (kv: KeyValue.Service, step: "read" | "write" | "delete") {
      const dice = yield* Random.nextIntBetween(0, 4, { halfOpen: true })
      const keys = dice < 2 ? ["k"] : dice < 3 ? ["j"] : ["j", "k"]
      const start = position++
      const value = step === "write" ? ++values : undefined
      const pairs = keys.map((key) => [key, value ?? 0] as const)
      const run = step === "read" ? kv.getMany(keys) : step === "write" ? kv.putMany(pairs) : kv.deleteMany(keys)
      const exit = yield* Effect.result(run as Effect.Effect<unknown, KeyValueError.KeyValueError>)
      const end = position++
      const isRead = step === "read"
      keys.forEach((key, i) => {
        if (exit._tag === "Success") {
          const seen = isRead ? (exit.success as ReadonlyArray<unknown>)[i] : value
          operations[key]!.push({ do: isRead ? "read" : "write", value: seen, start, end })
        } else if (!isRead && "outcome" in exit.failure && exit.failure.outcome !== "not-applied") {
          operations[key]!.push({ do: "write", value, start, end: Number.POSITIVE_INFINITY })
        }
      })
    })

    const user = Effect.fnUntraced(function* (kv: KeyValue.Service) {
      for (let i = 0; i < steps; i++) {
        yield* Effect.sleep(yield* Random.nextIntBetween(0, pause))
        const dice = yield* Random.nextIntBetween(0, 10, { halfOpen: true })
        yield* record(kv, dice < 5 ? "read" : dice < 9 ? "write" : "delete")
      }
    })

    const all = KeyValue.KeyValue.use((kv) =>
      Effect.forEach(Array.from({ length: fibers }), () => user(kv), { concurrency: "unbounded", discard: true })
    )
    // Read the final values when all late calls are done.
    const rest = KeyValue.KeyValue.use((kv) =>
      Effect.suspend(() => {
        tick = 1000
        return Effect.forEach([1, 2, 3], () => Effect.delay(record(kv, "read"), "1 minute"), { discard: true })
      })
    )
    for (let i = 1; i <= processes; i++) {
      const life = i < processes ? all : Effect.andThen(all, rest)
      const running = yield* Effect.forkChild(Effect.provide(life, layer, { local: true }))
      while (running.pollUnsafe() === undefined) yield* TestClock.adjust(tick)
      yield* Fiber.join(running)
    }
    return operations
  }).pipe(Random.withSeed(seed))

/** The first seed, if any, whose history of a key is not linearizable. */
export const firstViolation = Effect.fnUntraced(function* <E>(
  layer: () => Layer.Layer<KeyValue.KeyValue, E>,
  seeds: number,
  run: Omit<Run, "seed"> = {}
) {
  for (let seed = 1; seed <= seeds; seed++) {
    const operations = yield* history(layer(), { ...run, seed })
    for (const [key, ofKey] of Object.entries(operations)) {
      if (!isLinearizable(ofKey)) return { seed, key, operations: ofKey }
    }
  }
  return undefined
})
