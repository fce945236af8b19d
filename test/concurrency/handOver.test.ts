/** Tests lanes, shared loads and the bulkhead with up to 100,000 waiting callers, some of which are interrupted. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Lanes } from "../../src/concurrency/Lanes.ts"
import { SingleFlight } from "../../src/concurrency/SingleFlight.ts"
import { Bulkhead, Driver, KeyValue, Memory } from "../../src/index.ts"
import { collectGarbage } from "../support/collectGarbage.ts"
import { yieldingBefore } from "../support/steps.ts"

/** Which waiters are interrupted before the first of them can continue. The mixture is the one with the most waiters. */
const groups: Readonly<Record<string, { readonly count: number; readonly isInterrupted: (index: number) => boolean }>> =
  {
    none: { count: 20_000, isInterrupted: () => false },
    all: { count: 20_000, isInterrupted: () => true },
    "every second one": { count: 100_000, isInterrupted: (index) => index % 2 === 1 },
    "the first": { count: 20_000, isInterrupted: (index) => index === 0 }
  }

/** Runs an effect in many fibers, interrupts some, and runs `open` to let the others continue. Returns how many succeed. */
const waiting = Effect.fnUntraced(function* (
  effect: Effect.Effect<unknown, unknown>,
  { count, isInterrupted }: (typeof groups)[string],
  open: Effect.Effect<unknown>
) {
  const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
  for (let i = 0; i < count; i++) fibers.push(yield* Effect.forkDetach(effect, { startImmediately: true }))
  for (let i = 0; i < count; i++) if (isInterrupted(i)) fibers[i]!.interruptUnsafe()
  yield* open
  let succeeded = 0
  for (const fiber of fibers) if ((yield* Fiber.await(fiber))._tag === "Success") succeeded++
  return succeeded
})

for (const [who, group] of Object.entries(groups)) {
  const { count, isInterrupted } = group
  const remaining = Array.from({ length: count }, (_, i) => i).filter((i) => !isInterrupted(i)).length
  const tests = () => {
    it.live("run one after another in a lane, which is free afterwards", () =>
      Effect.gen(function* () {
        const lanes = new Lanes()
        const gate = yield* Deferred.make<void>()
        const holder = yield* Effect.forkDetach(lanes.run(["a", "b"], Deferred.await(gate)), { startImmediately: true })
        let running = 0
        let most = 0
        const turn = Effect.gen(function* () {
          most = Math.max(most, ++running)
          yield* Effect.yieldNow
          running--
        })
        const ran = yield* waiting(lanes.run(["a"], turn), group, Deferred.succeed(gate, undefined))
        yield* Fiber.join(holder)
        assert.deepStrictEqual([ran, most], [remaining, Math.min(1, remaining)])
        assert.isTrue(lanes.areFree(["a", "b"]))
      })
    )

    it.live("share one load, which is forgotten afterwards", () =>
      Effect.gen(function* () {
        const flights = new SingleFlight<number, never>()
        const gate = yield* Deferred.make<void>()
        let loads = 0
        const load = Effect.andThen(
          Effect.sync(() => ++loads),
          Deferred.await(gate)
        )
        const run = flights.run("a", () => Effect.as(load, 1))
        assert.strictEqual(yield* waiting(run, group, Deferred.succeed(gate, undefined)), remaining)
        assert.strictEqual(loads, 1)
        assert.isTrue(flights.isIdle)
      })
    )

    it.live("get the only place of a Bulkhead one after another, and the place is free afterwards", () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        let running = 0
        let most = 0
        const counting = Driver.wrapper(
          Driver.around((call, next) =>
            Effect.suspend(() => {
              most = Math.max(most, ++running)
              return Effect.ensuring(
                Effect.andThen(Deferred.await(gate), next(call)),
                Effect.sync(() => void running--)
              )
            })
          )
        )
        const layer = Memory.layer().pipe(
          counting,
          Bulkhead.wrap({ maxConcurrent: 1, maxQueue: count, maxWait: "1 minute" })
        )
        const context = yield* Layer.buildWithScope(layer, yield* Scope.make())
        const { get } = yield* Effect.provide(KeyValue.KeyValue, context)
        const ran = yield* waiting(get("a"), group, Deferred.succeed(gate, undefined))
        assert.deepStrictEqual([ran, most, running], [remaining, 1, 0])
        assert.isUndefined(yield* get("a"))
      })
    )
  }
  if (count === 100_000) describe(`100,000 waiters of which ${who} are interrupted`, { timeout: 120_000 }, tests)
  else describe(`20,000 waiters of which ${who} are interrupted`, { timeout: 120_000 }, tests)
}

describe("an interrupted waiter in a lane", () => {
  it.live("leaves no memory behind while the caller in front of it hangs", () =>
    Effect.gen(function* () {
      const lanes = new Lanes()
      const holder = yield* Effect.forkDetach(lanes.run(["a"], Effect.never), { startImmediately: true })
      const wait = Effect.flatMap(
        Effect.forkDetach(lanes.run(["a"], Effect.void), { startImmediately: true }),
        Fiber.interrupt
      )
      const heap = () => {
        collectGarbage()
        return process.memoryUsage().heapUsed
      }
      yield* wait
      const before = heap()
      for (let i = 0; i < 50_000; i++) yield* wait
      assert.isBelow(heap() - before, 5_000_000)
      yield* Fiber.interrupt(holder)
    })
  )
})

describe("a lane with a close or a time limit", () => {
  it.live("lets every waiter continue at once after close, now and later", () =>
    Effect.gen(function* () {
      const lanes = new Lanes()
      yield* Effect.forkDetach(lanes.run(["a"], Effect.never), { startImmediately: true })
      const waiting = yield* Effect.replicateEffect(
        Effect.forkDetach(lanes.run(["a", "b"], Effect.void), { startImmediately: true }),
        1000
      )
      lanes.close()
      yield* Fiber.joinAll(waiting)
      yield* lanes.run(["a"], Effect.void)
    })
  )

  it.live("runWithin runs the effect only if its turn comes within the limit", () =>
    Effect.gen(function* () {
      const lanes = new Lanes()
      const holder = yield* Effect.forkDetach(lanes.run(["a"], Effect.sleep(50)), { startImmediately: true })
      let ran = 0
      const count = Effect.sync(() => void ran++)
      yield* lanes.runWithin(["a"], 5, count)
      assert.strictEqual(ran, 0)
      yield* lanes.runWithin(["a"], 1000, count)
      assert.strictEqual(ran, 1)
      yield* Fiber.join(holder)
      assert.isTrue(lanes.areFree(["a"]))
    })
  )
})

describe("a fiber that yields between two steps of waiting", () => {
  it.live("gets its turn in a lane", () =>
    Effect.gen(function* () {
      for (let step = 1; step <= 20; step++) {
        const lanes = new Lanes()
        const holder = yield* Effect.forkDetach(lanes.run(["a"], Effect.never), { startImmediately: true })
        const waiter = yield* Effect.forkDetach(yieldingBefore(step, lanes.run(["a"], Effect.void), 5), {
          startImmediately: true
        })
        yield* Fiber.interrupt(holder)
        assert.isTrue(yield* endsSoon(waiter), `step ${step}`)
      }
    })
  )

  it.live("gets the result of a shared load", () =>
    Effect.gen(function* () {
      for (let step = 1; step <= 40; step++) {
        const flights = new SingleFlight<string, string>()
        const gate = yield* Deferred.make<void>()
        const load = Effect.andThen(Deferred.await(gate), Effect.fail("failed"))
        const first = yield* Effect.forkDetach(
          flights.run("a", () => load),
          { startImmediately: true }
        )
        const waiter = yield* Effect.forkDetach(
          yieldingBefore(
            step,
            flights.run("a", () => load),
            20
          ),
          { startImmediately: true }
        )
        yield* Deferred.succeed(gate, undefined)
        assert.isTrue(yield* endsSoon(first), `step ${step}`)
        assert.isTrue(yield* endsSoon(waiter), `step ${step}`)
      }
    })
  )
})

const endsSoon = (fiber: Fiber.Fiber<unknown, unknown>) =>
  Effect.map(Effect.timeoutOption(Fiber.await(fiber), "20 seconds"), ({ _tag }) => _tag === "Some")
