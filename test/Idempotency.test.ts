/** Tests `Idempotency.once`: which outcomes are stored, who runs the effect, and what happens when the holder dies. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { DefaultValue, Driver, Idempotency, KeyValue, LimitSize, Memory } from "../src/index.ts"
import { StoreUnavailableError } from "../src/KeyValueError.ts"
import { nodes } from "./support/nodes.ts"
import { interruptedBefore } from "./support/steps.ts"

class Declined extends Schema.TaggedError<Declined>()("Declined", { reason: Schema.String }) {}

const Receipt = Schema.Struct({ id: Schema.Finite, at: Schema.Date })
const options = { ttl: "1 hour", success: Receipt, error: Declined } as const
const collection = "effect-kv:once"

/** An effect that counts its runs. */
const counted = <E>(result: Effect.Effect<void, E> = Effect.void) => {
  const runs = { count: 0 }
  const effect = Effect.andThen(
    Effect.sync(() => ++runs.count),
    Effect.map(result, () => ({ id: runs.count, at: new Date(0) }))
  )
  return { runs, effect }
}

const unavailable = Effect.fail(
  new StoreUnavailableError({ operation: "get", collection, keys: [], reason: "test", sent: true })
)

/** Replaces all calls of a node, unless the switch says that the store is up. */
const whileUp = (state: { readonly isUp: boolean }, failing: Effect.Effect<never, StoreUnavailableError>) =>
  Driver.wrapper(Driver.around((call, next) => Effect.suspend((): any => (state.isUp ? next(call) : failing))))

describe("Idempotency.once", () => {
  it.effect("runs the effect once, and returns its stored outcome until the TTL is over", () =>
    Effect.gen(function* () {
      const { runs, effect } = counted()
      const first = yield* Idempotency.once("a", effect, options)
      assert.deepStrictEqual(first, { id: 1, at: new Date(0) })
      assert.deepStrictEqual(yield* Idempotency.once("a", effect, options), first)
      assert.strictEqual((yield* Idempotency.once("b", effect, options)).id, 2)
      yield* TestClock.adjust("59 minutes")
      assert.deepStrictEqual(yield* Idempotency.once("a", effect, options), first)
      yield* TestClock.adjust("2 minutes")
      assert.strictEqual((yield* Idempotency.once("a", effect, options)).id, 3)
      assert.strictEqual(runs.count, 3)
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("runs the effect once for concurrent callers in several processes", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const all = [yield* node(), yield* node({ drift: { wall: 1_800_000, rate: 1.05 } }), yield* node()]
      const { runs, effect } = counted(Effect.sleep("2 minutes"))
      const callers = yield* Effect.forEach(Array.from({ length: 30 }), (_, i) =>
        Effect.forkChild(all[i % 3]!.run(Idempotency.once("a", effect, { ...options, wait: "Infinity" })))
      )
      yield* TestClock.adjust("3 minutes")
      for (const caller of callers) assert.strictEqual((yield* Fiber.join(caller)).id, 1)
      assert.strictEqual(runs.count, 1)
    })
  )

  it.effect("stores an error that matches the schema, and no other error, defect or interruption", () =>
    Effect.gen(function* () {
      const declined = counted(Effect.fail(new Declined({ reason: "limit" })))
      for (let i = 0; i < 2; i++) {
        const error = yield* Effect.flip(Idempotency.once("declined", declined.effect, options))
        assert.instanceOf(error, Declined)
        assert.strictEqual(error.reason, "limit")
      }
      assert.strictEqual(declined.runs.count, 1)
      for (const [name, failure] of Object.entries({
        other: Effect.fail("other"),
        defect: Effect.die(new Error("defect")),
        interrupt: Effect.interrupt
      })) {
        const { runs, effect } = counted(failure as Effect.Effect<void, string>)
        for (let i = 0; i < 2; i++)
          assert.isTrue(Exit.isFailure(yield* Effect.exit(Idempotency.once(name, effect, options))))
        assert.strictEqual(runs.count, 2, name)
      }
      const without = counted(Effect.fail(new Declined({ reason: "limit" })))
      const call = Idempotency.once("without", without.effect, { ttl: "1 hour", success: Receipt })
      for (let i = 0; i < 2; i++) assert.strictEqual((yield* Effect.flip(call))._tag, "Declined")
      assert.strictEqual(without.runs.count, 2)
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("stores undefined, and values of schemas with a JSON form of their own", () =>
    Effect.gen(function* () {
      let runs = 0
      const run = Effect.sync(() => void runs++)
      for (let i = 0; i < 2; i++) {
        assert.isUndefined(yield* Idempotency.once("void", run, { ttl: "1 hour", success: Schema.Void }))
      }
      assert.strictEqual(runs, 1)
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("fails with a typed error for an outcome that does not match the schema", () =>
    Effect.gen(function* () {
      yield* Idempotency.once("a", Effect.succeed("text"), { ttl: "1 hour", success: Schema.String })
      const { runs, effect } = counted()
      const error = yield* Effect.flip(Idempotency.once("a", effect, options))
      assert.deepInclude(error, { _tag: "DeserializationError", operation: "once", collection, keys: ["a"] })
      assert.strictEqual(runs.count, 0)
      const wrong = Idempotency.once("b", Effect.succeed(5 as never), { ttl: "1 hour", success: Schema.String })
      assert.strictEqual((yield* Effect.flip(wrong))._tag, "SerializationError")
      assert.strictEqual(
        yield* Idempotency.once("b", Effect.succeed("ok"), { ttl: "1 hour", success: Schema.String }),
        "ok"
      )
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("lets another process run the effect when the holder dies, and stores one outcome", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      let isDead = false
      const dying = Driver.wrapper(
        Driver.around((call, next) => Effect.suspend(() => (isDead ? (Effect.never as any) : next(call))))
      )
      const [a, b] = [yield* node({ wrap: dying }), yield* node()]
      const first = counted(Effect.sync(() => void (isDead = true)))
      const dead = yield* Effect.forkChild(
        a.run(Idempotency.once("a", first.effect, { ...options, lease: "10 seconds" }))
      )
      const second = counted()
      const other = yield* Effect.forkChild(b.run(Idempotency.once("a", second.effect, options)))
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual((yield* Fiber.join(other)).id, 1)
      assert.deepStrictEqual([first.runs.count, second.runs.count], [1, 1])
      isDead = false
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Effect.exit(Fiber.join(dead)))._tag, "Failure")
      assert.deepStrictEqual(yield* b.run(Idempotency.once("a", Effect.die("no"), options)), { id: 1, at: new Date(0) })
    })
  )

  it.effect("leaves no entry forever when the holder dies", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const a = yield* node()
      yield* Effect.forkChild(a.run(Idempotency.once("a", Effect.never, { ...options, success: Schema.Void })))
      yield* Effect.yieldNow
      const ttl = yield* a.run(KeyValue.KeyValue.use((kv) => kv.ttl("a", { collection })))
      assert.isDefined(ttl?.ttl)
    })
  )

  it.effect("stores the outcome or runs the effect again, wherever the caller is interrupted", () =>
    Effect.gen(function* () {
      for (let step = 1; step <= 120; step++) {
        const { runs, effect } = counted()
        yield* interruptedBefore(step, Idempotency.once(`${step}`, effect, options))
        const before = runs.count
        const { id } = yield* Idempotency.once(`${step}`, effect, { ...options, wait: 0 })
        assert.strictEqual(id, runs.count)
        assert.isAtMost(runs.count, before + 1)
        assert.strictEqual((yield* Idempotency.once(`${step}`, effect, options)).id, id)
      }
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("works over a stack that returns a default for a missing entry", () =>
    Effect.gen(function* () {
      const { runs, effect } = counted()
      for (let i = 0; i < 2; i++) yield* Idempotency.once("a", effect, options)
      assert.strictEqual(runs.count, 1)
    }).pipe(Effect.provide(Memory.layer().pipe(DefaultValue.wrap({ value: "default" }))))
  )

  it.effect("stores the outcome when the store fails for less than the TTL of the lease", () =>
    Effect.gen(function* () {
      for (const failing of [unavailable, Effect.never]) {
        const node = yield* nodes()
        const state = { isUp: true }
        const [a, b] = [yield* node({ wrap: whileUp(state, failing) }), yield* node()]
        const { runs, effect } = counted(Effect.sync(() => void (state.isUp = false)))
        const first = yield* Effect.forkChild(a.run(Idempotency.once("a", effect, options)))
        yield* TestClock.adjust("20 seconds")
        state.isUp = true
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual((yield* Fiber.join(first)).id, 1)
        assert.strictEqual((yield* b.run(Idempotency.once("a", effect, { ...options, wait: 0 }))).id, 1)
        assert.strictEqual(runs.count, 1)
      }
    })
  )

  it.effect("lets the next caller run the effect at once when the store does not accept the outcome", () =>
    Effect.gen(function* () {
      const long = Idempotency.once("a", Effect.succeed("x".repeat(2000)), { ttl: "1 hour", success: Schema.String })
      assert.strictEqual((yield* Effect.flip(long))._tag, "EntryTooLargeError")
      const short = Idempotency.once("a", Effect.succeed("x"), { ttl: "1 hour", success: Schema.String, wait: 0 })
      assert.strictEqual(yield* short, "x")
    }).pipe(Effect.provide(Memory.layer().pipe(LimitSize.wrap({ maxSize: 1000 }))))
  )

  it.effect("gives one outcome to any number of waiting callers after one read", () =>
    Effect.gen(function* () {
      const calls: Array<string> = []
      const slow = Driver.wrapper(
        Driver.around((call, next) =>
          Effect.andThen(
            Effect.andThen(
              Effect.sync(() => calls.push(call._tag)),
              Effect.sleep("5 millis")
            ),
            next(call)
          )
        )
      )
      const one = yield* (yield* nodes())({ wrap: slow })
      const Any = Schema.Struct({ all: Schema.mutable(Schema.Array(Schema.Finite)) })
      const once = Idempotency.once("a", Effect.delay(Effect.succeed({ all: [1] }), "10 seconds"), {
        ttl: "1 hour",
        success: Any,
        wait: "12 seconds"
      })
      const callers = yield* Effect.forEach(Array.from({ length: 2000 }), () => Effect.forkChild(one.run(once)))
      yield* TestClock.adjust("5 seconds")
      calls.length = 0
      yield* TestClock.adjust("6 seconds")
      const outcomes = yield* Effect.forEach(callers, Fiber.join)
      assert.strictEqual(new Set(outcomes.map(({ all }) => all)).size, 2000)
      for (const { all } of outcomes) assert.deepStrictEqual(all.splice(0), [1])
      assert.isBelow(calls.length, 20)
    })
  )

  it.effect("goes on while the store fails for a moment, for no longer than wait or 5 seconds", () =>
    Effect.gen(function* () {
      for (const failing of [unavailable, Effect.never]) {
        const state = { isUp: false }
        const one = yield* (yield* nodes())({ wrap: whileUp(state, failing) })
        const { runs, effect } = counted()
        const first = yield* Effect.forkChild(one.run(Idempotency.once("a", effect, options)))
        yield* TestClock.adjust("8 seconds")
        state.isUp = true
        yield* TestClock.adjust("25 seconds")
        assert.strictEqual((yield* Fiber.join(first)).id, 1)
        assert.strictEqual(runs.count, 1)
        state.isUp = false
        const impatient = yield* Effect.forkChild(
          one.run(Idempotency.once("b", effect, { ...options, wait: "1 second" }))
        )
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual(impatient.pollUnsafe()?._tag, "Failure")
      }
    })
  )

  it.effect("fails with StoreSetupError for an option that is not valid", () =>
    Effect.gen(function* () {
      for (const wrong of [{ ttl: 0 }, { ttl: undefined }, { lease: 5 }, { wait: -1 }]) {
        const call = Idempotency.once("a", counted().effect, { ...options, ...wrong } as never)
        assert.strictEqual((yield* Effect.flip(call as Effect.Effect<never, { _tag: string }>))._tag, "StoreSetupError")
      }
    }).pipe(Effect.provide(Memory.layer()))
  )
})
