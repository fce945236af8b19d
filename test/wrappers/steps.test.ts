/** Tests every wrapper with fibers that are interrupted, or that let others run, between any two of their steps. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import { Driver, KeyValue, type KeyValueError, Memory } from "../../src/index.ts"
import { everyWrapper } from "../support/everyWrapper.ts"
import { interruptedBefore, yieldingBefore } from "../support/steps.ts"

const steps = Array.from({ length: 60 }, (_, i) => i + 1)

type Operation = (kv: KeyValue.Service) => Effect.Effect<unknown, KeyValueError.KeyValueError>

const operations: Readonly<Record<string, Operation>> = {
  get: (kv) => kv.get("a"),
  getMany: (kv) => kv.getMany(["a", "b"]),
  put: (kv) => kv.put("a", 1),
  putMany: (kv) =>
    kv.putMany([
      ["b", 1],
      ["a", 1]
    ]),
  delete: (kv) => kv.delete("a"),
  getOrSet: (kv) => kv.getOrSet("a", Effect.succeed(1))
}

/** A store whose operations yield to the scheduler once. */
const suspending = () =>
  Memory.layer().pipe(Driver.wrapper(Driver.around((call, next) => Effect.andThen(Effect.yieldNow, next(call)))))

/** Runs each operation twice at once, and returns the name of one that does not end. */
const unending = (kv: KeyValue.Service) =>
  Effect.gen(function* () {
    for (const [name, run] of Object.entries(operations)) {
      const both = Effect.all([run(kv), run(kv)], { concurrency: 2 })
      const ended = yield* Effect.timeoutOption(both, "5 seconds")
      if (ended._tag === "None") return name
    }
    return undefined
  })

for (const [store, make] of [
  ["a store that returns at once", undefined],
  ["a store that yields before it returns", suspending]
] as const) {
  describe(`wrappers over ${store}`, () => {
    for (const [name, layer] of Object.entries(everyWrapper(make)) as ReadonlyArray<
      readonly [string, Layer.Layer<KeyValue.KeyValue, unknown>]
    >) {
      it.live(
        `hold nothing after an interruption before any step, with ${name}`,
        () =>
          Effect.gen(function* () {
            const kv = yield* KeyValue.KeyValue
            for (const step of steps) {
              for (const run of Object.values(operations)) yield* interruptedBefore(step, run(kv))
              assert.isUndefined(yield* unending(kv), `after an interruption before step ${step}`)
            }
          }).pipe(Effect.provide(layer)),
        120_000
      )

      it.live(
        `complete every call that yields before any step, with ${name}`,
        () =>
          Effect.gen(function* () {
            const kv = yield* KeyValue.KeyValue
            for (const step of steps) {
              for (const [operation, run] of Object.entries(operations)) {
                const fibers = [
                  yield* Effect.forkChild(yieldingBefore(step, run(kv), 10), { startImmediately: true }),
                  yield* Effect.forkChild(run(kv), { startImmediately: true }),
                  yield* Effect.forkChild(yieldingBefore(step + 1, run(kv)), { startImmediately: true })
                ]
                const ended = yield* Effect.timeoutOption(Fiber.joinAll(fibers), "5 seconds")
                assert.strictEqual(ended._tag, "Some", `${operation} that yields before step ${step} does not end`)
              }
            }
          }).pipe(Effect.provide(layer)),
        120_000
      )
    }
  })
}
