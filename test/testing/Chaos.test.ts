/** Tests `Chaos`: what each fault does to a call, how faults are drawn, and how they are switched on and off. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import type * as Call from "../../src/driver/Call.ts"
import * as KeyValue from "../../src/KeyValue.ts"
import * as Memory from "../../src/stores/Memory.ts"
import * as Chaos from "../../src/testing/Chaos.ts"
import * as Aead from "../../src/wrappers/Aead.ts"
import * as FernetEncryption from "../../src/wrappers/FernetEncryption.ts"
import { buildError } from "../support/faults.ts"

const memory = Memory.layer({ seed: { default_collection: { key: "old" } } })

/** The store with a fault in its first call. */
const once = (fault: Chaos.Fault, options: Chaos.Options = {}) =>
  memory.pipe(Chaos.wrap({ ...options, script: (_, n) => (n === 0 ? fault : undefined) }))

const { get, put, ttl } = {
  get: KeyValue.KeyValue.use((kv) => kv.get("key")),
  put: KeyValue.KeyValue.use((kv) => kv.put("key", "new")),
  ttl: KeyValue.KeyValue.use((kv) => kv.ttl("key"))
}

const run = <A, E, E2>(
  effect: Effect.Effect<A, E, KeyValue.KeyValue | Chaos.Chaos>,
  layer: Layer.Layer<KeyValue.KeyValue | Chaos.Chaos, E2>
) => Effect.provide(effect, layer, { local: true })

describe("Chaos", () => {
  it.effect("failBefore fails the call before it reaches the store", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(put)
      assert.strictEqual(error._tag, "StoreUnavailableError")
      assert.strictEqual(error.outcome, "not-applied")
      assert.strictEqual(yield* get, "old")
    }).pipe((effect) => run(effect, once({ _tag: "failBefore" })))
  )

  it.effect("failAfter fails the call after it was applied", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(put)
      assert.strictEqual(error._tag, "StoreUnavailableError")
      assert.strictEqual(error.outcome, "unknown")
      assert.strictEqual(yield* get, "new")
    }).pipe((effect) => run(effect, once({ _tag: "failAfter" })))
  )

  it.effect("fails a read without an outcome", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(get)
      assert.strictEqual(error._tag === "StoreUnavailableError" && error.outcome, undefined)
    }).pipe((effect) => run(effect, once({ _tag: "failAfter" })))
  )

  it.effect("delay waits before and after the call", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(put)
      yield* TestClock.adjust(9)
      assert.strictEqual(yield* get, "old")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* get, "new")
      yield* TestClock.adjust(19)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(fiber.pollUnsafe(), Exit.void)
    }).pipe((effect) => run(effect, once({ _tag: "delay", before: 10, after: 20 })))
  )

  it.effect("stall does not apply the call and never returns", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(put)
      yield* TestClock.adjust("1 day")
      assert.isUndefined(fiber.pollUnsafe())
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* get, "old")
    }).pipe((effect) => run(effect, once({ _tag: "stall" })))
  )

  it.effect("late applies the call even if its caller is interrupted", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(put)
      yield* TestClock.adjust(500)
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust(499)
      assert.strictEqual(yield* get, "old")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* get, "new")
    }).pipe((effect) => run(effect, once({ _tag: "late", by: 1000 })))
  )

  it.effect("late returns the result to a caller that waits", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(get)
      yield* TestClock.adjust(1000)
      assert.deepStrictEqual(fiber.pollUnsafe(), Exit.succeed("old"))
    }).pipe((effect) => run(effect, once({ _tag: "late", by: 1000 })))
  )

  it.effect("a late call ends with the layer", () =>
    Effect.gen(function* () {
      let reached = 0
      const inner = memory.pipe(
        Chaos.wrap({
          script: () => {
            reached++
            return undefined
          }
        }),
        Chaos.wrap({ script: () => ({ _tag: "late", by: 1000 }) })
      )
      yield* run(
        Effect.gen(function* () {
          yield* Effect.forkDetach(put)
          yield* TestClock.adjust(500)
        }),
        inner
      )
      yield* TestClock.adjust(5000)
      assert.strictEqual(reached, 0)
    })
  )

  it.effect("expireEarly makes a written entry expire sooner", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("key", "new", { ttl: "1 minute" })
      yield* TestClock.adjust(999)
      assert.strictEqual(yield* get, "new")
      yield* TestClock.adjust(1)
      assert.isUndefined(yield* get)
      yield* kv.put("key", "new", { ttl: "1 minute" })
      yield* TestClock.adjust(59_999)
      assert.strictEqual(yield* get, "new")
    }).pipe((effect) => run(effect, once({ _tag: "expireEarly", after: 1000 })))
  )

  it.effect("corrupt changes a value of any form when it is read", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const values = ["text", "", { a: { b: ["c"] } }, 7, null, { n: 1 }, Uint8Array.of(1, 2, 3), new Uint8Array(0)]
      for (const value of values) {
        yield* Chaos.spared(kv.put("key", value))
        assert.notDeepEqual(yield* kv.get("key"), value)
        assert.deepStrictEqual(yield* Chaos.spared(kv.get("key")), value)
      }
      assert.isUndefined(yield* kv.get("missing"))
    }).pipe((effect) => run(effect, memory.pipe(Chaos.wrap({ rates: { corrupt: 1 } }))))
  )

  const key = Redacted.make("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")
  const encryptions = {
    Aead: Aead.wrap({ keys: [{ id: "1", key }] }),
    "FernetEncryption, binary": FernetEncryption.wrap({ keys: [key], envelope: "binary" })
  }
  for (const [name, encryption] of Object.entries(encryptions)) {
    it.effect(`${name} never returns a value that corrupt has changed`, () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("key", { a: "value" })
        for (let i = 0; i < 300; i++) {
          const error = yield* Effect.flip(kv.get("key"))
          assert.include(["DecryptionError", "DeserializationError"], error._tag)
        }
      }).pipe(
        Random.withSeed("bits"),
        Effect.provide(memory.pipe(Chaos.wrap({ rates: { corrupt: 1 } }), encryption), { local: true })
      )
    )
  }

  it.effect("draws the same faults from the same seed, at about their rates", () =>
    Effect.gen(function* () {
      const rates = { failBefore: 0.1, failAfter: 0.2, corrupt: 0.1, expireEarly: 0.1 }
      const trial = (seed: string) =>
        Effect.gen(function* () {
          const tags: Array<string> = []
          for (let i = 0; i < 1000; i++) tags.push((yield* Effect.exit(put))._tag, (yield* Effect.exit(get))._tag)
          return { tags, injected: yield* (yield* Chaos.Chaos).injected }
        }).pipe(Random.withSeed(seed), (effect) => run(effect, memory.pipe(Chaos.wrap({ rates }))))
      const first = yield* trial("a")
      assert.deepStrictEqual(yield* trial("a"), first)
      assert.notDeepEqual(yield* trial("b"), first)
      const { failBefore, failAfter, corrupt, expireEarly, stall } = first.injected
      assert.approximately(failBefore, 200, 50)
      assert.approximately(failAfter, 400, 70)
      assert.approximately(corrupt, 100, 40)
      // Nothing written here expires.
      assert.strictEqual(expireEarly + stall, 0)
    })
  )

  it.effect("draws delays, late calls and early expiry within their ranges", () =>
    Effect.gen(function* () {
      const faults: Array<Chaos.Fault> = []
      const layer = memory.pipe(
        Chaos.wrap({
          rates: { delay: 0.4, late: 0.3, expireEarly: 0.3 },
          delay: { min: 2, max: 4 },
          lateBy: { min: 7, max: 9 },
          onFault: (fault) => Effect.sync(() => void faults.push(fault))
        })
      )
      const writes = KeyValue.KeyValue.use((kv) => Effect.forkDetach(kv.put("key", 1, { ttl: 100 })))
      yield* run(Effect.repeat(writes, { times: 499 }).pipe(Effect.andThen(TestClock.adjust(0))), layer)
      const seen = (f: (fault: Chaos.Fault) => unknown) => new Set(faults.map(f).filter((it) => it !== undefined))
      assert.deepStrictEqual(
        seen((it) => (it._tag === "delay" ? it.before : undefined)),
        new Set([2, 3, 4])
      )
      assert.deepStrictEqual(
        seen((it) => (it._tag === "delay" ? it.after : undefined)),
        new Set([2, 3, 4])
      )
      assert.deepStrictEqual(
        seen((it) => (it._tag === "late" ? it.by : undefined)),
        new Set([7, 8, 9])
      )
      const after = [...seen((it) => (it._tag === "expireEarly" ? it.after : undefined))] as Array<number>
      assert.isAbove(after.length, 30)
      assert.isTrue(after.every((it) => it >= 0 && it < 100))
    }).pipe(Random.withSeed("ranges"))
  )

  it.effect("outages begin and end by the clock", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* get, "old")
      yield* TestClock.adjust(1000)
      assert.strictEqual((yield* Effect.flip(get))._tag, "StoreUnavailableError")
      assert.strictEqual((yield* Effect.flip(Chaos.spared(get)))._tag, "StoreUnavailableError")
      yield* TestClock.adjust(1000)
      assert.strictEqual(yield* get, "old")
      yield* TestClock.adjust(1000)
      assert.strictEqual(yield* Effect.timeoutOption(get, 0).pipe(Effect.map(({ _tag }) => _tag)), "None")
    }).pipe((effect) =>
      run(
        effect,
        memory.pipe(
          Chaos.wrap({
            outages: [
              { from: 1000, to: 2000 },
              { from: 3000, to: 4000, fault: { _tag: "stall" } }
            ]
          })
        )
      )
    )
  )

  it.effect("can be switched on and off, and down and up", () =>
    Effect.gen(function* () {
      const chaos = yield* Chaos.Chaos
      const tag = Effect.map(Effect.exit(get), ({ _tag }) => _tag)
      assert.strictEqual(yield* tag, "Success")
      yield* chaos.enable
      assert.strictEqual(yield* tag, "Failure")
      assert.strictEqual(yield* Chaos.spared(tag), "Success")
      yield* chaos.down({ _tag: "failAfter" })
      assert.strictEqual(yield* Chaos.spared(tag), "Failure")
      yield* chaos.up
      assert.strictEqual(yield* Chaos.spared(tag), "Success")
      yield* chaos.down()
      yield* chaos.disable
      assert.strictEqual(yield* tag, "Success")
      const { failBefore, failAfter } = yield* chaos.injected
      assert.deepStrictEqual({ failBefore, failAfter }, { failBefore: 1, failAfter: 1 })
    }).pipe((effect) => run(effect, memory.pipe(Chaos.wrap({ enabled: false, rates: { failBefore: 1 } }))))
  )

  it.effect("passes every call and its number to the script, and uses the rates where the script has no fault", () => {
    const calls: Array<readonly [Call.Call["_tag"], number]> = []
    return Effect.gen(function* () {
      assert.strictEqual(yield* get, "old")
      assert.strictEqual((yield* Effect.flip(put)).outcome, "unknown")
      assert.strictEqual((yield* Effect.exit(ttl))._tag, "Success")
      assert.deepStrictEqual(calls, [
        ["get", 0],
        ["put", 1],
        ["get", 2]
      ])
    }).pipe((effect) =>
      run(
        effect,
        memory.pipe(
          Chaos.wrap({
            script: (call, n) => {
              calls.push([call._tag, n])
              return call._tag === "get" ? { _tag: "delay" } : undefined
            },
            rates: { failAfter: 1 }
          })
        )
      )
    )
  })

  it.effect("one switch serves several stores", () =>
    Effect.gen(function* () {
      const chaos = yield* Chaos.make({})
      const read = (layer: Layer.Layer<KeyValue.KeyValue, unknown>) =>
        Effect.map(Effect.exit(Effect.provide(get, layer, { local: true })), ({ _tag }) => _tag)
      const stores = [memory.pipe(Chaos.wrapWith(chaos)), Memory.layer().pipe(Chaos.wrapWith(chaos))]
      assert.deepStrictEqual(yield* Effect.forEach(stores, read), ["Success", "Success"])
      yield* chaos.down()
      assert.deepStrictEqual(yield* Effect.forEach(stores, read), ["Failure", "Failure"])
      assert.strictEqual((yield* chaos.injected).failBefore, 2)
    })
  )

  it.effect("fails to build with rates and ranges that are not valid", () =>
    Effect.gen(function* () {
      const invalid: ReadonlyArray<Chaos.Options> = [
        { rates: { stall: -0.1 } },
        { rates: { stall: Number.NaN } },
        { rates: { stall: 0.6, late: 0.5 } },
        { delay: { min: 5, max: 4 } },
        { lateBy: { min: -1, max: 4 } },
        { outages: [{ from: 0, to: "Infinity" }] }
      ]
      for (const options of invalid) {
        const error = yield* buildError(memory.pipe(Chaos.wrap(options)))
        assert.strictEqual(error._tag, "StoreSetupError")
        assert.match(error.message, /^Chaos: /)
      }
    })
  )
})
