/** Tests what a cache does while its store fails, is slow or is full, and when it is interrupted. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Layer, Logger, Random, Scope } from "effect"
import { TestClock } from "effect/testing"
import { Driver, KeyValueError, LimitSize, Memory } from "effect-kv"
import { Chaos } from "effect-kv/testing"
import { faulty, script } from "../support/faults.ts"
import { metricOf } from "../support/metrics.ts"
import { interruptedBefore } from "../support/steps.ts"
import { ended, passing } from "../support/time.ts"
import { cacheOf, Down, quietly, Source } from "./support.ts"

describe("a store that fails", () => {
  it.effect("does not fail callers: the lookup runs", () =>
    Effect.gen(function* () {
      for (const fault of ["unavailable", "refused", "full", "hang", "stuck", 5000] as const) {
        const steps = script()
        yield* Effect.gen(function* () {
          const source = new Source()
          const cache = yield* cacheOf(source, { storeTimeout: 100 })
          steps.always = fault
          const [value, took] = yield* passing(ended(cache.get("a")))
          assert.strictEqual(value, "a#1", String(fault))
          assert.isAtMost(took, 210)
          source.isDown = true
          assert.instanceOf(yield* passing(Effect.flip(cache.get("a"))), Down)
        }).pipe(Effect.scoped, Effect.provide(quietly(Memory.layer().pipe(faulty(steps)))))
      }
    })
  )

  it.effect("fails callers with its error if onStoreFailure is fail, and peek always", () =>
    Effect.gen(function* () {
      const steps = script()
      yield* Effect.gen(function* () {
        const source = new Source()
        const cache = yield* cacheOf(source, { onStoreFailure: "fail" })
        const lenient = yield* cacheOf(source)
        steps.always = "unavailable"
        assert.strictEqual((yield* Effect.flip(cache.get("a")))._tag, "StoreUnavailableError")
        assert.strictEqual((yield* Effect.flip(lenient.peek("a")))._tag, "StoreUnavailableError")
        assert.strictEqual(source.lookups, 0)
      }).pipe(Effect.scoped, Effect.provide(quietly(Memory.layer().pipe(faulty(steps)))))
    })
  )

  it.effect("has at most maxConcurrentLookups lookups running, and the others wait", () =>
    Effect.gen(function* () {
      const steps = script()
      yield* Effect.gen(function* () {
        let running = 0
        let most = 0
        const lookup = (key: string) =>
          Effect.acquireUseRelease(
            Effect.sync(() => (most = Math.max(most, ++running))),
            () => Effect.delay(Effect.succeed(key), 10),
            () => Effect.sync(() => running--)
          )
        const cache = yield* cacheOf(new Source(), { lookup, maxConcurrentLookups: 2 })
        const keys = Array.from({ length: 10 }, (_, i) => `${i}`)
        const all = Effect.forEach(keys, cache.get, { concurrency: "unbounded" })
        yield* passing(all)
        assert.strictEqual(most, 10)
        yield* cache.invalidateMany(keys)
        steps.always = "unavailable"
        most = 0
        yield* passing(all)
        assert.strictEqual(most, 2)
      }).pipe(Effect.scoped, Effect.provide(quietly(Memory.layer().pipe(faulty(steps)))))
    })
  )

  it.effect("is logged once when it begins to fail and once when it works again", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => void lines.push(String(message)))
      const steps = script()
      yield* Effect.gen(function* () {
        const cache = yield* cacheOf(new Source())
        steps.always = "unavailable"
        yield* Effect.replicateEffect(cache.get("a"), 20)
        steps.always = undefined
        yield* Effect.replicateEffect(cache.get("a"), 20)
        yield* TestClock.adjust("10 seconds")
        yield* Effect.replicateEffect(cache.get("a"), 20)
      }).pipe(
        Effect.scoped,
        Effect.provide(Layer.provideMerge(Memory.layer().pipe(faulty(steps)), Logger.layer([logger])))
      )
      assert.deepStrictEqual(lines, [
        "LoadingCache things: the store fails (StoreUnavailableError), lookups run without it",
        "LoadingCache things: the store works again"
      ])
    })
  )

  it.effect("that drops values does not fail callers", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source)
      assert.strictEqual(yield* cache.get("a"), "a#1")
      assert.strictEqual(yield* cache.get("a"), "a#2")
    }).pipe(
      Effect.scoped,
      Effect.provide(quietly(Memory.layer().pipe(LimitSize.wrap({ maxSize: 60, onTooLarge: "fail" }))))
    )
  )

  it.effect("with a damaged entry is asked again, and the entry is replaced", () =>
    Effect.gen(function* () {
      let isDamaged = false
      const damaging = Driver.wrapper((driver) => ({
        ...driver,
        get: (call) =>
          isDamaged && call.keys.includes("a")
            ? Effect.fail(new KeyValueError.DecryptionError({ ...call.place, reason: "altered" }))
            : driver.get(call),
        put: (call) => {
          if (call.keys.includes("a")) isDamaged = false
          return driver.put(call)
        }
      }))
      yield* Effect.gen(function* () {
        const source = new Source()
        const cache = yield* cacheOf(source)
        yield* cache.get("a")
        isDamaged = true
        assert.strictEqual(yield* cache.get("a"), "a#2")
        assert.strictEqual(yield* cache.get("a"), "a#2")
      }).pipe(Effect.scoped, Effect.provide(Memory.layer().pipe(damaging)))
    })
  )
})

describe("whatever faults the store has", () => {
  it.effect("a caller gets a value that a lookup returned, within ttl and staleFor, or the lookup's own error", () =>
    Effect.gen(function* () {
      for (let seed = 0; seed < 4; seed++) {
        const rates = { failBefore: 0.1, failAfter: 0.1, delay: 0.1, stall: 0.05, late: 0.1, expireEarly: 0.1 }
        const store = Memory.layer().pipe(Chaos.wrap({ rates }))
        yield* Effect.gen(function* () {
          const looked = new Map<string, number>()
          let n = 0
          let isDown = false
          const lookup = (key: string) =>
            Effect.gen(function* () {
              yield* Effect.sleep(20)
              if (isDown) return yield* new Down()
              const value = `${key}#${++n}`
              looked.set(value, yield* Clock.currentTimeMillis)
              return value
            })
          const options = { lookup, ttl: 2000, staleFor: 3000, storeTimeout: 100, refreshAhead: 200, softTimeout: 10 }
          const caches = yield* Effect.all([cacheOf(new Source(), options), cacheOf(new Source(), options)])
          const client = Effect.fnUntraced(function* (i: number) {
            for (let step = 0; step < 15; step++) {
              const began = yield* Clock.currentTimeMillis
              const result = yield* Effect.result(caches[i % 2]!.get(`k${(i + step) % 3}`))
              if (result._tag === "Success") {
                assert.isDefined(looked.get(result.success))
                assert.isAtMost(began - looked.get(result.success)!, 5000)
              } else assert.instanceOf(result.failure, Down)
              yield* Effect.sleep((yield* Random.next) * 500)
            }
          })
          const clients = yield* Effect.forkChild(Effect.forEach([0, 1, 2, 3], client, { concurrency: 4 }))
          for (let i = 0; i < 100 && clients.pollUnsafe() === undefined; i++) {
            isDown = i % 20 > 12
            yield* TestClock.adjust(200)
          }
          yield* Fiber.join(clients)
        }).pipe(Effect.scoped, Effect.provide(quietly(store)), Random.withSeed(`faults ${seed}`))
      }
    })
  )
})

describe("an operation that is interrupted before any of its steps", () => {
  it.live("leaves a cache that works, and no lookup after the layer is closed", () =>
    Effect.gen(function* () {
      for (let step = 1; step <= 150; step += 1) {
        let running = 0
        const source = new Source()
        const lookup = (key: string) =>
          Effect.acquireUseRelease(
            Effect.sync(() => running++),
            () => Effect.andThen(Effect.yieldNow, source.lookup(key)),
            () => Effect.sync(() => running--)
          )
        const scope = yield* Scope.make()
        const cache = yield* Scope.provide(cacheOf(source, { lookup, tags: () => ["t"], lease: 1000 }), scope)
        const all = [cache.get("a"), cache.set("a", "b"), cache.invalidateTags(["t"]), cache.getMany(["a", "b", "c"])]
        for (const operation of all) yield* interruptedBefore(step, Effect.ignore(operation))
        yield* cache.set("a", "given")
        assert.strictEqual(yield* cache.get("a"), "given")
        yield* cache.invalidateAll
        assert.match(yield* cache.get("a"), /a#/)
        yield* Scope.close(scope, Exit.void)
        for (let i = 0; i < 20 && running > 0; i++) yield* Effect.yieldNow
        assert.strictEqual(running, 0, `step ${step}`)
      }
    }).pipe(Effect.provide(Memory.layer()))
  )
})

describe("metrics", () => {
  it.effect("count answers by result, lookups by outcome, refreshes and failures of the store", () =>
    Effect.gen(function* () {
      const steps = script()
      yield* Effect.gen(function* () {
        const source = new Source()
        const cache = yield* cacheOf(source, { collection: "counted", staleFor: "1 hour" })
        yield* cache.get("a")
        yield* cache.get("a")
        yield* TestClock.adjust("2 minutes")
        yield* cache.get("a")
        yield* TestClock.adjust(1)
        steps.always = "unavailable"
        yield* cache.get("a")
        const counts = Effect.map(metricOf("effect_kv.loading_cache.keys"), (all) =>
          Object.fromEntries(
            all
              .filter(([attributes]) => attributes?.["cache.name"] === "counted")
              .map(([attributes, count]) => [attributes?.["cache.result"], count])
          )
        )
        assert.deepInclude(yield* counts, { hit: 1, miss: 2, stale: 1 })
        for (const name of ["lookups", "refreshes", "store_failures", "lookup.duration"]) {
          const series = yield* metricOf(`effect_kv.loading_cache.${name}`)
          assert.isNotEmpty(
            series.filter(([attributes]) => attributes?.["cache.name"] === "counted"),
            name
          )
        }
      }).pipe(Effect.scoped, Effect.provide(quietly(Memory.layer().pipe(faulty(steps)))))
    })
  )
})

describe("a batch of 20,000 keys", () => {
  it.live("takes time in proportion to the number of keys", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source, { lookupMany: source.lookupMany, tags: (_, key) => [key.slice(-1)] })
      const time = Effect.fnUntraced(function* (count: number, start: number) {
        const keys = Array.from({ length: count }, (_, i) => `${start + i}`)
        const before = process.cpuUsage()
        yield* cache.getMany(keys)
        yield* cache.getMany(keys)
        const used = process.cpuUsage(before)
        return (used.user + used.system) / 1000
      })
      yield* time(1000, 0)
      const few = yield* time(2500, 10_000)
      const many = yield* time(20_000, 100_000)
      assert.isBelow(many, few * 8 * 4)
      assert.strictEqual(source.batches.length, 3)
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(Memory.layer())))
  )
})
