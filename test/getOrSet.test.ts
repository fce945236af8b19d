/**
 * Tests what `getOrSet` promises: at most two reads and one load for all callers, and never a loaded value over a newer one.
 */
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { Atomic, Collection, Deadline, Driver, KeyValue, Maintenance, Memory, type Value } from "effect-kv"
import * as Sqlite from "effect-kv/Sqlite"

class Other extends Context.Service<Other, KeyValue.Service>()("test/Other") {}

/** A store without `Atomic`. */
const plain = Memory.layer().pipe(
  Driver.wrapper((driver) => ({ ...driver, atomic: undefined }))
) as Layer.Layer<KeyValue.KeyValue>

/** A store that counts its reads. */
const counted = (reads: { count: number }) =>
  Memory.layer().pipe(
    Driver.wrapper(
      Driver.around((call, next) =>
        Effect.suspend(() => {
          if (call._tag === "get") reads.count++
          return Effect.delay(next(call), "1 millis")
        })
      )
    )
  )

/** Starts a load, and returns an effect that ends it and waits for its caller. */
const begun = Effect.fnUntraced(function* (kv: KeyValue.Service, key: string, value: string) {
  const gate = yield* Deferred.make<void>()
  const caller = yield* Effect.forkChild(kv.getOrSet(key, Effect.as(Deferred.await(gate), value)), {
    startImmediately: true
  })
  yield* Effect.yieldNow
  return { end: Effect.andThen(Deferred.succeed(gate, undefined), Fiber.join(caller)) }
})

describe("getOrSet", () => {
  it.effect("loads once and reads twice for 1,000 callers, and gives every caller a copy", () => {
    const reads = { count: 0 }
    let loads = 0
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const load = Effect.delay(
        Effect.sync(() => [++loads]),
        "20 millis"
      )
      const all = yield* Effect.forkChild(
        Effect.all(
          Array.from({ length: 1000 }, () => kv.getOrSet("hot", load)),
          { concurrency: "unbounded" }
        )
      )
      yield* TestClock.adjust("1 second")
      const values = yield* Fiber.join(all)
      assert.deepStrictEqual(values, Array(1000).fill([1]))
      assert.strictEqual(new Set(values).size, 1000)
      assert.deepStrictEqual([reads.count, loads], [2, 1])
    }).pipe(Effect.provide(counted(reads)))
  })

  it.effect("does not store a loaded value while a put of its key is running, in a store without Atomic", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const put = yield* Effect.forkChild(kv.put("a", "put"), { startImmediately: true })
      // The load begins and ends while the put is running.
      assert.strictEqual(yield* kv.getOrSet("a", Effect.succeed("loaded")), "loaded")
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(put)
      assert.strictEqual(yield* kv.get("a"), "put")
      // The end of the put is noticed: the next value is stored.
      yield* kv.delete("a")
      yield* kv.getOrSet("a", Effect.succeed("again"))
      assert.strictEqual(yield* kv.get("a"), "again")
    }).pipe(
      Effect.provide(
        plain.pipe(
          Driver.wrapper((driver) => {
            // Like a combination of stores: one has applied the put, another takes long, and a third is read.
            let isRunning = false
            return {
              ...driver,
              get: (call) => (isRunning ? Effect.succeed([undefined]) : driver.get(call)),
              put: (call) =>
                call.place.operation === "put" && call.entries[0]!.payload.copy().value === "put"
                  ? Effect.andThen(
                      driver.put(call),
                      Effect.suspend(() => {
                        isRunning = true
                        return Effect.map(Effect.sleep("1 second"), () => void (isRunning = false))
                      })
                    )
                  : driver.put(call)
            }
          })
        )
      )
    )
  )

  describe("whose first read takes long", () => {
    /** A store whose first read has its result at once, and returns it after a second. */
    const slow = (reads: { count: number }, store: Layer.Layer<KeyValue.KeyValue, unknown> = Memory.layer()) =>
      store.pipe(
        Driver.wrapper(
          Driver.around((call, next) =>
            Effect.suspend(() =>
              call._tag === "get" && ++reads.count === 1
                ? Effect.flatMap(Effect.exit(next(call)), (exit) => Effect.andThen(Effect.sleep("1 second"), exit))
                : next(call)
            )
          )
        )
      )

    it.effect("reads once when nobody else asks for the key", () => {
      const reads = { count: 0 }
      return Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const caller = yield* Effect.forkChild(kv.getOrSet("a", Effect.succeed("loaded")))
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual([yield* Fiber.join(caller), reads.count], ["loaded", 1])
        assert.strictEqual(yield* kv.get("a"), "loaded")
      }).pipe(Effect.provide(slow(reads)))
    })

    const meanwhile: Record<string, (kv: KeyValue.Service) => Effect.Effect<unknown, unknown>> = {
      "a load has ended": (kv) => kv.getOrSet("a", Effect.succeed("first")),
      "a load of several keys has ended": (kv) =>
        kv.getOrSetMany(["b", "a"], (keys) => Effect.succeed(keys.map((key) => [key, "first"] as const))),
      "the key was put": (kv) => kv.put("a", "first")
    }
    for (const [event, run] of Object.entries(meanwhile)) {
      for (const [name, store] of [
        ["with Atomic", Memory.layer()],
        ["without Atomic", plain]
      ] as const) {
        it.effect(`reads again and does not load if ${event} meanwhile, in a store ${name}`, () => {
          const reads = { count: 0 }
          return Effect.gen(function* () {
            const kv = yield* KeyValue.KeyValue
            const caller = yield* Effect.forkChild(kv.getOrSet("a", Effect.die("loaded twice")), {
              startImmediately: true
            })
            yield* run(kv)
            yield* TestClock.adjust("1 second")
            assert.strictEqual(yield* Fiber.join(caller), "first")
          }).pipe(Effect.provide(slow(reads, store)))
        })
      }
    }
  })

  for (const [name, store] of [
    ["over a store with Atomic", Memory.layer()],
    ["over a store without Atomic", plain]
  ] as const) {
    describe(name, () => {
      it.effect("does not store a loaded value over a put that came meanwhile", () =>
        Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          const { end } = yield* begun(kv, "a", "old")
          yield* kv.put("a", "new")
          yield* end
          assert.strictEqual(yield* kv.get("a"), "new")
        }).pipe(Effect.provide(store))
      )

      it.effect("does not store a loaded value after a delete that came meanwhile", () =>
        Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          const { end } = yield* begun(kv, "a", "old")
          yield* kv.deleteMany(["other", "a"])
          assert.strictEqual(yield* end, "old", "a caller from before the delete gets the loaded value")
          assert.isUndefined(yield* kv.get("a"))
        }).pipe(Effect.provide(store))
      )

      it.effect("does not join a load that began before a delete", () =>
        Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          const { end } = yield* begun(kv, "a", "old")
          yield* kv.delete("a")
          assert.strictEqual(yield* kv.getOrSet("a", Effect.succeed("fresh")), "fresh")
          yield* end
          assert.strictEqual(yield* kv.get("a"), "fresh")
        }).pipe(Effect.provide(store))
      )
    })
  }

  it.effect("does not store a loaded value after the collection was cleared meanwhile", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const maintenance = yield* Maintenance.Maintenance
      const { end } = yield* begun(kv, "a", "old")
      yield* maintenance.clear
      yield* end
      assert.isUndefined(yield* kv.get("a"))
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("does not store a loaded value after a getAndDelete that found nothing", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const { end } = yield* begun(kv, "a", "old")
      assert.isUndefined(yield* (yield* Atomic.Atomic).getAndDelete("a"))
      yield* end
      assert.isUndefined(yield* kv.get("a"))
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("does not store a loaded value over an update through Atomic", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const atomic = yield* Atomic.Atomic
      const { end } = yield* begun(kv, "a", "old")
      yield* atomic.update("a", () => "new")
      yield* end
      assert.strictEqual(yield* kv.get("a"), "new")
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("returns the value that another process stored first, where the store has Atomic", () => {
    const base = Memory.layer()
    const other = Layer.effect(Other, KeyValue.KeyValue).pipe(Layer.provide(base))
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const { end } = yield* begun(kv, "a", "ours")
      yield* (yield* Other).put("a", "theirs")
      assert.strictEqual(yield* end, "theirs")
      assert.strictEqual(yield* kv.get("a"), "theirs")
    }).pipe(Effect.provide(Layer.merge(base.pipe(Driver.wrapper((driver) => ({ ...driver }))), other)))
  })

  it.effect("gives a load its own Scope, which outlives the caller that began the load", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const events: Array<string> = []
      const resource = Effect.acquireRelease(Effect.succeed("resource"), () => Effect.sync(() => events.push("closed")))
      const load = Effect.tap(Effect.delay(resource, "0 millis"), () =>
        Effect.andThen(
          Effect.sleep("1 second"),
          Effect.sync(() => events.push("used"))
        )
      )
      const caller = Effect.scoped(kv.getOrSet("a", load))
      const first = yield* Effect.forkChild(Effect.timeout(caller, "10 millis"))
      const second = yield* Effect.forkChild(caller)
      yield* TestClock.adjust("10 millis")
      assert.isTrue(Exit.isFailure(yield* Fiber.await(first)))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(second), "resource")
      assert.deepStrictEqual(events, ["used", "closed"])
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("runs a load without the deadline of any caller, and fails each caller at its own deadline", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const load = Effect.delay(Effect.succeed("value"), "1 second")
      const hurried = yield* Effect.forkChild(Effect.flip(Deadline.within(kv.getOrSet("a", load), "50 millis")))
      const patient = yield* Effect.forkChild(kv.getOrSet("a", load))
      yield* TestClock.adjust("50 millis")
      const error = yield* Fiber.join(hurried)
      assert.strictEqual(error._tag, "TimeoutError")
      assert.strictEqual(error._tag === "TimeoutError" && Duration.toMillis(error.duration), 50)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(patient), "value")
    }).pipe(Effect.provide(Memory.layer().pipe(Deadline.wrap())))
  )

  describe("loads that wait for each other", () => {
    const message = (exit: Exit.Exit<unknown, unknown>) => (Exit.isFailure(exit) ? String(exit.cause) : "no failure")

    it.effect("die with a message that names the key, when a load asks for its own key", () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const exit = yield* Effect.exit(
          kv.getOrSet(
            "k",
            Effect.suspend(() => kv.getOrSet("k", Effect.succeed(1)))
          )
        )
        assert.include(message(exit), '"default_collection" / "k" → "default_collection" / "k"')
        assert.strictEqual(yield* kv.getOrSet("k", Effect.succeed(1)), 1, "the key can be loaded afterwards")
      }).pipe(Effect.provide(Memory.layer()))
    )

    it.effect("die with a message that names the cycle, when two loads ask for each other's keys", () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const asking = (key: string): Effect.Effect<any, any> =>
          Effect.andThen(Effect.sleep("10 millis"), kv.getOrSet(key, Effect.succeed("never")))
        const a = yield* Effect.forkChild(Effect.exit(kv.getOrSet("a", asking("b"))))
        const b = yield* Effect.forkChild(Effect.exit(kv.getOrSet("b", asking("a"))))
        yield* TestClock.adjust("10 millis")
        const exits = [yield* Fiber.join(a), yield* Fiber.join(b)].map(message)
        for (const text of exits) assert.match(text, /waits for itself: .*"[ab]" → .*"[ab]" → .*"[ab]"/)
      }).pipe(Effect.provide(Memory.layer()))
    )

    it.effect("succeed when 3,000 loads ask for each other in a chain without a cycle", () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const from = (i: number): Effect.Effect<any, any> =>
          i === 0 ? Effect.succeed("end") : Effect.suspend(() => kv.getOrSet(String(i), from(i - 1)))
        assert.strictEqual(yield* kv.getOrSet("first", from(3_000)), "end")
      }).pipe(Effect.provide(Memory.layer()))
    )
  })

  it.effect("dies in all callers when the load throws, and loads again for later callers", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const throwing = Effect.sync((): string => {
        throw new Error("a bug in the load")
      })
      const exit = yield* Effect.exit(kv.getOrSet("a", throwing))
      assert.isTrue(Exit.hasDies(exit))
      assert.strictEqual(yield* kv.getOrSet("a", Effect.succeed("good")), "good")
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("fails at once when the layer is closed", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Memory.layer(), scope)
      const kv = yield* Effect.provide(KeyValue.KeyValue, context)
      yield* Scope.close(scope, Exit.void)
      const error = yield* Effect.flip(kv.getOrSet("a", Effect.die("loaded")))
      assert.isTrue(error._tag === "StoreUnavailableError" && error.isClosed && !error.retryable)
    })
  )
})

describe("getOrSet during the close of its layer", () => {
  it.effect("fails when the layer is closed before the loaded value is stored", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Memory.layer(), scope)
      const kv = yield* Effect.provide(KeyValue.KeyValue, context)
      const { end } = yield* begun(kv, "a", "loaded")
      yield* Scope.close(scope, Exit.void)
      const error = yield* Effect.flip(end)
      assert.isTrue(error._tag === "StoreUnavailableError" && error.isClosed)
    })
  )
})

describe("Collection.getOrSet", () => {
  it.effect("does not replace an invalid value over a put that came meanwhile", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("k", "of an old schema", { collection: "c" })
      const numbers = yield* Collection.make({ collection: "c", schema: Schema.Finite, onInvalid: "miss" })
      const gate = yield* Deferred.make<void>()
      const caller = yield* Effect.forkChild(numbers.getOrSet("k", Effect.as(Deferred.await(gate), 1)), {
        startImmediately: true
      })
      yield* Effect.yieldNow
      yield* numbers.put("k", 99)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(caller)
      assert.strictEqual(yield* numbers.getOrFail("k"), 99)
    }).pipe(Effect.provide(Memory.layer()))
  )
})

describe("the value that getOrSet returns after a load", () => {
  const stores = { "with Atomic": Memory.layer(), "without Atomic": plain, "that keeps text": Sqlite.layer() }
  for (const [name, store] of Object.entries<Layer.Layer<KeyValue.KeyValue, unknown>>(stores)) {
    it.effect(
      `equals what get returns, for bytes and objects of another realm, an ArrayBuffer and accessors, in a store ${name}`,
      () => {
        let reads = 0
        const values: Readonly<Record<string, unknown>> = {
          "bytes of another realm": runInNewContext("new Uint8Array([1, 2])"),
          "an ArrayBuffer": new Uint8Array([1, 2]).buffer,
          "an object of another realm": runInNewContext("({ a: [1, -0] })"),
          "an accessor": Object.defineProperty({}, "reads", { get: () => ++reads, enumerable: true })
        }
        return Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          for (const [key, value] of Object.entries(values)) {
            const load = Effect.succeed(value as Value.Value)
            assert.deepStrictEqual(yield* kv.getOrSet(key, load), yield* kv.get(key), key)
          }
          assert.deepStrictEqual(yield* kv.get("an ArrayBuffer"), new Uint8Array([1, 2]))
          assert.strictEqual(reads, 1)
        }).pipe(Effect.provide(store))
      }
    )
  }
})
