/** Tests what a cache answers while its store works. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { KeyValue, LoadingCache, Memory, Requests } from "effect-kv"
import { ended } from "../support/time.ts"
import { cacheOf, Down, NotFound, Source } from "./support.ts"

const onMemory = <A, E, R>(effect: Effect.Effect<A, E, R>) => effect.pipe(Effect.scoped, Effect.provide(Memory.layer()))

/** Lets the fibers in the background run. */
const settle = TestClock.adjust(1)

describe("get", () => {
  it.effect("looks a missing key up, and answers from the store while the value is fresh", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source)
      assert.strictEqual(yield* cache.get("a"), "a#1")
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(yield* cache.get("a"), "a#1")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* cache.get("a"), "a#2")
    }).pipe(onMemory)
  )

  it.effect("runs one lookup for a thousand concurrent callers", () =>
    Effect.gen(function* () {
      const source = new Source()
      source.takes = 50
      const cache = yield* cacheOf(source)
      const callers = yield* Effect.forkChild(
        Effect.replicateEffect(cache.get("a"), 1000, { concurrency: "unbounded" })
      )
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(new Set(yield* Fiber.join(callers)), new Set(["a#1"]))
      assert.strictEqual(source.lookups, 1)
    }).pipe(onMemory)
  )

  it.effect("returns a stale value at once, and refreshes it in the background", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source, { staleFor: "1 hour" })
      yield* cache.get("a")
      yield* TestClock.adjust("2 minutes")
      source.takes = 1000
      assert.deepStrictEqual(yield* ended(cache.get("a")), ["a#1", 0])
      assert.deepStrictEqual(yield* ended(cache.get("a")), ["a#1", 0])
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* cache.get("a"), "a#2")
      assert.strictEqual(source.lookups, 2)
    }).pipe(onMemory)
  )

  it.effect("returns no value that is older than ttl and staleFor together", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source, { staleFor: "1 hour" })
      yield* cache.get("a")
      source.isDown = true
      yield* TestClock.adjust("60 minutes")
      assert.strictEqual(yield* cache.get("a"), "a#1")
      yield* TestClock.adjust("1 minute")
      assert.instanceOf(yield* Effect.flip(cache.get("a")), Down)
    }).pipe(onMemory)
  )

  it.effect("waits for the lookup of a stale value up to softTimeout, and lets it go on", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source, { staleFor: "1 hour", softTimeout: 100 })
      yield* cache.get("a")
      yield* TestClock.adjust("2 minutes")
      source.takes = 50
      const quick = yield* Effect.forkChild(ended(cache.get("a")))
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(yield* Fiber.join(quick), ["a#2", 50])
      yield* TestClock.adjust("2 minutes")
      source.takes = 500
      const slow = yield* Effect.forkChild(ended(cache.get("a")))
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(yield* Fiber.join(slow), ["a#2", 100])
      yield* TestClock.adjust(400)
      assert.strictEqual(yield* cache.get("a"), "a#3")
    }).pipe(onMemory)
  )

  it.effect("fails with TimeoutError after hardTimeout, and the lookup fills the cache nevertheless", () =>
    Effect.gen(function* () {
      const source = new Source()
      source.takes = 1000
      const cache = yield* cacheOf(source, { hardTimeout: 200 })
      const caller = yield* Effect.forkChild(ended(cache.get("a")))
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(yield* Fiber.join(caller), ["TimeoutError", 200])
      yield* TestClock.adjust(800)
      assert.deepStrictEqual(yield* ended(cache.get("a")), ["a#1", 0])
      assert.strictEqual(source.lookups, 1)
    }).pipe(onMemory)
  )

  it.effect("lets a lookup go on when all its callers have been interrupted", () =>
    Effect.gen(function* () {
      const source = new Source()
      source.takes = 1000
      const cache = yield* cacheOf(source)
      const caller = yield* Effect.forkChild(cache.get("a"))
      yield* TestClock.adjust(10)
      yield* Fiber.interrupt(caller)
      yield* TestClock.adjust(1000)
      assert.strictEqual(yield* cache.get("a"), "a#1")
    }).pipe(onMemory)
  )

  it.effect("returns the stale value if the lookup fails, and the lookup's own error otherwise", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source, { staleFor: "1 hour", softTimeout: 100 })
      yield* cache.get("a")
      source.isDown = true
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* cache.get("a"), "a#1")
      assert.instanceOf(yield* Effect.flip(cache.get("b")), Down)
    }).pipe(onMemory)
  )

  it.effect("repeats a failing refresh of a stale value at most once a second", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source, { staleFor: "1 hour" })
      yield* cache.get("a")
      source.isDown = true
      yield* TestClock.adjust("2 minutes")
      for (let i = 0; i < 100; i++) {
        assert.strictEqual(yield* cache.get("a"), "a#1")
        yield* TestClock.adjust(30)
      }
      assert.isAtMost(source.lookups, 1 + 4)
      assert.isAtLeast(source.lookups, 1 + 3)
    }).pipe(onMemory)
  )

  for (const refreshAhead of ["12 seconds", { fraction: 0.2 }] as const) {
    it.effect(
      `refreshes in the background before the TTL ends, with refreshAhead ${JSON.stringify(refreshAhead)}`,
      () =>
        Effect.gen(function* () {
          const source = new Source()
          const cache = yield* cacheOf(source, { refreshAhead })
          yield* cache.get("a")
          yield* TestClock.adjust("47 seconds")
          yield* cache.get("a")
          yield* settle
          assert.strictEqual(source.lookups, 1)
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* cache.get("a"), "a#1")
          yield* settle
          assert.strictEqual(yield* cache.get("a"), "a#2")
          assert.strictEqual(source.lookups, 2)
        }).pipe(onMemory)
    )
  }

  it.effect("shortens TTLs by up to the fraction jitter, and never lengthens them", () =>
    Effect.gen(function* () {
      const cache = yield* cacheOf(new Source(), { jitter: 0.5, ttl: 1000 })
      const kv = yield* KeyValue.KeyValue
      const ttls: Array<number> = []
      for (let i = 0; i < 200; i++) {
        yield* cache.get(`${i}`)
        const stored = (yield* kv.get(`${i}`, { collection: "things" })) as { readonly ttl: number }
        ttls.push(stored.ttl)
      }
      assert.isAtLeast(Math.min(...ttls), 500)
      assert.isBelow(Math.min(...ttls), 550)
      assert.isAtMost(Math.max(...ttls), 1000)
      assert.isAbove(Math.max(...ttls), 950)
    }).pipe(onMemory)
  )

  it.effect("does not cache a value for which ttl returns 0, and removes an older one", () =>
    Effect.gen(function* () {
      const source = new Source()
      const ttl = (value: string) => (value === "a#2" ? 0 : "1 minute")
      const cache = yield* cacheOf(source, { ttl, staleFor: "1 hour" })
      yield* cache.get("a")
      assert.strictEqual(yield* cache.refresh("a"), "a#2")
      assert.strictEqual(yield* cache.get("a"), "a#3")
    }).pipe(onMemory)
  )

  it.effect("keeps a value with the ttl Infinity", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source, { ttl: "Infinity", tags: () => ["t"] })
      yield* cache.get("a")
      yield* TestClock.adjust("3650 days")
      assert.strictEqual(yield* cache.get("a"), "a#1")
      yield* cache.invalidateTags(["t"])
      assert.strictEqual(yield* cache.get("a"), "a#2")
    }).pipe(onMemory)
  )

  it.effect("caches the errors that match cacheErrors.schema for their TTL, and no others", () =>
    Effect.gen(function* () {
      const source = new Source()
      source.missing.add("a")
      const cache = yield* cacheOf(source, { cacheErrors: { schema: NotFound, ttl: "10 seconds" }, staleFor: "1 hour" })
      for (let i = 0; i < 3; i++) {
        const error = yield* Effect.flip(cache.get("a"))
        assert.deepStrictEqual(error, new NotFound({ id: "a" }))
      }
      assert.strictEqual(source.lookups, 1)
      yield* TestClock.adjust("10 seconds")
      yield* Effect.flip(cache.get("a"))
      assert.strictEqual(source.lookups, 2)
      source.isDown = true
      yield* Effect.flip(cache.get("b"))
      yield* Effect.flip(cache.get("b"))
      assert.strictEqual(source.lookups, 4)
    }).pipe(onMemory)
  )

  it.effect("replaces a stale value by an error that is cached", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cacheErrors = { schema: NotFound, ttl: () => "10 seconds" as const }
      const cache = yield* cacheOf(source, { cacheErrors, staleFor: "1 hour" })
      yield* cache.get("a")
      source.missing.add("a")
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* cache.get("a"), "a#1")
      yield* settle
      assert.instanceOf(yield* Effect.flip(cache.get("a")), NotFound)
    }).pipe(onMemory)
  )

  it.effect("gives each caller its own copy of a value", () =>
    Effect.gen(function* () {
      const cache = yield* LoadingCache.make({
        collection: "c",
        schema: Schema.Unknown,
        lookup: () => Effect.succeed({ list: [1] }),
        ttl: "1 minute"
      })
      const [a, b] = yield* Effect.all([cache.get("k"), cache.get("k")], { concurrency: 2 })
      assert.notStrictEqual(a, b)
    }).pipe(onMemory)
  )

  it.effect("dies if a lookup gets its own key, and does not hang", () =>
    Effect.gen(function* () {
      const own: { get?: (key: string) => Effect.Effect<string> } = {}
      const cache = yield* LoadingCache.make({
        collection: "c",
        schema: Schema.String,
        lookup: (key): Effect.Effect<string> => own.get!(key),
        ttl: "1 minute"
      })
      own.get = (key) => Effect.orDie(cache.get(key))
      const exit = yield* Effect.exit(cache.get("k"))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    }).pipe(onMemory)
  )

  it.effect("dies if a callback throws, and works again when it does not", () =>
    Effect.gen(function* () {
      for (const name of ["ttl", "tags", "lookup"] as const) {
        const source = new Source()
        let isBroken = true
        const broken =
          <A>(f: () => A) =>
          () => {
            if (isBroken) throw new Error(name)
            return f()
          }
        const callbacks = {
          ttl: broken(() => 1000),
          tags: broken(() => ["t"]),
          lookup: broken(() => source.lookup("a"))
        }
        const cache = yield* cacheOf(source, { [name]: callbacks[name] })
        const exit = yield* Effect.exit(cache.get(name))
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause), name)
        isBroken = false
        assert.match(yield* cache.get(name), /#/)
      }
    }).pipe(onMemory)
  )

  it.effect("checks keys and tags as KeyValue checks keys", () =>
    Effect.gen(function* () {
      const cache = yield* cacheOf(new Source(), { tags: (_, key) => [key === "tagged" ? "\ud800" : "t"] })
      for (const key of ["\ud800", "x".repeat(65_537), 5 as never]) {
        assert.strictEqual((yield* Effect.flip(cache.get(key)))._tag, "InvalidKeyError")
        assert.strictEqual((yield* Effect.flip(cache.invalidate(key)))._tag, "InvalidKeyError")
      }
      assert.strictEqual((yield* Effect.flip(cache.invalidateTags(["\ud800"])))._tag, "InvalidKeyError")
      assert.strictEqual((yield* Effect.flip(cache.get("tagged")))._tag, "InvalidKeyError")
    }).pipe(onMemory)
  )

  it.effect("keeps keys apart that look like the names of generations", () =>
    Effect.gen(function* () {
      const cache = yield* cacheOf(new Source(), { tags: () => ["t"] })
      const keys = ["effect-kv:all", "effect-kv:tags", "effect-kv:tag:t", "effect-kv:key:effect-kv:all", "a"]
      for (let round = 0; round < 2; round++) {
        for (const [i, key] of keys.entries()) assert.strictEqual(yield* cache.get(key), `${key}#${i + 1}`)
      }
      yield* cache.invalidateTags(["t"])
      assert.strictEqual(yield* cache.get("effect-kv:tags"), "effect-kv:tags#6")
    }).pipe(onMemory)
  )

  it.effect("takes an entry that no cache has stored, or that does not match the schema, for missing", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source)
      const kv = yield* KeyValue.KeyValue
      yield* cache.get("a")
      const stored = (yield* kv.get("a", { collection: "things" })) as object
      for (const value of ["text", null, 5, { value: 1 }, { ...stored, value: 5 }, { ...stored, freshUntil: "x" }]) {
        yield* kv.put("a", value as never, { collection: "things" })
        const before = source.lookups
        assert.strictEqual(yield* cache.get("a"), `a#${before + 1}`)
      }
    }).pipe(onMemory)
  )
})

describe("a request that shares nothing with others", () => {
  const alone = Effect.provideService(Requests.Current, "unknown")

  it.effect("waits for the lookup of a stale value, and gets the stale value if the lookup fails", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source, { staleFor: "1 hour", hardTimeout: 100 })
      yield* alone(cache.get("a"))
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual(yield* alone(cache.get("a")), "a#2")
      yield* TestClock.adjust("2 minutes")
      source.isDown = true
      assert.strictEqual(yield* alone(cache.get("a")), "a#2")
    }).pipe(onMemory)
  )

  it.effect("runs a lookup of its own, which is interrupted with it", () =>
    Effect.gen(function* () {
      const source = new Source()
      source.takes = 100
      const cache = yield* cacheOf(source)
      const [one, two] = yield* Effect.all([
        Effect.forkChild(alone(cache.get("a"))),
        Effect.forkChild(alone(cache.get("a")))
      ])
      yield* TestClock.adjust(50)
      assert.strictEqual(source.lookups, 2)
      yield* Fiber.interrupt(one)
      yield* TestClock.adjust(50)
      assert.strictEqual(yield* Fiber.join(two), "a#2")
    }).pipe(onMemory)
  )
})

describe("getMany", () => {
  it.effect("asks the store once, and lookupMany once for all keys that are missing", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source, { lookupMany: source.lookupMany })
      yield* cache.set("b", "given")
      assert.deepStrictEqual(yield* cache.getMany(["a", "b", "c", "a"]), ["a#1", "given", "c#1", "a#1"])
      assert.deepStrictEqual(source.batches, [["a", "c"]])
      assert.deepStrictEqual(yield* cache.getMany(["a", "b", "c"]), ["a#1", "given", "c#1"])
      assert.deepStrictEqual(source.batches.length, 1)
    }).pipe(onMemory)
  )

  it.effect("asks lookup for the keys that lookupMany leaves out, and returns its error for each of them", () =>
    Effect.gen(function* () {
      const source = new Source()
      source.missing.add("b")
      const cache = yield* cacheOf(source, { lookupMany: source.lookupMany })
      const results = yield* cache.getManyResults(["a", "b", "c"])
      assert.deepStrictEqual(results.map(Result.isSuccess), [true, false, true])
      assert.instanceOf(yield* Effect.flip(cache.getMany(["a", "b"])), NotFound)
    }).pipe(onMemory)
  )

  it.effect("runs at most maxConcurrentLookups lookups at a time without lookupMany", () =>
    Effect.gen(function* () {
      let running = 0
      let most = 0
      const lookup = (key: string) =>
        Effect.acquireUseRelease(
          Effect.sync(() => (most = Math.max(most, ++running))),
          () => Effect.delay(Effect.succeed(key), 10),
          () => Effect.sync(() => running--)
        )
      const cache = yield* cacheOf(new Source(), { lookup, maxConcurrentLookups: 3 })
      const caller = yield* Effect.forkChild(cache.getMany(Array.from({ length: 10 }, (_, i) => `${i}`)))
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(caller)).length, 10)
      assert.strictEqual(most, 3)
    }).pipe(onMemory)
  )

  it.effect("joins a lookup of one of its keys that is already running", () =>
    Effect.gen(function* () {
      const source = new Source()
      source.takes = 100
      const cache = yield* cacheOf(source, { lookupMany: source.lookupMany })
      const one = yield* Effect.forkChild(cache.get("a"))
      yield* TestClock.adjust(10)
      const many = yield* Effect.forkChild(cache.getMany(["a", "b", "c"]))
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* Fiber.join(one), "a#1")
      assert.deepStrictEqual(yield* Fiber.join(many), ["a#1", "b#2", "c#2"])
      assert.deepStrictEqual(source.batches, [["b", "c"]])
    }).pipe(onMemory)
  )
})

describe("peek, set and refresh", () => {
  it.effect("peek returns a fresh value and never runs a lookup", () =>
    Effect.gen(function* () {
      const source = new Source()
      const cache = yield* cacheOf(source, { staleFor: "1 hour" })
      assert.isTrue((yield* cache.peek("a"))._tag === "None")
      yield* cache.get("a")
      assert.deepStrictEqual((yield* cache.peek("a"))._tag, "Some")
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual((yield* cache.peek("a"))._tag, "None")
      assert.strictEqual(source.lookups, 1)
    }).pipe(onMemory)
  )

  it.effect("refresh runs a lookup that begins after the call, even if one is running", () =>
    Effect.gen(function* () {
      const source = new Source()
      source.takes = 100
      const cache = yield* cacheOf(source)
      const old = yield* Effect.forkChild(cache.get("a"))
      yield* TestClock.adjust(50)
      const fresh = yield* Effect.forkChild(cache.refresh("a"))
      yield* TestClock.adjust(100)
      assert.strictEqual(yield* Fiber.join(old), "a#1")
      assert.strictEqual(yield* Fiber.join(fresh), "a#2")
      assert.strictEqual(yield* cache.get("a"), "a#2")
    }).pipe(onMemory)
  )

  it.effect("a lookup that was running when set ran does not overwrite the value", () =>
    Effect.gen(function* () {
      const source = new Source()
      source.takes = 100
      const cache = yield* cacheOf(source)
      const old = yield* Effect.forkChild(cache.get("a"))
      yield* TestClock.adjust(50)
      yield* cache.set("a", "new")
      yield* TestClock.adjust(100)
      yield* Fiber.join(old)
      assert.strictEqual(yield* cache.get("a"), "new")
    }).pipe(onMemory)
  )
})

describe("the layer", () => {
  it.effect("gives lookups the services that it was built with", () =>
    Effect.gen(function* () {
      class Things extends LoadingCache.Service<Things>()("Things", {
        schema: Schema.String,
        lookup: (key) => KeyValue.KeyValue.use((kv) => Effect.as(Effect.orDie(kv.put(key, 1)), key)),
        ttl: "1 minute"
      }) {}
      const value = yield* Things.use((it) => it.get("a")).pipe(Effect.provide(Things.layer))
      assert.strictEqual(value, "a")
      assert.strictEqual(yield* KeyValue.KeyValue.use((kv) => kv.get("a")), 1)
    }).pipe(onMemory)
  )

  it.effect("interrupts the lookups in the background when it closes, and fails from then on", () =>
    Effect.gen(function* () {
      const interrupted = yield* Deferred.make<void>()
      const lookup = () => Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined))
      const cache = yield* Effect.scoped(
        Effect.gen(function* () {
          const cache = yield* cacheOf(new Source(), { lookup })
          const caller = yield* Effect.forkChild(cache.get("a"))
          yield* settle
          yield* Fiber.interrupt(caller)
          assert.isFalse(yield* Deferred.isDone(interrupted))
          return cache
        })
      )
      yield* Deferred.await(interrupted)
      assert.strictEqual((yield* Effect.flip(cache.get("a")))._tag, "StoreUnavailableError")
      assert.strictEqual((yield* Effect.flip(cache.invalidateAll))._tag, "StoreUnavailableError")
    }).pipe(onMemory)
  )
})
