/** Tests `getOrSetMany`, and the options of `getOrSet`, of collections. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Collection } from "../../src/index.ts"
import { faulty, script } from "../support/faults.ts"
import { memory, plant, stored } from "../support/inspect.ts"

const at = { collection: "days" }
const Day = Schema.Struct({ day: Schema.Date, visits: Schema.Int })
type Day = typeof Day.Type
const day = (visits: number) => ({ day: new Date(0), visits })
const days = Collection.make({ ...at, schema: Day, key: Schema.FiniteFromString, ttl: "1 hour", onInvalid: "miss" })
const ttls = <E, R>(
  found: Effect.Effect<ReadonlyArray<Option.Option<{ readonly ttl: Duration.Duration | undefined }>>, E, R>
) => Effect.map(found, (all) => all.map((it) => Option.getOrThrow(it).ttl))

describe("Collection.getOrSetMany", () => {
  it.effect("loads the missing keys together, each once, and stores what was loaded", () =>
    Effect.gen(function* () {
      const all = yield* days
      yield* all.put(1, day(1))
      yield* plant("2", "damaged", at)
      const asked: Array<ReadonlyArray<number>> = []
      const load = (missing: ReadonlyArray<number>) => {
        asked.push(missing)
        return Effect.succeed(new Map(missing.flatMap((n) => (n === 4 ? [] : [[n, day(10 * n)]]))).set(99, day(0.5)))
      }
      const found = [day(30), day(1), day(20), undefined, day(30)].map(Option.fromUndefinedOr)
      assert.deepStrictEqual(yield* all.getOrSetMany([3, 1, 2, 4, 3], load), found)
      assert.deepStrictEqual(asked, [[3, 2, 4]])
      assert.deepStrictEqual(yield* stored("2", at), { day: "1970-01-01T00:00:00.000Z", visits: 20 })
      assert.deepStrictEqual(yield* all.getMany([4, 99]), [Option.none(), Option.none()])
      assert.deepStrictEqual(yield* ttls(all.ttlMany([2, 3])), [Duration.hours(1), Duration.hours(1)])
      assert.deepStrictEqual(yield* all.getOrSetMany([], () => Effect.die("loaded")), [])
    }).pipe(Effect.provide([memory(), Logger.layer([])]))
  )

  it.effect("gives each loaded value the TTL that a function returns, or that of the collection", () =>
    Effect.gen(function* () {
      const all = yield* days
      const ttl = ({ visits }: Day, key: number) => (visits === key ? Duration.minutes(visits) : undefined)
      yield* all.getOrSetMany(
        [1, 2],
        () =>
          Effect.succeed([
            [1, day(1)],
            [2, day(7)]
          ] as const),
        { ttl }
      )
      yield* all.getOrSet(3, Effect.succeed(day(3)), { ttl })
      yield* all.getOrSet(4, Effect.succeed(day(4)), { ttl: () => "Infinity" })
      const [one, two, three, four] = yield* ttls(all.ttlMany([1, 2, 3, 4]))
      assert.deepStrictEqual([one, two], [Duration.minutes(1), Duration.hours(1)])
      assert.deepStrictEqual([three, four], [Duration.minutes(3), undefined])
    }).pipe(Effect.provide(memory()))
  )

  it.effect("shares the load of a key with getOrSet, and its failure", () =>
    Effect.gen(function* () {
      const all = yield* days
      const gate = yield* Deferred.make<void, "boom">()
      const one = yield* Effect.forkChild(all.getOrSet(1, Effect.as(Deferred.await(gate), day(1))))
      yield* Effect.yieldNow
      const many = yield* Effect.forkChild(
        all.getOrSetMany([1, 2], (missing) => Effect.succeed(missing.map((n) => [n, day(10 * n)] as const)))
      )
      yield* Effect.yieldNow
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Fiber.join(one), day(1))
      assert.deepStrictEqual(yield* Fiber.join(many), [Option.some(day(1)), Option.some(day(20))])
      assert.strictEqual(yield* Effect.flip(all.getOrSetMany([5], () => Effect.fail("boom" as const))), "boom")
    }).pipe(Effect.provide(memory()))
  )

  it.effect("fails with SerializationError when a loaded value does not fit, and stores nothing", () =>
    Effect.gen(function* () {
      const all = yield* days
      const load = () =>
        Effect.succeed([
          [1, day(1)],
          [2, day(0.5)]
        ] as const)
      const error = yield* Effect.flip(all.getOrSetMany([1, 2], load))
      assert.deepInclude(error, { _tag: "SerializationError", keys: ["2"] })
      assert.isFalse(yield* all.has(1))
    }).pipe(Effect.provide(memory()))
  )

  it.effect("with onStoreFailure load, a store that fails does not fail getOrSet and getOrSetMany", () => {
    const failing = { ...script(), always: "unavailable" as const }
    return Effect.gen(function* () {
      const all = yield* days
      const load = (missing: ReadonlyArray<number>) => Effect.succeed(missing.map((n) => [n, day(n)] as const))
      const options = { onStoreFailure: "load" } as const
      assert.deepStrictEqual(yield* all.getOrSet(1, Effect.succeed(day(1)), options), day(1))
      assert.deepStrictEqual(yield* all.getOrSetMany([2], load, options), [Option.some(day(2))])
      const errors = [all.getOrSet(1, Effect.succeed(day(1))), all.getOrSetMany([2], load)]
      for (const call of errors) {
        const error = yield* Effect.flip(call as Effect.Effect<unknown, Collection.GetOrSetError>)
        assert.strictEqual(error._tag, "StoreUnavailableError")
      }
    }).pipe(Effect.provide([memory().pipe(faulty(failing)), Logger.layer([])]))
  })
})
