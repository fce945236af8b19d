/** Tests `Permits`, a semaphore: its order, its limit, and that interrupted fibers give their permits back. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Permits } from "../../src/concurrency/Permits.ts"

describe("Permits", () => {
  it.effect("runs no more effects at a time than there are permits, in the order in which they came", () =>
    Effect.gen(function* () {
      const permits = new Permits(3)
      const order: Array<number> = []
      let running = 0
      let most = 0
      const one = (i: number) =>
        Effect.gen(function* () {
          order.push(i)
          most = Math.max(most, ++running)
          yield* Effect.yieldNow
          running--
        })
      const all = Array.from({ length: 20 }, (_, i) => i)
      yield* Effect.forEach(all, (i) => permits.withPermit(one(i)), { concurrency: "unbounded" })
      assert.deepStrictEqual(order, all)
      assert.strictEqual(most, 3)
    })
  )

  it.effect("gives permits back when effects fail, die or are interrupted, while they run and while they wait", () =>
    Effect.gen(function* () {
      const permits = new Permits(1)
      yield* Effect.exit(permits.withPermit(Effect.fail("no")))
      yield* Effect.exit(permits.withPermit(Effect.die("no")))
      const running = yield* Effect.forkChild(permits.withPermit(Effect.never))
      const waiting = yield* Effect.forkChild(permits.withPermit(Effect.never))
      const last = yield* Effect.forkChild(permits.withPermit(Effect.succeed("done")))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(waiting)
      assert.isUndefined(last.pollUnsafe())
      yield* Fiber.interrupt(running)
      assert.strictEqual(yield* Fiber.join(last), "done")
      assert.strictEqual(yield* permits.withPermit(Effect.succeed("again")), "again")
    })
  )

  it.effect("gives a permit back when its fiber is interrupted before it continues", () =>
    Effect.gen(function* () {
      const permits = new Permits(1)
      const end = yield* Deferred.make<void>()
      const running = yield* Effect.forkChild(permits.withPermit(Deferred.await(end)))
      const given = yield* Effect.forkChild(permits.withPermit(Effect.never))
      yield* Effect.yieldNow
      yield* Deferred.succeed(end, undefined)
      running.addObserver(() => given.interruptUnsafe())
      yield* Fiber.await(given)
      assert.strictEqual(yield* permits.withPermit(Effect.succeed("done")), "done")
    })
  )

  it.effect("takes the same time for each of 100,000 effects that wait at once", () =>
    Effect.gen(function* () {
      const permits = new Permits(2)
      let done = 0
      const one = permits.withPermit(
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => void done++)
        )
      )
      yield* Effect.forEach(Array.from({ length: 100_000 }), () => one, { concurrency: "unbounded", discard: true })
      assert.strictEqual(done, 100_000)
    })
  )
})
