/** Tests that stores of text return extreme values, names and batches unchanged through every wrapper. */
import { isDeepStrictEqual } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as EffectKeyValueStore from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"
import { Driver, Fallback, FernetEncryption, KeyValue, KeyValueError, Memory, Value } from "../../src/index.ts"
import * as EffectStore from "../../src/stores/EffectStore.ts"
import * as Sqlite from "../../src/stores/Sqlite.ts"
import { everyWrapper } from "../support/everyWrapper.ts"

const nested = (depth: number): Value.Json => {
  let value: Value.Json = 0
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

const values: Readonly<Record<string, Value.Value>> = {
  deepest: nested(Value.maxDepth),
  proto: JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":1},"toJSON":"text"}') as Value.Json,
  numbers: [-0, 5e-324, 1.7976931348623157e308, Number.MAX_SAFE_INTEGER + 1, -3936571224929.6562],
  strings: ["\ud83d", "\udc00", "\0", "\u2028", "\ufeff", ""],
  "no bytes": new Uint8Array(),
  bytes: Uint8Array.from({ length: 256 }, (_, i) => i),
  large: "é".repeat(70_000)
}

/** The names of the values that came back changed. */
const differing = (found: ReadonlyArray<Value.Value | undefined>): ReadonlyArray<string> =>
  Object.keys(values).filter((name, index) => !isDeepStrictEqual(found[index], values[name]))

const names = ["k".repeat(KeyValue.maxNameBytes), "\0", "\ufffd", "__proto__", ""]

for (const [base, make] of [
  ["Sqlite", () => Sqlite.layer()],
  ["EffectStore", () => EffectStore.layer().pipe(Layer.provide(EffectKeyValueStore.layerMemory))]
] as const) {
  describe(`extreme values and names over ${base}`, () => {
    for (const [name, layer] of Object.entries(
      everyWrapper(make as unknown as () => ReturnType<typeof Memory.layer>)
    )) {
      it.live(`come back unchanged through ${name}`, () =>
        Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          yield* kv.putMany(Object.entries(values), { ttl: "2900000 days" })
          const keys = Object.keys(values)
          assert.deepStrictEqual(differing(yield* kv.getMany(keys)), [])
          for (const key of keys) {
            yield* kv.put(key, values[key]!)
            assert.isTrue(isDeepStrictEqual(yield* kv.get(key), values[key]), key)
          }
          const collection = "c".repeat(1000)
          for (const key of names) {
            yield* kv.put(key, key.length, { collection })
            assert.strictEqual(yield* kv.get(key, { collection }), key.length)
          }
          yield* kv.putMany(
            [
              ["a", 1],
              ["b", 2],
              ["a", Uint8Array.of(3)]
            ],
            { collection }
          )
          const found = yield* kv.getMany(["a", "b", "a"], { collection })
          assert.deepStrictEqual(found, [Uint8Array.of(3), 2, Uint8Array.of(3)])
          assert.strictEqual(yield* kv.deleteMany(["a", "b", "a"], { collection }), 2)
        }).pipe(Effect.provide(layer as Layer.Layer<KeyValue.KeyValue>))
      )
    }
  })
}

describe("extreme values in an outage", () => {
  it.effect("come back unchanged from the journal of Fallback", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.putMany(Object.entries(values))
      assert.deepStrictEqual(differing(yield* kv.getMany(Object.keys(values))), [])
    }).pipe(
      Effect.provide(
        Memory.layer().pipe(
          Driver.wrapper(
            Driver.around((call) =>
              Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason: "test", sent: false }))
            )
          ),
          Fallback.wrap({ fallback: Sqlite.layer(), recovery: {} })
        )
      )
    )
  )
})

describe("a value that is too large for a string", () => {
  const chunk = new Uint8Array(2 ** 22)
  const entries = [
    {
      // 412 MiB, built from one chunk of 4 MiB to save memory.
      payload: Value.Payload.pieces(Array.from({ length: 103 }, () => chunk)),
      createdAt: undefined,
      expiresAt: undefined
    }
  ]
  const keys = ["k"]
  const place = { operation: "put", collection: "c", keys } as const
  const put = KeyValue.KeyValue.use((kv) =>
    kv.driver.put({ _tag: "put", place, deadline: undefined, collection: "c", keys, entries })
  )
  for (const [name, layer] of [
    ["EffectStore", EffectStore.layer().pipe(Layer.provide(EffectKeyValueStore.layerMemory))],
    [
      "FernetEncryption",
      Memory.layer().pipe(
        FernetEncryption.wrap({ keys: [Redacted.make("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")] })
      )
    ]
  ] as const) {
    it.effect(`is refused by ${name} with EntryTooLargeError`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(put)
        assert.instanceOf(error, KeyValueError.EntryTooLargeError)
        if (error._tag !== "EntryTooLargeError") return
        assert.deepStrictEqual([error.limitedBy, error.size, error.outcome], [name, 103 * 2 ** 22, "not-applied"])
        assert.isBelow(error.maxSize, error.size)
      }).pipe(Effect.provide(layer as Layer.Layer<KeyValue.KeyValue, KeyValueError.StoreSetupError>))
    )
  }
})
