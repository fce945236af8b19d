import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import { LoadingCache, Memory } from "effect-kv"

class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { id: Schema.String }) {}

const Product = Schema.Struct({ name: Schema.String, brand: Schema.String })

describe("LoadingCache", () => {
  it.effect("looks a value up once while it is fresh", () =>
    Effect.gen(function* () {
      let lookups = 0
      const cache = yield* LoadingCache.make({
        collection: "products",
        schema: Product,
        lookup: (id) =>
          Effect.suspend(() => {
            lookups++
            return id === "0" ? new NotFound({ id }) : Effect.succeed({ name: `p${id}`, brand: "x" })
          }),
        ttl: "1 minute",
        staleFor: "1 hour",
        tags: (p) => [`brand:${p.brand}`]
      })
      assert.deepStrictEqual(yield* cache.get("1"), { name: "p1", brand: "x" })
      assert.deepStrictEqual(yield* cache.get("1"), { name: "p1", brand: "x" })
      assert.strictEqual(lookups, 1)
      yield* TestClock.adjust("2 minutes")
      yield* cache.get("1")
      yield* Effect.yieldNow
      assert.strictEqual(lookups, 2)
      yield* cache.invalidateTags(["brand:x"])
      yield* cache.get("1")
      assert.strictEqual(lookups, 3)
      yield* cache.invalidate("1")
      yield* cache.get("1")
      assert.strictEqual(lookups, 4)
      yield* cache.invalidateAll
      yield* cache.get("1")
      assert.strictEqual(lookups, 5)
      assert.instanceOf(yield* Effect.flip(cache.get("0")), NotFound)
    }).pipe(Effect.scoped, Effect.provide(Memory.layer()))
  )
})
