/** Tests `getOrSetMany`, and the options that it shares with `getOrSet`. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import type * as Call from "../src/driver/Call.ts"
import * as KeyValue from "../src/KeyValue.ts"
import { DecryptionError, StoreUnavailableError, TimeoutError } from "../src/KeyValueError.ts"
import * as Memory from "../src/stores/Memory.ts"
import { recording } from "./driver/recording.ts"

const unavailable = (call: Call.Call) =>
  Effect.fail(new StoreUnavailableError({ ...call.place, reason: "down", sent: true }))

/** A service, its calls, and switches that make reads or writes fail. */
const subject = (options: { readonly atomic: boolean } = { atomic: true }) =>
  Effect.map(recording, ({ driver, calls }) => {
    const down = { reads: false, writes: false }
    const kv = KeyValue.make({
      ...driver,
      get: (call) => Effect.suspend(() => (down.reads ? unavailable(call) : driver.get(call))),
      put: (call) => Effect.suspend(() => (down.writes ? unavailable(call) : driver.put(call))),
      atomic: options.atomic
        ? {
            compareAndPut: (call) =>
              Effect.suspend(() => (down.writes ? unavailable(call) : driver.atomic.compareAndPut(call)))
          }
        : undefined
    })
    return { kv, calls, down, tags: () => calls.map(({ _tag }) => _tag) }
  })

/** A load that returns a value for each key but those that start with `-`, and records the keys. */
const recordingLoad = () => {
  const loads: Array<ReadonlyArray<string>> = []
  const load = (keys: ReadonlyArray<string>) =>
    Effect.sync(() => {
      loads.push(keys)
      return new Map(keys.filter((key) => !key.startsWith("-")).map((key) => [key, `loaded ${key}`]))
    })
  return { loads, load }
}

const logged = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const lines: Array<string> = []
  const logger = Logger.make(({ message }) => void lines.push(String(message)))
  const result = yield* effect.pipe(
    Effect.provide(Logger.layer([logger])),
    Effect.provideService(References.MinimumLogLevel, "Info")
  )
  return { result, lines }
})

describe("getOrSetMany", () => {
  for (const atomic of [true, false]) {
    it.effect(`reads once and loads what is missing once (${atomic ? "with" : "without"} Atomic)`, () =>
      Effect.gen(function* () {
        const { kv, calls } = yield* subject({ atomic })
        const { loads, load } = recordingLoad()
        yield* kv.put("b", "stored")
        calls.length = 0
        const keys = ["a", "b", "-none", "a", "c"]
        const values = yield* kv.getOrSetMany(keys, load)
        assert.deepStrictEqual(values, ["loaded a", "stored", undefined, "loaded a", "loaded c"])
        assert.deepStrictEqual(loads, [["a", "-none", "c"]])
        assert.strictEqual(calls.filter(({ _tag }) => _tag === "get").length, 1)
        assert.strictEqual(calls.filter(({ _tag }) => _tag === "put").length, atomic ? 0 : 1)
        assert.deepStrictEqual(yield* kv.getMany(["a", "-none", "c"]), ["loaded a", undefined, "loaded c"])
        yield* kv.getOrSetMany(["a", "b", "c"], load)
        assert.strictEqual(loads.length, 1, "all hits")
        assert.deepStrictEqual(yield* kv.getOrSetMany([], load), [])
      })
    )
  }

  it.effect("ignores pairs of other keys, and accepts any iterable of pairs", () =>
    Effect.gen(function* () {
      const { kv } = yield* subject()
      const pairs = [
        ["other", 1],
        ["a", 2]
      ] as const
      assert.deepStrictEqual(yield* kv.getOrSetMany(new Set(["a"]), () => Effect.succeed(pairs)), [2])
      assert.isFalse(yield* kv.has("other"))
    })
  )

  it.effect("shares the load of a key with concurrent callers, also with getOrSet", () =>
    Effect.gen(function* () {
      const { kv } = yield* subject()
      const gate = yield* Deferred.make<void>()
      const { loads, load } = recordingLoad()
      const slow = (keys: ReadonlyArray<string>) => Effect.andThen(Deferred.await(gate), load(keys))
      const callers = yield* Effect.forEach(
        [
          kv.getOrSetMany(["a", "b"], slow),
          kv.getOrSetMany(["b", "c"], slow),
          Effect.map(kv.getOrSet("a", Effect.die("loaded alone")), (value) => [value])
        ],
        (call) => Effect.forkChild(call, { startImmediately: true })
      )
      yield* Effect.yieldNow
      yield* Deferred.succeed(gate, undefined)
      const [ab, bc, a] = yield* Fiber.joinAll(callers)
      assert.deepStrictEqual([ab, bc, a], [["loaded a", "loaded b"], ["loaded b", "loaded c"], ["loaded a"]])
      assert.deepStrictEqual(loads, [["a", "b"], ["c"]])
    })
  )

  it.effect("runs the load of getOrSet when a shared batch has no value for its key", () =>
    Effect.gen(function* () {
      const { kv } = yield* subject()
      const gate = yield* Deferred.make<void>()
      const many = yield* Effect.forkChild(
        kv.getOrSetMany(["-a"], () => Effect.as(Deferred.await(gate), [])),
        { startImmediately: true }
      )
      yield* Effect.yieldNow
      const one = yield* Effect.forkChild(kv.getOrSet("-a", Effect.succeed("own")), { startImmediately: true })
      yield* Effect.yieldNow
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Fiber.join(many), [undefined])
      assert.strictEqual(yield* Fiber.join(one), "own")
    })
  )

  for (const atomic of [true, false]) {
    it.effect(`does not overwrite a key that is written during the load (${atomic ? "with" : "without"} Atomic)`, () =>
      Effect.gen(function* () {
        const { kv } = yield* subject({ atomic })
        const load = () =>
          Effect.as(Effect.orDie(kv.put("a", "newer")), [
            ["a", "older"],
            ["b", "b"]
          ] as const)
        yield* kv.getOrSetMany(["a", "b"], load)
        assert.deepStrictEqual(yield* kv.getMany(["a", "b"]), ["newer", "b"])
      })
    )
  }

  it.effect("returns the value of another process that stored one during the load", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      const [here, there] = [KeyValue.make(driver), KeyValue.make({ ...driver })]
      const load = () => Effect.as(Effect.orDie(there.put("a", "theirs")), [["a", "ours"]] as const)
      assert.deepStrictEqual(yield* here.getOrSetMany(["a"], load), ["theirs"])
    })
  )

  it.effect("fails with the error of the load, and stores nothing", () =>
    Effect.gen(function* () {
      const { kv, tags } = yield* subject()
      assert.strictEqual(yield* Effect.flip(kv.getOrSetMany(["a"], () => Effect.fail("boom"))), "boom")
      assert.deepStrictEqual(tags(), ["get"])
    })
  )

  it.effect("fails with SerializationError for a value that cannot be stored, and stores nothing", () =>
    Effect.gen(function* () {
      const { kv, tags } = yield* subject()
      const load = () => Effect.succeed([["a", 1] as const, ["b", new Date(0) as never] as const])
      const error = yield* Effect.flip(kv.getOrSetMany(["a", "b"], load))
      assert.deepStrictEqual([error._tag, "keys" in error && error.keys], ["SerializationError", ["b"]])
      assert.deepStrictEqual(tags(), ["get"])
    })
  )

  it.effect("stores nothing when the caller is interrupted during the load", () =>
    Effect.gen(function* () {
      const { kv, tags } = yield* subject()
      const caller = yield* Effect.forkChild(
        kv.getOrSetMany(["a"], () => Effect.never),
        { startImmediately: true }
      )
      yield* Effect.yieldNow
      yield* Fiber.interrupt(caller)
      assert.deepStrictEqual(tags(), ["get"])
      assert.deepStrictEqual(yield* kv.getOrSetMany(["a"], () => Effect.succeed([["a", 1]] as const)), [1])
    })
  )

  it.effect("loads 100,000 keys", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const keys = Array.from({ length: 100_000 }, (_, i) => `k${i}`)
      const values = yield* kv.getOrSetMany(keys, (missing) =>
        Effect.succeed(missing.map((key) => [key, key] as const))
      )
      assert.deepStrictEqual(values, keys)
      assert.strictEqual(yield* kv.get("k99999"), "k99999")
    }).pipe(Effect.provide(Memory.layer()))
  )
})

describe("the ttl of getOrSet and getOrSetMany", () => {
  it.effect("may be a function of the loaded value and its key", () =>
    Effect.gen(function* () {
      const { kv } = yield* subject()
      const ttl = (value: unknown, key: string) => (value === null ? Duration.seconds(key.length) : undefined)
      yield* kv.getOrSet("one", Effect.succeed(null), { ttl })
      yield* kv.getOrSet("ever", Effect.succeed(1), { ttl })
      yield* kv.getOrSetMany(
        ["ab", "x"],
        () =>
          Effect.succeed(
            new Map([
              ["ab", null],
              ["x", null]
            ])
          ),
        { ttl }
      )
      const left = (yield* kv.ttlMany(["one", "ever", "ab", "x"])).map((it) => it?.ttl && Duration.toMillis(it.ttl))
      assert.deepStrictEqual(left, [3000, undefined, 2000, 1000])
    })
  )

  it.effect("is checked, and a function that throws is a defect", () =>
    Effect.gen(function* () {
      const { kv } = yield* subject()
      const error = yield* Effect.flip(kv.getOrSet("a", Effect.succeed(1), { ttl: () => 0 }))
      assert.strictEqual(error._tag, "InvalidTtlError")
      const thrown = () => {
        throw new Error("thrown")
      }
      const exit = yield* Effect.exit(
        kv.getOrSetMany(["a"], () => Effect.succeed([["a", 1]] as const), { ttl: thrown })
      )
      assert.include(String(exit), "thrown")
      assert.isFalse(yield* kv.has("a"))
    })
  )
})

describe("onStoreFailure", () => {
  const calls = {
    getOrSet: (kv: KeyValue.Service, options?: KeyValue.GetOrSetOptions) =>
      kv.getOrSet("a", Effect.succeed("loaded"), options),
    getOrSetMany: (kv: KeyValue.Service, options?: KeyValue.GetOrSetOptions) =>
      Effect.map(
        kv.getOrSetMany(["a"], () => Effect.succeed([["a", "loaded"]] as const), options),
        ([value]) => value
      )
  }
  for (const [name, call] of Object.entries(calls)) {
    for (const atomic of [true, false]) {
      it.effect(
        `"load" returns a loaded value from ${name} when the store fails (${atomic ? "with" : "without"} Atomic)`,
        () =>
          Effect.gen(function* () {
            const { kv, down, tags } = yield* subject({ atomic })
            down.reads = true
            assert.strictEqual((yield* Effect.flip(call(kv)))._tag, "StoreUnavailableError")
            assert.strictEqual(yield* call(kv, { onStoreFailure: "load" }), "loaded")
            assert.deepStrictEqual(tags(), [], "writes nothing after a failed read")
            down.reads = false
            down.writes = true
            assert.strictEqual((yield* Effect.flip(call(kv)))._tag, "StoreUnavailableError")
            const { result, lines } = yield* logged(call(kv, { onStoreFailure: "load" }))
            assert.strictEqual(result, "loaded")
            assert.strictEqual(lines.length, 1)
            assert.include(lines[0], "not stored")
            down.writes = false
            assert.strictEqual(yield* call(kv, { onStoreFailure: "load" }), "loaded")
            assert.isTrue(yield* kv.has("a"))
          })
      )
    }

    it.effect(`"load" returns a loaded value from ${name} that has joined a caller with "fail"`, () =>
      Effect.gen(function* () {
        const { driver } = yield* recording
        const late = (call: Call.Call) =>
          Effect.delay(Effect.fail(new TimeoutError({ ...call.place, duration: Duration.seconds(1) })), "1 second")
        const kv = KeyValue.make({ ...driver, get: late })
        const failing = yield* Effect.forkChild(Effect.flip(calls.getOrSetMany(kv)), { startImmediately: true })
        yield* Effect.yieldNow
        const loading = yield* Effect.forkChild(call(kv, { onStoreFailure: "load" }), { startImmediately: true })
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual((yield* Fiber.join(failing))._tag, "TimeoutError")
        assert.strictEqual(yield* Fiber.join(loading), "loaded")
      })
    )

    it.effect(`"load" loads only the damaged entry of a batch that ${name} shares, and stores the others`, () =>
      Effect.gen(function* () {
        const { driver } = yield* recording
        const { loads, load } = recordingLoad()
        const kv = KeyValue.make({
          ...driver,
          get: (call) =>
            call.keys.includes("damaged")
              ? Effect.fail(new DecryptionError({ ...call.place, keys: ["damaged"], reason: "altered" }))
              : driver.get(call)
        })
        yield* kv.put("stored", "stored")
        const keys = ["stored", "damaged", "a", "b"]
        const batch = yield* Effect.forkChild(kv.getOrSetMany(keys, load, { onStoreFailure: "load" }), {
          startImmediately: true
        })
        assert.include(["loaded", "loaded a"], yield* call(kv, { onStoreFailure: "load" }))
        const values = yield* Fiber.join(batch)
        assert.deepStrictEqual([values[0], values[1], values[3]], ["stored", "loaded damaged", "loaded b"])
        assert.notInclude(loads.flat(), "stored")
        assert.isTrue(yield* kv.has("b"))
        assert.strictEqual((yield* Effect.flip(kv.getOrSetMany(keys, load)))._tag, "DecryptionError")
      })
    )

    it.effect(`"load" reads once and loads in ${name} when the store is slow`, () =>
      Effect.gen(function* () {
        const { driver } = yield* recording
        let reads = 0
        const kv = KeyValue.make({
          ...driver,
          get: (call) => {
            reads++
            return Effect.delay(
              Effect.fail(new TimeoutError({ ...call.place, duration: Duration.seconds(1) })),
              "1 second"
            )
          }
        })
        const loading = yield* Effect.forkChild(call(kv, { onStoreFailure: "load" }))
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* Fiber.join(loading), "loaded")
        assert.strictEqual(reads, 1)
      })
    )

    it.effect(`"load" still fails in ${name} after the layer has closed`, () =>
      Effect.gen(function* () {
        const kv = yield* Effect.provide(KeyValue.KeyValue, Memory.layer())
        const error = yield* Effect.flip(call(kv, { onStoreFailure: "load" }))
        assert.strictEqual(error._tag, "StoreUnavailableError")
      })
    )
  }
})
