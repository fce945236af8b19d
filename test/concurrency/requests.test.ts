/**
 * Tests what is shared between requests, and what is not, where a runtime ends the I/O of a request with the request.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { Lanes } from "../../src/concurrency/Lanes.ts"
import { CurrentRequest, type Request } from "../../src/concurrency/request.ts"
import { SingleFlight } from "../../src/concurrency/SingleFlight.ts"
import {
  Bulkhead,
  CircuitBreaker,
  Driver,
  Fallback,
  KeyValue,
  Memory,
  PassthroughCache,
  Replicate,
  Requests
} from "../../src/index.ts"
import { Places, Turn } from "../../src/wrappers/bulkhead/Places.ts"
import { faulty, script } from "../support/faults.ts"

const unknown = Effect.provideService(CurrentRequest, "unknown")

const request = (): Request => ({ waitUntil: () => {} })

/** A load that waits for `open`, and counts how often it starts. */
const counted = Effect.gen(function* () {
  const gate = yield* Deferred.make<void>()
  const counts = { loads: 0 }
  const load = Effect.suspend(() => {
    const own = ++counts.loads
    return Effect.as(Deferred.await(gate), own)
  })
  return { counts, load, open: Deferred.succeed(gate, undefined) }
})

describe("loads of requests that share nothing", () => {
  it.effect("are not joined by unknown requests", () =>
    Effect.gen(function* () {
      const flights = new SingleFlight<number, never>()
      const { counts, load, open } = yield* counted
      const fibers = yield* Effect.replicateEffect(
        Effect.forkChild(unknown(flights.run("a", () => load)), { startImmediately: true }),
        3
      )
      yield* Effect.yieldNow
      assert.strictEqual(counts.loads, 3)
      yield* open
      assert.deepStrictEqual(yield* Fiber.joinAll(fibers), [1, 2, 3])
    })
  )

  it.effect("are joined within one known request, and by no other", () =>
    Effect.gen(function* () {
      const flights = new SingleFlight<number, never>()
      const { load, open } = yield* counted
      const [one, two] = [request(), request()]
      const fibers = yield* Effect.forEach([one, two, one, two, "shared"] as const, (each) =>
        Effect.forkChild(
          Effect.provideService(
            flights.run("a", () => load),
            CurrentRequest,
            each
          ),
          {
            startImmediately: true
          }
        )
      )
      yield* open
      assert.deepStrictEqual(yield* Fiber.joinAll(fibers), [1, 2, 1, 2, 3])
    })
  )

  it.effect("learn which of their keys were dropped while they ran", () =>
    Effect.gen(function* () {
      const flights = new SingleFlight<ReadonlyArray<boolean>, never>()
      const dropped = (then: () => void) =>
        unknown(
          flights.runMany(["a", "b"], (keys, isDropped) =>
            Effect.sync(() => {
              then()
              return [keys.map(isDropped), []]
            })
          )
        )
      assert.deepStrictEqual((yield* dropped(() => {}))[0], [false, false])
      assert.isFalse(flights.isIdle, "a write must reach the loads of unknown requests")
      assert.deepStrictEqual((yield* dropped(() => flights.drop("b")))[0], [false, true])
      assert.deepStrictEqual((yield* dropped(() => flights.dropAll()))[0], [true, true])
      assert.deepStrictEqual((yield* dropped(() => {}))[0], [false, false])
    })
  )

  it.effect("are not joined within a request after they were dropped", () =>
    Effect.gen(function* () {
      const flights = new SingleFlight<number, never>()
      const { load, open } = yield* counted
      const join = Effect.forkChild(
        flights.run("a", () => load),
        { startImmediately: true }
      )
      const answers = yield* Effect.gen(function* () {
        const first = yield* join
        flights.drop("a")
        const others = [yield* join, yield* join]
        yield* open
        return yield* Fiber.joinAll([first, ...others])
      }).pipe(Effect.provideService(CurrentRequest, request()))
      assert.deepStrictEqual(answers, [1, 2, 2])
    })
  )

  it.effect("die instead of waiting for themselves", () =>
    Effect.gen(function* () {
      const flights = new SingleFlight<number, never>()
      const b: Effect.Effect<number> = Effect.suspend(() => flights.run("b", () => a))
      const a: Effect.Effect<number> = Effect.suspend(() => flights.run("a", () => b))
      for (const each of ["unknown", request()] as const) {
        const exit = yield* Effect.exit(Effect.provideService(a, CurrentRequest, each))
        assert.match(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", /A load waits for itself: "b" → "a"/)
      }
    })
  )

  it.effect("do not make an unknown request wait in a lane behind one that never ends", () =>
    Effect.gen(function* () {
      const lanes = new Lanes()
      yield* Effect.forkChild(unknown(lanes.run(["a"], Effect.never)), { startImmediately: true })
      assert.strictEqual(yield* unknown(lanes.run(["a"], Effect.succeed("done"))), "done")
    })
  )
})

describe("a load of an unknown request during a write", () => {
  it.effect("is not kept by a PassthroughCache", () => {
    const plan = script("midway")
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const reading = yield* Effect.forkChild(kv.get("a"), { startImmediately: true })
      yield* TestClock.adjust(700)
      yield* kv.put("a", "new")
      yield* TestClock.adjust(300)
      assert.isUndefined(yield* Fiber.join(reading))
      assert.strictEqual(yield* kv.get("a"), "new")
    }).pipe(
      Effect.provide(
        Memory.layer().pipe(faulty(plan), PassthroughCache.wrap({ cache: Memory.layer(), missTtl: "1 minute" }))
      ),
      unknown
    )
  })

  it.effect("is not stored by getOrSet where the store has no compareAndPut", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const load = Effect.delay(Effect.succeed("loaded"), 500)
      const loads = yield* Effect.replicateEffect(
        Effect.forkChild(kv.getOrSet("a", load), { startImmediately: true }),
        2
      )
      yield* TestClock.adjust(100)
      yield* kv.put("a", "new")
      yield* TestClock.adjust(400)
      assert.deepStrictEqual(yield* Fiber.joinAll(loads), ["loaded", "loaded"])
      assert.strictEqual(yield* kv.get("a"), "new")
    }).pipe(
      Effect.provide(Memory.layer().pipe(Driver.wrapper((driver) => ({ ...driver, atomic: undefined })))),
      unknown
    )
  )
})

describe("a request that ends without interrupting its calls", () => {
  const get = (key: string) => KeyValue.KeyValue.use((kv) => kv.get(key))
  const tagOf = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E, KeyValue.KeyValue>) =>
    Effect.match(effect, { onSuccess: () => "ok", onFailure: ({ _tag }) => _tag })

  /** A call that never ends and is never interrupted, as when the runtime ends a request. */
  const lost = (key: string) => Effect.forkDetach(get(key), { startImmediately: true })

  it.effect("loses its place in a Bulkhead after 30 seconds, once", () => {
    const plan = script("hang", "ok", "hang", "hang")
    return Effect.gen(function* () {
      const first = yield* lost("a")
      assert.strictEqual(
        yield* tagOf(get("b")).pipe(Effect.race(Effect.as(TestClock.adjust("2 seconds"), "?"))),
        "BulkheadFullError"
      )
      yield* TestClock.adjust("29 seconds")
      assert.strictEqual(yield* tagOf(get("b")), "ok")
      yield* lost("c")
      // Another call has its place by now.
      yield* Fiber.interrupt(first)
      const fourth = yield* Effect.forkChild(tagOf(get("d")), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(fourth), "BulkheadFullError")
    }).pipe(
      Effect.provide(Memory.layer().pipe(faulty(plan), Bulkhead.wrap({ maxConcurrent: 1, maxWait: "1 second" }))),
      unknown
    )
  })

  it.effect("gets no place in a Bulkhead after its maxWait is over", () => {
    const places = new Places(1, 1)
    return Effect.gen(function* () {
      const turns = yield* Effect.withFiber((fiber) =>
        Effect.succeed([1, 2, 3].map(() => new Turn(places, undefined, fiber)))
      )
      assert.isTrue(places.enter(turns[0]!))
      assert.isTrue(places.wait(turns[1]!, 1000))
      assert.isFalse(places.wait(turns[2]!, 1000))
      yield* TestClock.adjust("1 second")
      assert.isTrue(places.wait(turns[2]!, 1000), "a waiter beyond its limit takes no room")
      places.leave(turns[0]!)
      assert.isTrue(turns[2]!.entered)
      assert.isFalse(turns[1]!.entered)
      places.leave(turns[1]!)
      places.leave(turns[2]!)
      assert.strictEqual(places.running, 0)
      assert.strictEqual(places.waiting, 0)
    }).pipe(unknown)
  })

  it.effect("loses its probe of a CircuitBreaker after 30 seconds", () => {
    const plan = script("unavailable", "hang", "ok", "ok")
    return Effect.gen(function* () {
      assert.strictEqual(yield* tagOf(get("a")), "StoreUnavailableError")
      yield* TestClock.adjust("1 second")
      yield* lost("b")
      yield* TestClock.adjust("29 seconds")
      assert.strictEqual(yield* tagOf(get("c")), "CircuitOpenError")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* tagOf(get("d")), "ok")
      assert.strictEqual(yield* tagOf(get("e")), "ok")
    }).pipe(
      Effect.provide(
        Memory.layer().pipe(faulty(plan), CircuitBreaker.wrap({ trip: { consecutive: 1 }, openFor: "1 second" }))
      ),
      unknown
    )
  })

  it.effect("keeps its place in a Bulkhead for as long as it takes where requests are shared", () => {
    const plan = script("hang")
    return Effect.gen(function* () {
      yield* lost("a")
      yield* TestClock.adjust("10 minutes")
      const second = yield* Effect.forkChild(tagOf(get("b")), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(second), "BulkheadFullError")
    }).pipe(Effect.provide(Memory.layer().pipe(faulty(plan), Bulkhead.wrap({ maxConcurrent: 1, maxWait: "1 second" }))))
  })
})

describe("work in the background", () => {
  const stale = { maxTtl: "1 second", missingTtl: "1 second", maxStale: "1 minute" } as const

  it.effect("keeps its request alive with waitUntil, and continues if waitUntil throws", () => {
    const plan = script()
    const cache = PassthroughCache.wrap({ cache: Memory.layer(), ...stale, staleWhileRevalidate: true })
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("a", 1)
      yield* kv.get("a")
      const kept: Array<Promise<unknown>> = []
      const refreshes = (request: Request) =>
        Effect.gen(function* () {
          yield* TestClock.adjust("1 second")
          const before = plan.calls.length
          plan.steps.push(10)
          assert.strictEqual(yield* Requests.within(kv.get("a"), request), 1)
          yield* TestClock.adjust(10)
          return plan.calls.length - before
        })
      assert.strictEqual(yield* refreshes({ waitUntil: (promise) => kept.push(promise) }), 1)
      assert.strictEqual(kept.length, 1)
      yield* Effect.promise(() => kept[0]!)
      const throwing = () => {
        throw new Error("too late")
      }
      assert.strictEqual(yield* refreshes({ waitUntil: throwing }), 1)
    }).pipe(Effect.provide(Memory.layer().pipe(faulty(plan), cache)))
  })

  it.effect("is refused for unknown requests when the layer is built", () =>
    Effect.gen(function* () {
      const over = Memory.layer()
      for (const layer of [
        over.pipe(Replicate.wrap({ replicas: [Memory.layer()] })),
        over.pipe(Fallback.wrap({ fallback: Memory.layer(), recovery: {} }))
      ]) {
        const error = yield* unknown(Effect.flip(Effect.scoped(Layer.build(layer))))
        assert.match(error.message, /works in the background/)
        yield* Effect.provideService(Effect.scoped(Layer.build(layer)), CurrentRequest, request())
      }
    })
  )
})
