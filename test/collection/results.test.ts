/** Tests `getManyResults`: a damaged entry fails only its own key. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Aead, Collection, Compression, Driver, KeyValue, KeyValueError } from "../../src/index.ts"
import { faulty, script } from "../support/faults.ts"
import { Inner, memory, plant } from "../support/inspect.ts"

const at = { collection: "n" }
const numbers = Collection.make({ ...at, schema: Schema.Finite })
const keysOf = (count: number) => Array.from({ length: count }, (_, i) => `k${i}`)
const aead = Effect.runSync(Aead.generateKey)

/** A codec that cannot read objects. Unlike a cipher, it costs nothing. */
const damagedObjects = Driver.wrapper(
  Driver.mapEntries({
    decode: (entry, place) =>
      entry?.payload.isObject === true
        ? Effect.fail(new KeyValueError.DecompressionError({ ...place, reason: "an object", cause: undefined }))
        : Effect.succeed(entry)
  })
)

/** The tag of each failure, and the value of each success. */
const shown = (results: ReadonlyArray<Result.Result<Option.Option<number>, { readonly _tag: string }>>) =>
  results.map((result) =>
    Result.isFailure(result) ? result.failure._tag : Option.getOrElse(result.success, () => undefined)
  )

describe("Collection.getManyResults", () => {
  it.effect("returns values, misses and values that do not fit the schema, in the order of the keys", () =>
    Effect.gen(function* () {
      const all = yield* numbers
      yield* all.put("a", 1)
      yield* plant("b", "one", at)
      assert.deepStrictEqual(shown(yield* all.getManyResults(["b", "c", "a", "b"])), [
        "DeserializationError",
        undefined,
        1,
        "DeserializationError"
      ])
      assert.deepStrictEqual(yield* all.getManyResults([]), [])
      const lenient = yield* Collection.make({ ...at, schema: Schema.Finite, onInvalid: "miss" })
      assert.deepStrictEqual(shown(yield* lenient.getManyResults(["b", "a"])), [undefined, 1])
    }).pipe(Effect.provide([memory(), Logger.layer([])]))
  )

  it.effect("finds entries that cannot be decrypted or decompressed, and returns all others", () =>
    Effect.gen(function* () {
      const all = yield* numbers
      const keys = keysOf(20)
      yield* all.putMany(keys.map((key, i) => [key, i] as const))
      const inner = yield* Inner
      yield* inner.put("k3", { damaged: true }, at)
      const sealed = (yield* inner.get("k5", at)) as Uint8Array
      yield* inner.put("k7", sealed, at)
      const found = shown(yield* all.getManyResults(keys))
      const expected: Array<unknown> = keys.map((_, i) => i)
      expected[3] = "DecryptionError"
      expected[7] = "DecryptionError"
      assert.deepStrictEqual(found, expected)
      assert.strictEqual((yield* Effect.flip(all.getMany(keys)))._tag, "DecryptionError")
    }).pipe(
      Effect.provide(memory().pipe(Aead.wrap({ keys: [{ id: "1", key: aead }] }), Compression.wrap({ minSize: 0 })))
    )
  )

  it.effect("takes about 2 k log n calls for k damaged entries among 100,000", () => {
    const calls = script()
    return Effect.gen(function* () {
      const all = yield* numbers
      const keys = keysOf(100_000)
      const bad = ["k17", "k54321", "k99999"]
      yield* KeyValue.KeyValue.use((kv) =>
        kv.putMany(
          keys.map((key, i) => [key, i] as const),
          at
        )
      )
      for (const key of bad) yield* Inner.use((inner) => inner.put(key, { damaged: true }, at))
      calls.calls.length = 0
      const found = yield* all.getManyResults(keys)
      assert.isAtMost(calls.calls.length, 2 * 3 * 17 + 1)
      assert.deepStrictEqual(
        keys.filter((_, i) => Result.isFailure(found[i]!)),
        bad
      )
      assert.deepStrictEqual(found[4242], Result.succeed(Option.some(4242)))
    }).pipe(Effect.provide(memory().pipe(damagedObjects, faulty(calls))))
  })

  it.effect("fails when the store fails, or when a key is not valid", () => {
    const calls = script()
    return Effect.gen(function* () {
      const all = yield* numbers
      calls.steps.push("unavailable")
      assert.strictEqual((yield* Effect.flip(all.getManyResults(["a", "b"])))._tag, "StoreUnavailableError")
      assert.strictEqual((yield* Effect.flip(all.getManyResults(["a", "\ud800"])))._tag, "InvalidKeyError")
    }).pipe(Effect.provide(memory().pipe(faulty(calls))))
  })
})
