/** Tests a cache whose lookups, callbacks and stored data are not what they should be. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Driver, KeyValue, KeyValueError, LoadingCache, Memory, PassthroughCache } from "effect-kv"
import { faulty, script } from "../support/faults.ts"
import { ended, passing } from "../support/time.ts"
import { cacheOf, Down, NotFound, quietly, Source } from "./support.ts"

/** Advances the clock in steps, so that what begins late also ends. */
const advance = (millis: number) =>
  Effect.replicateEffect(Effect.andThen(TestClock.adjust(millis / 20), Effect.replicateEffect(Effect.yieldNow, 20)), 20)

const onMemory = <A, E>(effect: Effect.Effect<A, E, any>) =>
  effect.pipe(Effect.scoped, Effect.provide(quietly(Layer.fresh(Memory.layer())))) as Effect.Effect<A, E>

describe("a lookup that asks its own cache", () => {
  it.effect("ends while the store cannot be read and all lookups are in use", () =>
    Effect.gen(function* () {
      const steps = script()
      yield* Effect.gen(function* () {
        const lookup = (key: string): Effect.Effect<string, never> =>
          key.length === 3 ? Effect.succeed(key) : Effect.orDie(Effect.suspend(() => cache.get(`${key}a`)))
        const cache: LoadingCache.LoadingCache<string> = (yield* cacheOf(new Source(), {
          lookup,
          maxConcurrentLookups: 1
        })) as never
        steps.always = "unavailable"
        const fiber = yield* Effect.forkChild(cache.get("a"))
        yield* advance(1000)
        assert.isDefined(fiber.pollUnsafe())
        assert.strictEqual(yield* Fiber.join(fiber), "aaa")
      }).pipe(Effect.scoped, Effect.provide(quietly(Memory.layer().pipe(faulty(steps)))))
    })
  )
})

describe("a lookup that asks its own cache for a key whose lookup waits for its turn", () => {
  it.effect("ends", () =>
    Effect.gen(function* () {
      const steps = script()
      yield* Effect.gen(function* () {
        const lookup = (key: string): Effect.Effect<string, never> =>
          key === "inner"
            ? Effect.succeed("found")
            : Effect.delay(Effect.orDie(Effect.suspend(() => cache.get("inner"))), 100)
        const cache: LoadingCache.LoadingCache<string> = (yield* cacheOf(new Source(), {
          lookup,
          maxConcurrentLookups: 1
        })) as never
        steps.always = "unavailable"
        const outer = yield* Effect.forkChild(cache.get("outer"))
        yield* TestClock.adjust(50)
        const inner = yield* Effect.forkChild(cache.get("inner"))
        yield* advance(1000)
        assert.isDefined(outer.pollUnsafe())
        assert.isDefined(inner.pollUnsafe())
      }).pipe(Effect.scoped, Effect.provide(quietly(Memory.layer().pipe(faulty(steps)))))
    })
  )
})

describe("a lookup that never ends", () => {
  it.effect("keeps its lease from the other processes for five minutes at most", () =>
    Effect.gen(function* () {
      const source = new Source()
      const hanging = yield* cacheOf(source, { lookup: () => Effect.never, lease: "10 seconds" })
      const other = yield* cacheOf(source, { lease: "10 seconds" })
      yield* Effect.forkChild(hanging.get("a"))
      yield* TestClock.adjust("1 second")
      const fiber = yield* Effect.forkChild(other.get("a"))
      for (let i = 0; i < 4; i++) yield* TestClock.adjust("1 minute")
      assert.isUndefined(fiber.pollUnsafe())
      for (let i = 0; i < 2; i++) yield* TestClock.adjust("1 minute")
      assert.isDefined(fiber.pollUnsafe())
      assert.strictEqual(yield* Fiber.join(fiber), "a#1")
    }).pipe(onMemory)
  )

  it.effect("fails only its own key of getManyResults after hardTimeout", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source, {
        lookup: (key) => (key === "slow" ? Effect.never : source.lookup(key)),
        hardTimeout: "1 second"
      })
      const results = yield* passing(cache.getManyResults(["a", "slow", "b"]))
      assert.deepStrictEqual(
        results.map((it) => (it._tag === "Success" ? it.success : it.failure._tag)),
        ["a#1", "TimeoutError", "b#2"]
      )
    }).pipe(onMemory)
  )
})

describe("a lookup that dies", () => {
  it.effect("is not repeated in the background for each reader of a stale value", () =>
    Effect.gen(function* () {
      const lines: Array<unknown> = []
      const logger = Logger.make(({ message }) => void lines.push(message))
      const source = new Source()
      let dies = false
      let lookups = 0
      const lookup = (key: string) => {
        lookups++
        if (dies) throw new Error("broken")
        return source.lookup(key)
      }
      yield* Effect.gen(function* () {
        const cache = yield* cacheOf(source, { lookup, staleFor: "1 hour" })
        yield* cache.get("a")
        yield* TestClock.adjust("2 minutes")
        dies = true
        for (let i = 0; i < 20; i++) {
          assert.strictEqual(yield* cache.get("a"), "a#1")
          yield* TestClock.adjust(10)
        }
        assert.strictEqual(lookups, 2)
        assert.strictEqual(lines.length, 1)
      }).pipe(Effect.provide(Logger.layer([logger])))
    }).pipe(onMemory)
  )
})

describe("a damaged generation", () => {
  const damaging = (isDamaged: (key: string) => boolean, repaired: Set<string>) =>
    Driver.wrapper((driver) => ({
      ...driver,
      get: (call) => {
        const key = call.keys.find((key) => isDamaged(key) && !repaired.has(key))
        if (key === undefined) return driver.get(call)
        return Effect.fail(
          new KeyValueError.DecryptionError({ ...call.place, keys: [key], reason: "altered" } as never)
        )
      },
      put: (call) => {
        for (const key of call.keys) repaired.add(key)
        return driver.put(call)
      }
    }))

  for (const broken of ["effect-kv:all", "effect-kv:tags", "effect-kv:tag:t"]) {
    it.effect(`is replaced: ${broken}`, () =>
      Effect.gen(function* () {
        const repaired = new Set<string>()
        let on = false
        const layer = Memory.layer().pipe(damaging((key) => on && key === broken, repaired))
        yield* Effect.gen(function* () {
          const source = new Source()
          const cache = yield* cacheOf(source, { tags: () => ["t"] })
          yield* cache.get("a")
          on = true
          repaired.clear()
          yield* cache.get("b")
          yield* cache.get("b")
          yield* cache.get("b")
          assert.isAtMost(source.lookups, 3)
          const before = source.lookups
          yield* cache.get("b")
          assert.strictEqual(source.lookups, before)
        }).pipe(Effect.scoped, Effect.provide(quietly(layer)))
      })
    )
  }

  it.effect("is replaced if something else was written under its name", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source, { tags: () => ["t"] })
      const kv = yield* KeyValue.KeyValue
      for (const key of ["effect-kv:all", "effect-kv:tags", "effect-kv:tag:t"]) {
        yield* kv.put(key, "foreign", { collection: "things" })
      }
      yield* cache.get("a")
      yield* cache.get("a")
      assert.strictEqual(source.lookups, 1)
    }).pipe(onMemory)
  )

  it.effect("one damaged entry costs a large batch few reads", () =>
    Effect.gen(function* () {
      let reads = 0
      const counting = Driver.wrapper((driver) => ({
        ...driver,
        get: (call) => {
          reads++
          return driver.get(call)
        }
      }))
      const repaired = new Set<string>()
      const layer = Memory.layer().pipe(
        damaging((key) => key === "k77", repaired),
        counting
      )
      yield* Effect.gen(function* () {
        const source = new Source()
        const cache = yield* cacheOf(source, { lookupMany: source.lookupMany })
        const keys = Array.from({ length: 2000 }, (_, i) => `k${i}`)
        yield* cache.getMany(keys)
        repaired.clear()
        reads = 0
        yield* cache.getMany(keys)
        assert.isBelow(reads, 60)
      }).pipe(Effect.scoped, Effect.provide(quietly(layer)))
    })
  )
})

describe("a store that never answers writes", () => {
  it.effect("costs getMany of many keys one storeTimeout, not one for each", () =>
    Effect.gen(function* () {
      let hangs = false
      const layer = Memory.layer().pipe(
        Driver.wrapper(Driver.around((call, next) => (hangs && call._tag !== "get" ? Effect.never : next(call))))
      )
      yield* Effect.gen(function* () {
        const source = new Source()
        const cache = yield* cacheOf(source, { lookupMany: source.lookupMany })
        yield* cache.get("a")
        hangs = true
        const keys = Array.from({ length: 1000 }, (_, i) => `k${i}`)
        const fiber = yield* Effect.forkChild(ended(cache.getMany(keys)))
        yield* advance(1200)
        assert.isDefined(fiber.pollUnsafe())
      }).pipe(Effect.scoped, Effect.provide(quietly(layer)))
    })
  )
})

describe("a store that takes a millisecond for each key", () => {
  it.effect("does not fail large batches", () =>
    Effect.gen(function* () {
      const layer = Memory.layer().pipe(
        Driver.wrapper(
          Driver.around((call, next) =>
            "keys" in call ? Effect.delay(next(call), call.keys.length * 0.9) : next(call)
          )
        )
      )
      yield* Effect.gen(function* () {
        const source = new Source()
        const cache = yield* cacheOf(source, { lookupMany: source.lookupMany })
        const keys = Array.from({ length: 1500 }, (_, i) => `k${i}`)
        yield* passing(cache.getMany(keys))
        yield* passing(cache.getMany(keys))
        assert.strictEqual(source.lookups, 1)
        yield* passing(cache.invalidateMany(keys))
        yield* passing(cache.getMany(keys))
        assert.strictEqual(source.lookups, 2)
      }).pipe(Effect.scoped, Effect.provide(layer))
    })
  )
})

describe("frequent invalidations of other tags", () => {
  it.effect("do not keep values out of the cache", () =>
    Effect.gen(function* () {
      const source = new Source()
      const options = { tags: (_: string, key: string) => [`first:${key[0]}`] }
      const cache = yield* cacheOf(source, options)
      const other = yield* cacheOf(source, options)
      source.takes = 50
      const invalidating = yield* Effect.forkChild(
        Effect.forever(Effect.andThen(other.invalidateTags(["x"]), Effect.sleep(10)))
      )
      for (let i = 0; i < 20; i++) yield* passing(cache.get("a"))
      yield* Fiber.interrupt(invalidating)
      assert.isAtMost(source.lookups, 3)
    }).pipe(onMemory)
  )
})

describe("near copies of generations", () => {
  it.effect("do not make a value valid whose lookup began before an invalidation of another process", () =>
    Effect.gen(function* () {
      const far = yield* Layer.build(Memory.layer())
      const source = new Source()
      const store = Layer.succeedContext(far)
      const cached = PassthroughCache.wrap({ cache: Layer.fresh(Memory.layer()), maxTtl: "1 minute" })
      const near = yield* Layer.build(cached(store))
      const options = { tags: (_: string, key: string) => [`first:${key[0]}`], ttl: "1 hour" } as const
      const one = yield* Effect.provide(cacheOf(source, options), near)
      const other = yield* Effect.provide(cacheOf(source, options), far)
      yield* one.get("b")
      // Now there is a near copy of the epoch, and none of the generation of the tag.
      yield* one.get("b")
      source.takes = 100
      const running = yield* Effect.forkChild(one.get("a"))
      yield* advance(50)
      yield* other.invalidateTags(["first:a"])
      yield* advance(60)
      assert.strictEqual(yield* passing(Fiber.join(running)), "a#2")
      yield* TestClock.adjust("31 minutes")
      assert.strictEqual(yield* passing(one.get("a")), "a#3")
    }).pipe(onMemory)
  )
})

describe("callbacks", () => {
  it.effect("an error whose ttl is 0 is not cached, and does not replace a stale value", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source, {
        staleFor: "1 hour",
        softTimeout: "1 second",
        cacheErrors: { schema: NotFound, ttl: () => 0 }
      })
      yield* cache.get("a")
      yield* TestClock.adjust("2 minutes")
      source.missing.add("a")
      assert.strictEqual(yield* cache.get("a"), "a#1")
      assert.instanceOf(yield* Effect.flip(cache.get("missing").pipe(Effect.andThen(new Down()))), Down)
    }).pipe(onMemory)
  )

  it.effect("a key that lookupMany was not asked for is ignored, whatever it is", () =>
    Effect.gen(function* () {
      const cache = yield* LoadingCache.make({
        collection: "numbers",
        schema: Schema.String,
        key: Schema.NumberFromString.check(Schema.isInt()) as never as Schema.Codec<number, string>,
        lookup: (n: number) => Effect.succeed(`one ${n}`),
        lookupMany: (ns) => Effect.succeed([...ns.slice(1).map((n) => [n, `many ${n}`] as const), [0.5, "x"] as const]),
        ttl: "1 minute"
      })
      assert.deepStrictEqual(yield* cache.getMany([1, 2, 3]), ["one 1", "many 2", "many 3"])
    }).pipe(onMemory)
  )
})

describe("a value without an end, in a store without Atomic", () => {
  it.effect("that is set in another process is not overwritten by a lookup", () =>
    Effect.gen(function* () {
      const layer = Memory.layer().pipe(Driver.wrapper(({ atomic: _, ...driver }) => driver))
      yield* Effect.gen(function* () {
        const source = new Source()
        const one = yield* cacheOf(source, { ttl: "Infinity" })
        const other = yield* cacheOf(source, { ttl: "Infinity" })
        yield* one.get("a")
        source.takes = 100
        const running = yield* Effect.forkChild(one.refresh("a"))
        yield* TestClock.adjust(50)
        yield* other.set("a", "given")
        yield* TestClock.adjust(60)
        yield* Fiber.join(running)
        assert.strictEqual(yield* other.get("a"), "given")
      }).pipe(Effect.scoped, Effect.provide(layer))
    })
  )
})

describe("a store without Atomic", () => {
  it.effect("keeps no value whose write begins while the same process invalidates it", () =>
    Effect.gen(function* () {
      let slow = false
      const layer = Memory.layer().pipe(
        Driver.wrapper(({ atomic: _, ...driver }) => driver),
        Driver.wrapper(
          Driver.around((call, next) =>
            slow && call._tag === "get" ? Effect.tap(next(call), Effect.sleep(20)) : next(call)
          )
        )
      )
      yield* Effect.gen(function* () {
        const source = new Source()
        const cache = yield* cacheOf(source)
        yield* cache.get("a")
        source.takes = 100
        slow = true
        const running = yield* Effect.forkChild(cache.refresh("a"))
        yield* advance(130)
        yield* passing(cache.invalidate("a"))
        yield* passing(Fiber.join(running))
        slow = false
        assert.strictEqual(yield* passing(cache.get("a")), "a#3")
      }).pipe(Effect.scoped, Effect.provide(layer))
    })
  )
})
