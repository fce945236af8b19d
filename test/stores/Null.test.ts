/** Null, the store that stores nothing. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Enumeration } from "../../src/Enumeration.ts"
import { KeyValue } from "../../src/KeyValue.ts"
import { Maintenance } from "../../src/Maintenance.ts"
import * as Null from "../../src/stores/Null.ts"

describe("Null", () => {
  it.effect("stores nothing, so that reads miss and deletes find nothing", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      yield* kv.put("a", 1, { ttl: "1 hour" })
      yield* kv.putMany([
        ["b", new Uint8Array(3)],
        ["c", null]
      ])
      assert.strictEqual(yield* kv.get("a"), undefined)
      assert.deepStrictEqual(yield* kv.getMany(["a", "b", "c"]), [undefined, undefined, undefined])
      assert.strictEqual(yield* kv.ttl("a"), undefined)
      assert.deepStrictEqual(yield* kv.ttlMany(["a", "b"]), [undefined, undefined])
      assert.strictEqual(yield* kv.delete("a"), false)
      assert.strictEqual(yield* kv.deleteMany(["a", "b", "c"]), 0)
    }).pipe(Effect.provide(Null.layer()))
  )

  it.effect("lists nothing and removes nothing", () =>
    Effect.gen(function* () {
      yield* (yield* KeyValue).put("a", 1)
      const enumeration = yield* Enumeration
      const maintenance = yield* Maintenance
      assert.deepStrictEqual(yield* Stream.runCollect(enumeration.keys()), [])
      assert.deepStrictEqual(yield* Stream.runCollect(enumeration.collections()), [])
      assert.strictEqual(yield* maintenance.clear, 0)
      assert.strictEqual(yield* maintenance.clearCollection(), 0)
      assert.strictEqual(yield* maintenance.removeExpired, 0)
    }).pipe(Effect.provide(Null.layer()))
  )

  it.effect("fails for values, TTLs and keys that no store accepts", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      const value: any = { when: new Date(0) }
      assert.strictEqual((yield* Effect.flip(kv.put("a", value)))._tag, "SerializationError")
      assert.strictEqual((yield* Effect.flip(kv.put("a", 1, { ttl: 0 })))._tag, "InvalidTtlError")
      assert.strictEqual((yield* Effect.flip(kv.get("\ud800")))._tag, "InvalidKeyError")
    }).pipe(Effect.provide(Null.layer()))
  )

  it.effect("names its default collection in errors", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue
      assert.strictEqual((yield* Effect.flip(kv.get("\ud800"))).collection, "things")
    }).pipe(Effect.provide(Null.layer({ defaultCollection: "things" })))
  )
})
