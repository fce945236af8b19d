/** Tests that no process returns what was invalidated, whatever lookups were running. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Random } from "effect"
import { TestClock } from "effect/testing"
import { Atomic, Driver, Enumeration, KeyValue, Maintenance, Memory } from "effect-kv"
import { faulty, script } from "../support/faults.ts"
import { passing } from "../support/time.ts"
import { cacheOf, Source } from "./support.ts"

const withoutAtomic = Driver.wrapper(({ atomic: _, ...driver }) => driver)

const stores = {
  "a store with Atomic": Memory.layer(),
  "a store without Atomic": Memory.layer().pipe(withoutAtomic)
} as const

/** Two processes: each has a cache of its own over the same store, and both ask one source. */
const two = (source: Source) =>
  Effect.all([
    cacheOf(source, { tags: (_, key) => [`first:${key[0]}`, "any"], staleFor: "1 hour" }),
    cacheOf(source, { tags: (_, key) => [`first:${key[0]}`, "any"], staleFor: "1 hour" })
  ])

type Cache = Effect.Success<ReturnType<typeof two>>[0]

const invalidations: Readonly<Record<string, (cache: Cache) => Effect.Effect<void, unknown>>> = {
  invalidate: (cache) => cache.invalidate("a"),
  invalidateMany: (cache) => cache.invalidateMany(["b", "a"]),
  invalidateTags: (cache) => cache.invalidateTags(["first:a"]),
  invalidateAll: (cache) => cache.invalidateAll
}

for (const [name, layer] of Object.entries(stores)) {
  const onStore = <A, E>(effect: Effect.Effect<A, E, any>) =>
    effect.pipe(Effect.scoped, Effect.provide(Layer.fresh(layer))) as Effect.Effect<A, E>

  describe(name, () => {
    for (const [method, invalidate] of Object.entries(invalidations)) {
      it.effect(`${method} makes a value missing in all processes`, () =>
        Effect.gen(function* () {
          const [one, other] = yield* two(new Source())
          yield* one.get("a")
          assert.strictEqual(yield* other.get("a"), "a#1")
          yield* invalidate(one)
          assert.strictEqual(yield* other.get("a"), "a#2")
          assert.strictEqual(yield* one.get("a"), "a#2")
        }).pipe(onStore)
      )

      it.effect(
        `${method} keeps the value of a lookup that began earlier out of the cache, without another caller`,
        () =>
          Effect.gen(function* () {
            const source = new Source()
            const [one, other] = yield* two(source)
            source.takes = 100
            const running = yield* Effect.forkChild(one.get("a"))
            yield* TestClock.adjust(50)
            yield* invalidate(other)
            yield* TestClock.adjust(50)
            assert.strictEqual(yield* Fiber.join(running), "a#1")
            assert.strictEqual(yield* passing(other.get("a")), "a#2")
          }).pipe(onStore)
      )

      it.effect(`${method} keeps the value of a lookup that began earlier out of the cache, in all processes`, () =>
        Effect.gen(function* () {
          for (const isKnown of [false, true]) {
            const source = new Source()
            const [one, other] = yield* two(source)
            if (isKnown) {
              yield* one.get("a")
              yield* TestClock.adjust("2 minutes")
            }
            source.takes = 100
            const before = source.lookups
            const running = yield* Effect.forkChild(Effect.all([one.get("a"), one.get("c")], { concurrency: 2 }))
            yield* TestClock.adjust(50)
            yield* invalidate(other)
            // The caller comes after the invalidation, so that it must not join the lookup.
            const caller = yield* Effect.forkChild(one.get("a"))
            yield* TestClock.adjust(150)
            yield* Fiber.join(running)
            const value = yield* Fiber.join(caller)
            assert.isAbove(Number(value.slice(2)), before + 2)
            assert.strictEqual(yield* other.get("a"), value)
            yield* other.invalidateAll
          }
        }).pipe(onStore)
      )
    }

    it.effect("invalidateTags keeps values that have none of the tags", () =>
      Effect.gen(function* () {
        const source = new Source()
        const [one, other] = yield* two(source)
        yield* one.getMany(["a", "b"])
        yield* other.invalidateTags(["first:a"])
        assert.deepStrictEqual(yield* one.getMany(["a", "b"]), ["a#3", "b#2"])
        yield* other.invalidateTags(["any", "none"])
        assert.deepStrictEqual(yield* one.getMany(["a", "b"]), ["a#4", "b#5"])
      }).pipe(onStore)
    )

    it.effect("set replaces a value in all processes, and a lookup that began earlier does not overwrite it", () =>
      Effect.gen(function* () {
        const source = new Source()
        source.takes = 100
        const [one, other] = yield* two(source)
        const running = yield* Effect.forkChild(one.get("a"))
        yield* TestClock.adjust(50)
        yield* other.set("a", "given")
        yield* TestClock.adjust(100)
        yield* Fiber.join(running)
        assert.strictEqual(yield* one.get("a"), "given")
        yield* one.invalidateTags(["any"])
        assert.strictEqual(yield* passing(other.get("a")), "a#2")
      }).pipe(onStore)
    )

    it.effect("an evicted generation causes a lookup, and brings nothing back", () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const [one] = yield* two(new Source())
        yield* one.get("a")
        yield* one.invalidateTags(["any"])
        for (const generation of ["effect-kv:tag:any", "effect-kv:tag:first:a", "effect-kv:tags", "effect-kv:all"]) {
          yield* kv.delete(generation, { collection: "things" })
          assert.notStrictEqual(yield* one.get("a"), "a#1", generation)
        }
      }).pipe(onStore)
    )

    it.effect("reads one key more than asked for, and the tags only after a tag was invalidated", () =>
      Effect.gen(function* () {
        const steps = script()
        const kv = yield* KeyValue.KeyValue
        const layer = Layer.succeed(KeyValue.KeyValue, kv).pipe(faulty(steps))
        yield* Effect.gen(function* () {
          const [one] = yield* two(new Source())
          yield* one.get("a")
          yield* one.get("b")
          steps.calls.length = 0
          yield* one.get("a")
          assert.strictEqual(steps.calls.length, 1)
          yield* one.invalidateTags(["first:b"])
          steps.calls.length = 0
          yield* one.get("a")
          assert.strictEqual(steps.calls.length, 2)
        }).pipe(Effect.provide(layer))
      }).pipe(onStore)
    )
  })
}

describe("an invalidation", () => {
  it.effect("fails if it could not be written", () =>
    Effect.gen(function* () {
      const steps = script()
      yield* Effect.gen(function* () {
        const [one] = yield* two(new Source())
        yield* one.get("a")
        for (const [method, invalidate] of Object.entries(invalidations)) {
          steps.always = "unavailable"
          const error = yield* Effect.flip(invalidate(one))
          assert.strictEqual((error as { readonly _tag: string })._tag, "StoreUnavailableError", method)
        }
        steps.always = undefined
        assert.strictEqual(yield* one.get("a"), "a#1")
      }).pipe(Effect.scoped, Effect.provide(Memory.layer().pipe(faulty(steps))))
    })
  )

  it.effect("of tags that fails between its writes can be repeated", () =>
    Effect.gen(function* () {
      // With Atomic, each generation is read and then written.
      for (let n = 0; n < 4; n++) {
        const steps = script()
        yield* Effect.gen(function* () {
          const [one, other] = yield* two(new Source())
          yield* one.get("a")
          steps.steps = [...Array.from({ length: n }, () => "ok" as const), "unavailable"]
          yield* Effect.flip(one.invalidateTags(["any"]))
          steps.steps = []
          yield* one.invalidateTags(["any"])
          assert.strictEqual(yield* other.get("a"), "a#2")
        }).pipe(Effect.scoped, Effect.provide(Memory.layer().pipe(faulty(steps))))
      }
    })
  )

  it.effect("that is applied late a second time does not bring an old generation back, with Atomic", () =>
    Effect.gen(function* () {
      const late: Array<Effect.Effect<unknown>> = []
      const twice = Driver.wrapper(
        Driver.around((call, next) => {
          if (call._tag === "compareAndPut") late.push(Effect.ignore(next(call)))
          return next(call)
        })
      )
      yield* Effect.gen(function* () {
        const [one] = yield* two(new Source())
        yield* one.invalidateTags(["any"])
        const first = late.splice(0)
        yield* one.get("a")
        yield* one.invalidateTags(["any"])
        yield* Effect.all(first)
        assert.strictEqual(yield* one.get("a"), "a#2")
      }).pipe(Effect.scoped, Effect.provide(Memory.layer().pipe(twice)))
    })
  )

  it.effect("does not depend on the clocks of processes", () =>
    Effect.gen(function* () {
      const source = new Source()
      const [one, other] = yield* two(source)
      yield* TestClock.adjust("1 hour")
      yield* one.get("a")
      yield* TestClock.setTime(0)
      yield* other.invalidateTags(["any"])
      assert.strictEqual(yield* one.get("a"), "a#2")
    }).pipe(Effect.scoped, Effect.provide(Memory.layer()), Random.withSeed("clocks"))
  )

  it.effect("is also done by clearing the collection", () =>
    Effect.gen(function* () {
      const [one] = yield* two(new Source())
      yield* one.get("a")
      yield* Maintenance.Maintenance.use((it) => it.clearCollection({ collection: "things" }))
      assert.strictEqual(yield* one.get("a"), "a#2")
      yield* Effect.all([Atomic.Atomic, Enumeration.Enumeration])
    }).pipe(Effect.scoped, Effect.provide(Memory.layer()))
  )
})
