import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { TestClock } from "effect/testing"
import { Atomic, Enumeration, KeyValue, Memory, Stack, Statistics } from "../src/index.ts"
import { buildError, faulty, script } from "./support/faults.ts"
import { memory, stored } from "./support/inspect.ts"

const keys = [Redacted.make("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")] as const

describe("Stack", () => {
  it.effect("production: each attempt has its limit, failures are retried, values are compressed and encrypted", () => {
    const plan = script("hang", "unavailable")
    const layer = memory().pipe(
      faulty(plan),
      Stack.production({ encryption: { keys }, timeout: "1 second", retry: { jitter: false } })
    )
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const value = "x".repeat(10_000)
      const fiber = yield* Effect.forkChild(kv.put("k", value))
      yield* TestClock.adjust("1300 millis")
      yield* Fiber.join(fiber)
      assert.strictEqual(plan.calls.length, 3)
      const inner = yield* stored("k")
      assert.instanceOf(inner, Uint8Array)
      assert.isBelow((inner as Uint8Array).length, 200)
      assert.strictEqual(yield* kv.get("k"), value)
      const { total } = yield* Statistics.Statistics.use((it) => it.snapshot)
      assert.strictEqual(total.put?.count, 1)
      assert.strictEqual(total.get?.hits, 1)
      yield* Enumeration.Enumeration
      yield* Atomic.Atomic
    }).pipe(Effect.provide(layer))
  })

  it.effect("production: py-key-value's envelopes when asked for, and Aead", () => {
    const base = memory()
    const get = KeyValue.KeyValue.use((kv) => kv.get("k"))
    const put = KeyValue.KeyValue.use((kv) => kv.put("k", value))
    const value = { text: "x".repeat(10_000) }
    return Effect.gen(function* () {
      const json = base.pipe(Stack.production({ encryption: { keys }, envelope: "json" }))
      yield* Effect.provide(put, json)
      assert.property(yield* stored("k"), "__encrypted_data__")
      const binary = base.pipe(Stack.production({ encryption: { keys } }))
      assert.deepStrictEqual(yield* Effect.provide(get, binary), value)
      yield* Effect.provide(put, binary)
      assert.deepStrictEqual([...((yield* stored("k")) as Uint8Array).slice(0, 5)], [0xeb, 0x4b, 0x43, 1, 0x10])
      assert.deepStrictEqual(yield* Effect.provide(get, json), value)
      const aead = base.pipe(Stack.production({ aead: { keys: [{ id: "a", key: keys[0] }] } }))
      yield* Effect.provide(put, aead)
      assert.deepStrictEqual([...((yield* stored("k")) as Uint8Array).slice(0, 5)], [0xeb, 0x4b, 0x43, 1, 0x11])
      assert.deepStrictEqual(yield* Effect.provide(get, aead), value)
    }).pipe(Effect.provide(base))
  })

  it.effect("multiTenant: tenants share a store and nothing else", () => {
    const base = memory()
    const tenant = (name: string) => base.pipe(Stack.multiTenant({ tenant: name, limitSize: { maxSize: "1 KiB" } }))
    const get = KeyValue.KeyValue.use((kv) => kv.get("k"))
    return Effect.gen(function* () {
      yield* KeyValue.KeyValue.use((kv) => kv.put("k", "a's")).pipe(Effect.provide(tenant("a")))
      assert.isUndefined(yield* Effect.provide(get, tenant("b")))
      assert.strictEqual(yield* Effect.provide(get, tenant("a")), "a's")
      assert.strictEqual(yield* stored("k", { collection: "a__default_collection" }), "a's")
      const tooLarge = KeyValue.KeyValue.use((kv) => kv.put("k", "x".repeat(2000)))
      assert.strictEqual((yield* Effect.flip(Effect.provide(tooLarge, tenant("a"))))._tag, "EntryTooLargeError")
      assert.strictEqual(
        (yield* buildError(Memory.layer().pipe(Stack.multiTenant({ tenant: "a__b" }))))._tag,
        "StoreSetupError"
      )
    }).pipe(Effect.provide(base))
  })

  for (const [name, stack] of [
    ["monitoring", Stack.monitoring({ store: "s" })],
    ["development", Stack.development()]
  ] as const) {
    it.effect(`${name}: changes nothing, and counts`, () =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("k", 1)
        assert.strictEqual(yield* kv.get("k"), 1)
        assert.strictEqual(yield* stored("k"), 1)
        assert.strictEqual((yield* Statistics.Statistics.use((it) => it.snapshot)).total.get?.hitRate, 1)
      }).pipe(Effect.provide(memory().pipe(stack)))
    )
  }
})
