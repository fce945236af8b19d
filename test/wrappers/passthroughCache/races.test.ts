/** Tests fills that are under way when their keys are written, deleted or cleared through the same layer. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { KeyValue, Maintenance } from "../../../src/index.ts"
import { all, setup } from "./setup.ts"

const writes: Readonly<
  Record<string, readonly [Effect.Effect<unknown, unknown, KeyValue.KeyValue | Maintenance.Maintenance>, unknown]>
> = {
  put: [KeyValue.KeyValue.use((kv) => kv.put("a", "new")), "new"],
  delete: [KeyValue.KeyValue.use((kv) => kv.delete("a")), undefined],
  clear: [Maintenance.Maintenance.use((maintenance) => maintenance.clear), undefined]
}

describe("PassthroughCache with concurrent fills and writes", () => {
  for (const [name, [write, newest]] of Object.entries(writes)) {
    it.effect(`lets no reader join a fill that began during a ${name} once the ${name} has ended`, () => {
      const { far, layer } = setup()
      return Effect.gen(function* () {
        const { kv } = yield* all
        // The write is applied after 800 ms. The fill reads after 600 ms and returns after 1,100 ms.
        far.steps = [800, "midway"]
        const writer = yield* Effect.forkChild(write)
        yield* TestClock.adjust(100)
        const early = yield* Effect.forkChild(kv.get("a"))
        yield* TestClock.adjust(750)
        yield* Fiber.join(writer)
        assert.strictEqual(yield* kv.get("a"), newest)
        yield* TestClock.adjust(500)
        assert.strictEqual(yield* Fiber.join(early), "a")
        assert.strictEqual(yield* kv.get("a"), newest, "what it read is not kept")
      }).pipe(Effect.provide(layer))
    })

    it.effect(`lets no reader join a fill that began before a ${name} while the ${name} is under way`, () => {
      const { far, layer } = setup()
      return Effect.gen(function* () {
        const { kv } = yield* all
        far.steps = ["midway", "midway"]
        const early = yield* Effect.forkChild(kv.get("a"))
        yield* TestClock.adjust(100)
        const writer = yield* Effect.forkChild(write)
        yield* TestClock.adjust(600)
        assert.strictEqual(yield* kv.get("a"), newest, "it asks for itself")
        yield* TestClock.adjust(1000)
        assert.strictEqual(yield* Fiber.join(early), "a")
        yield* Fiber.join(writer)
      }).pipe(Effect.provide(layer))
    })
  }

  it.effect("does not remember a miss when the key was written before the read ended", () => {
    const { far, layer } = setup({ missTtl: "1 minute" })
    return Effect.gen(function* () {
      const { kv } = yield* all
      far.steps = ["midway", "ok"]
      const early = yield* Effect.forkChild(kv.get("x"))
      yield* TestClock.adjust(600)
      yield* kv.put("x", 1)
      yield* TestClock.adjust(500)
      assert.isUndefined(yield* Fiber.join(early))
      assert.strictEqual(yield* kv.get("x"), 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("returns no copy after a clear of unknown outcome until it is settled", () => {
    const { far, layer } = setup({ settleTime: "10 seconds" })
    return Effect.gen(function* () {
      const { kv } = yield* all
      yield* kv.get("a")
      far.steps = ["late"]
      yield* Effect.flip(Maintenance.Maintenance.use((maintenance) => maintenance.clear))
      for (let i = 0; i < 2; i++) assert.strictEqual(yield* kv.get("a"), "a")
      yield* TestClock.adjust("5 seconds")
      assert.isUndefined(yield* kv.get("a"))
    }).pipe(Effect.provide(layer))
  })
})
