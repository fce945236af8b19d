/** Tests `getOrSet` with `lease`: one load in all processes, whatever becomes of the process that loads. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Collection from "../src/Collection.ts"
import * as Driver from "../src/Driver.ts"
import * as Enumeration from "../src/Enumeration.ts"
import * as KeyValue from "../src/KeyValue.ts"
import { StoreUnavailableError } from "../src/KeyValueError.ts"
import * as Memory from "../src/stores/Memory.ts"
import * as Deadline from "../src/wrappers/Deadline.ts"
import { type Node, nodes } from "./support/nodes.ts"

const lease = "10 seconds"

/** Calls of the store that fail while `when` is true for them. */
const failing = (when: (call: { readonly _tag: string; readonly collection: string }) => boolean) =>
  Driver.wrapper(
    Driver.around((call, next) =>
      Effect.suspend(
        (): Effect.Effect<any, any> =>
          when(call as never)
            ? Effect.fail(new StoreUnavailableError({ ...call.place, reason: "down", sent: false }))
            : next(call)
      )
    )
  )

const slow = Driver.wrapper(Driver.around((call, next) => Effect.delay(next(call), "1 millis")))

/** A load that takes a second, and counts how often it begins. */
const counted = () => {
  const counts = { loads: 0 }
  const load = Effect.delay(
    Effect.sync(() => `value ${++counts.loads}`),
    "1 second"
  )
  return { counts, load }
}

const getOrSet = <E>(node: Node, load: Effect.Effect<string, E>, options: KeyValue.GetOrSetOptions = { lease }) =>
  node.run(KeyValue.KeyValue.use((kv) => kv.getOrSet("k", load, options)))

const fork = <A, E>(effect: Effect.Effect<A, E>) => Effect.forkChild(effect, { startImmediately: true })

describe("getOrSet with a lease", () => {
  for (const [name, wrap] of [
    ["an immediate", undefined],
    ["a slow", slow]
  ] as const) {
    it.effect(`loads once in 5 processes with 100 callers each, over ${name} store`, () =>
      Effect.gen(function* () {
        const node = yield* nodes()
        const { counts, load } = counted()
        const all = yield* Effect.forEach([1, 2, 3, 4, 5], () => node(wrap && { wrap }))
        const callers = yield* Effect.forEach(all, (one) =>
          fork(
            Effect.all(
              Array.from({ length: 100 }, () => getOrSet(one, load)),
              { concurrency: "unbounded" }
            )
          )
        )
        yield* TestClock.adjust("5 seconds")
        for (const values of yield* Effect.forEach(callers, Fiber.join)) {
          assert.deepStrictEqual(new Set(values), new Set(["value 1"]))
        }
        assert.strictEqual(counts.loads, 1)
      }).pipe(Effect.scoped)
    )
  }

  it.effect("loads in each process without the option", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const { counts, load } = counted()
      const callers = yield* Effect.forEach([yield* node(), yield* node()], (one) => fork(getOrSet(one, load, {})))
      yield* TestClock.adjust("5 seconds")
      yield* Effect.forEach(callers, Fiber.join)
      assert.strictEqual(counts.loads, 2)
    }).pipe(Effect.scoped)
  )

  it.effect("reads the key again under the lease, and does not load what was stored in the meantime", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const [first, second] = [yield* node(), yield* node()]
      let isStored = false
      // Another process stores the value after this one has read it and before it has the lease.
      const writer = yield* node({
        wrap: Driver.wrapper(
          Driver.around((call, next) => {
            if (isStored || call._tag !== "compareAndPut") return next(call)
            isStored = true
            return Effect.andThen(
              Effect.orDie(first.run(KeyValue.KeyValue.use((kv) => kv.put("k", "stored")))),
              next(call)
            ) as never
          })
        )
      })
      assert.strictEqual(yield* getOrSet(writer, Effect.die("loaded")), "stored")
      assert.isTrue(isStored)
      assert.strictEqual(yield* getOrSet(second, Effect.die("loaded")), "stored")
    }).pipe(Effect.scoped)
  )

  it.effect("loads in another process after the lease of a process that died", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      let isDead = false
      // A dead process neither renews nor releases its lease.
      const dying = yield* node({
        wrap: Driver.wrapper(
          Driver.around((call, next) => Effect.suspend(() => (isDead ? Effect.never : next(call)) as never))
        )
      })
      const other = yield* node()
      const dead = yield* Effect.forkDetach(getOrSet(dying, Effect.never), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      isDead = true
      const waiting = yield* fork(getOrSet(other, Effect.succeed("loaded")))
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(waiting), "loaded")
      assert.isUndefined(dead.pollUnsafe())
    }).pipe(Effect.scoped)
  )

  it.effect("loads in another process at once when the first caller is interrupted", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const [first, second] = [yield* node(), yield* node()]
      const loading = yield* fork(getOrSet(first, Effect.never))
      const waiting = yield* fork(getOrSet(second, Effect.succeed("loaded")))
      yield* TestClock.adjust("1 second")
      assert.isUndefined(waiting.pollUnsafe())
      yield* Fiber.interrupt(loading)
      yield* TestClock.adjust("300 millis")
      assert.strictEqual(yield* Fiber.join(waiting), "loaded")
    }).pipe(Effect.scoped)
  )

  it.effect("loads in another process when a load fails, and gives each caller the error of its own load", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const [first, second] = [yield* node(), yield* node()]
      const failed = yield* fork(Effect.flip(getOrSet(first, Effect.delay(Effect.fail("boom"), "1 second"))))
      const waiting = yield* fork(getOrSet(second, Effect.succeed("loaded")))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(failed), "boom")
      assert.strictEqual(yield* Fiber.join(waiting), "loaded")
    }).pipe(Effect.scoped)
  )

  it.effect("lets a caller wait for another process until its own deadline", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const [first, second] = [yield* node(), yield* node()]
      yield* fork(getOrSet(first, Effect.never))
      const waiting = yield* fork(
        Effect.flip(getOrSet(second, Effect.succeed("loaded")).pipe(Deadline.within("2 seconds")))
      )
      yield* TestClock.adjust("1999 millis")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(((yield* Fiber.join(waiting)) as { readonly _tag: string })._tag, "TimeoutError")
    }).pipe(Effect.scoped)
  )

  it.effect("loads without the lease when another process has loaded for 5 minutes", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const [first, second] = [yield* node(), yield* node()]
      yield* fork(getOrSet(first, Effect.never))
      const waiting = yield* fork(getOrSet(second, Effect.succeed("loaded")))
      yield* TestClock.adjust("299 seconds")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(waiting), "loaded")
    }).pipe(Effect.scoped)
  )

  it.effect("gives each key a lease of its own", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const inner = kv.getOrSet("c", Effect.succeed("inner"), { collection: "a", lease })
      const outer = kv.getOrSet("c", inner, { collection: "a/b", lease })
      assert.strictEqual(yield* outer, "inner")
      const other = kv.getOrSet("b/c", Effect.succeed("inner"), { collection: "d", lease })
      assert.strictEqual(yield* kv.getOrSet("c", other, { collection: "d/b", lease }), "inner")
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("leaves no lease behind after its TTL, when the load has ended", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const { keys } = yield* Enumeration.Enumeration
      const leases = Stream.runCollect(keys({ collection: "effect-kv:leases/c" }))
      yield* kv.getOrSet("k", Effect.succeed("v"), { collection: "c", lease: "1 second" })
      assert.deepStrictEqual(yield* leases, ["k"])
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* leases, [])
      assert.deepStrictEqual(yield* kv.get("k", { collection: "c" }), "v")
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("gives the entry of a lease a TTL, so that a process that dies leaves none behind", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const held = kv.ttl("k", { collection: "effect-kv:leases/c" })
      const found = yield* kv.getOrSet(
        "k",
        Effect.map(Effect.orDie(held), (found) => `${found?.ttl}`),
        {
          collection: "c",
          lease: "1 second"
        }
      )
      assert.strictEqual(found, "10000 millis")
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("fails with StoreSetupError at the call over a store without Atomic, also with onStoreFailure", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      for (const onStoreFailure of ["fail", "load"] as const) {
        const error = yield* Effect.flip(kv.getOrSet("k", Effect.die("loaded"), { lease, onStoreFailure }))
        assert.strictEqual(error._tag, "StoreSetupError")
        assert.include(error.message, "lease needs a store with Atomic")
      }
      assert.strictEqual(yield* kv.getOrSet("k", Effect.succeed("v")), "v")
    }).pipe(Effect.provide(Memory.layer().pipe(Driver.wrapper((driver) => ({ ...driver, atomic: undefined })))))
  )

  it.effect("fails with StoreSetupError for a lease that is not valid or too short", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      for (const lease of [0, -1, Number.NaN, 99, "Infinity"] as const) {
        assert.strictEqual(
          (yield* Effect.flip(kv.getOrSet("k", Effect.die("loaded"), { lease })))._tag,
          "StoreSetupError"
        )
      }
    }).pipe(Effect.provide(Memory.layer()))
  )

  describe("when the lease cannot be asked for", () => {
    const noLeases = failing((call) => call.collection?.startsWith("effect-kv:leases"))

    it.effect("fails with the error of the store, for the caller's key", () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const error = yield* Effect.flip(kv.getOrSet("k", Effect.die("loaded"), { collection: "c", lease }))
        assert.deepInclude(error, { _tag: "StoreUnavailableError", collection: "c", keys: ["k"] })
      }).pipe(Effect.provide(Memory.layer().pipe(noLeases)))
    )

    it.effect("loads with onStoreFailure", () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const options = { lease, onStoreFailure: "load" } as const
        assert.strictEqual(yield* kv.getOrSet("k", Effect.succeed("loaded"), options), "loaded")
      }).pipe(Effect.provide(Memory.layer().pipe(noLeases)))
    )

    it.effect("loads with onStoreFailure while the whole store is down, without asking for a lease", () => {
      const asked: Array<string> = []
      const down = failing(({ _tag, collection }) => asked.push(`${_tag} ${collection}`) > 0)
      return Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const options = { collection: "c", lease, onStoreFailure: "load" } as const
        assert.strictEqual(yield* kv.getOrSet("k", Effect.succeed("loaded"), options), "loaded")
        assert.deepStrictEqual(asked, ["get c"])
      }).pipe(Effect.provide(Memory.layer().pipe(down)))
    })
  })

  it.effect("ends a wait with the layer", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      yield* fork(getOrSet(yield* node(), Effect.never))
      const gate = yield* Deferred.make<void>()
      const other = yield* Effect.scoped(
        Effect.gen(function* () {
          const waiting = yield* fork(Effect.exit(getOrSet(yield* node(), Effect.die("loaded"))))
          yield* TestClock.adjust("1 second")
          yield* Deferred.succeed(gate, undefined)
          return waiting
        })
      )
      yield* TestClock.adjust("1 second")
      const exit = yield* Fiber.join(other)
      assert.include(Exit.isFailure(exit) ? String(exit.cause) : "", "StoreUnavailableError")
    }).pipe(Effect.scoped)
  )
})

describe("getOrSet of a collection with a lease", () => {
  const options = { collection: "dates", schema: Schema.Date, onInvalid: "miss" } as const

  it.effect("loads once in all processes, and replaces a value that does not match the schema", () =>
    Effect.gen(function* () {
      const node = yield* nodes()
      const all = [yield* node(), yield* node()]
      yield* all[0]!.run(KeyValue.KeyValue.use((kv) => kv.put("k", "no date", { collection: "dates" })))
      let loads = 0
      const load = Effect.delay(
        Effect.sync(() => new Date(++loads)),
        "1 second"
      )
      const callers = yield* Effect.forEach(all, (one) =>
        fork(one.run(Effect.flatMap(Collection.make(options), (dates) => dates.getOrSet("k", load, { lease }))))
      )
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(yield* Effect.forEach(callers, Fiber.join), [new Date(1), new Date(1)])
      const stored = yield* all[0]!.run(Effect.flatMap(Collection.make(options), (dates) => dates.get("k")))
      assert.deepStrictEqual(stored, Option.some(new Date(1)))
    }).pipe(Effect.scoped)
  )

  it.effect("fails with StoreSetupError over a store without Atomic", () =>
    Effect.gen(function* () {
      const dates = yield* Collection.make(options)
      const error = yield* Effect.flip(dates.getOrSet("k", Effect.die("loaded"), { lease }))
      assert.strictEqual(error._tag, "StoreSetupError")
    }).pipe(Effect.provide(Memory.layer().pipe(Driver.wrapper((driver) => ({ ...driver, atomic: undefined })))))
  )
})
