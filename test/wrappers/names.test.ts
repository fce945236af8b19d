/** Tests the wrappers that rename keys and collections: PrefixKeys, PrefixCollections and SingleCollection. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import {
  Atomic,
  Enumeration,
  Fallback,
  KeyValue,
  Maintenance,
  Memory,
  PrefixCollections,
  PrefixKeys,
  SingleCollection
} from "../../src/index.ts"
import { buildError } from "../support/faults.ts"
import { both, Inner, memory, plant, stored } from "../support/inspect.ts"

const keys = (options?: Parameters<Enumeration.Service["keys"]>[0]) =>
  Enumeration.Enumeration.use((it) => Effect.map(Stream.runCollect(it.keys(options)), (names) => [...names].sort()))

const collections = Enumeration.Enumeration.use((it) =>
  Effect.map(Stream.runCollect(it.collections()), (names) => [...names].sort())
)

describe("PrefixKeys", () => {
  const layer = memory().pipe(PrefixKeys.wrap("app"))

  it.effect("prefixes the keys of every operation", () =>
    Effect.gen(function* () {
      const { kv, inner } = yield* both
      yield* kv.put("a", 1, { collection: "c" })
      yield* kv.putMany(
        [
          ["b", 2],
          ["c", 3]
        ],
        { collection: "c" }
      )
      assert.deepStrictEqual(yield* inner.getMany(["app__a", "app__b", "app__c", "a"], { collection: "c" }), [
        1,
        2,
        3,
        undefined
      ])
      assert.deepStrictEqual(yield* kv.getMany(["a", "b", "x"], { collection: "c" }), [1, 2, undefined])
      assert.strictEqual((yield* kv.ttl("a", { collection: "c" }))?.value, 1)
      assert.deepStrictEqual(
        (yield* kv.ttlMany(["a", "x"], { collection: "c" })).map((it) => it?.value),
        [1, undefined]
      )
      assert.isTrue(yield* kv.delete("a", { collection: "c" }))
      assert.strictEqual(yield* kv.deleteMany(["b", "c", "x"], { collection: "c" }), 2)
      assert.strictEqual(yield* stored("app__b", { collection: "c" }), undefined)
    }).pipe(Effect.provide(layer))
  )

  it.effect("lists and clears only its own keys, and lists them without the prefix", () =>
    Effect.gen(function* () {
      const { kv, inner } = yield* both
      yield* plant("foreign", 0)
      yield* plant("app2__a", 0, { collection: "other" })
      yield* kv.putMany([
        ["user:1", 1],
        ["user:2", 2],
        ["order:1", 3]
      ])
      assert.deepStrictEqual(yield* keys(), ["order:1", "user:1", "user:2"])
      assert.deepStrictEqual(yield* keys({ prefix: "user:" }), ["user:1", "user:2"])
      assert.deepStrictEqual(yield* collections, ["default_collection"])
      assert.strictEqual(yield* Maintenance.Maintenance.use((it) => it.clear), 3)
      assert.strictEqual(yield* inner.get("foreign"), 0)
      assert.strictEqual(yield* inner.get("app2__a", { collection: "other" }), 0)
    }).pipe(Effect.provide(layer))
  )

  it.effect("puts the prefix of the inner wrapper first when two are nested", () =>
    Effect.gen(function* () {
      yield* KeyValue.KeyValue.use((kv) => kv.put("k", 1))
      assert.strictEqual(yield* stored("inner__outer__k"), 1)
    }).pipe(Effect.provide(memory().pipe(PrefixKeys.wrap("inner"), PrefixKeys.wrap("outer"))))
  )

  it.effect("prefixes the keys of atomic operations, with the given separator", () =>
    Effect.gen(function* () {
      const atomic = yield* Atomic.Atomic
      assert.isTrue(yield* atomic.putIfAbsent("k", 1))
      assert.isFalse(yield* atomic.putIfAbsent("k", 2))
      assert.strictEqual(yield* atomic.update("k", (n) => Number(n) + 1), 2)
      assert.strictEqual(yield* stored("app:k"), 2)
    }).pipe(Effect.provide(memory().pipe(PrefixKeys.wrap("app", { separator: ":" }))))
  )

  it.effect("rejects a prefix that could be confused with another one", () =>
    Effect.gen(function* () {
      for (const prefix of ["", "a__b", "a_", "__"]) {
        for (const wrap of [PrefixKeys.wrap, PrefixCollections.wrap]) {
          assert.strictEqual((yield* buildError(Memory.layer().pipe(wrap(prefix))))._tag, "StoreSetupError", prefix)
        }
      }
    })
  )
})

describe("PrefixCollections", () => {
  it.effect("prefixes collections, including the default one, and keeps tenants apart", () => {
    const base = memory()
    const a = base.pipe(PrefixCollections.wrap("a"))
    const b = base.pipe(PrefixCollections.wrap("b"))
    return Effect.gen(function* () {
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("k", "default")
        yield* kv.put("k", "users", { collection: "users" })
      }).pipe(Effect.provide(a))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        assert.isUndefined(yield* kv.get("k", { collection: "users" }))
        yield* kv.put("k", "b's", { collection: "users" })
        assert.deepStrictEqual(yield* collections, ["users"])
        assert.strictEqual(yield* Maintenance.Maintenance.use((it) => it.clear), 1)
      }).pipe(Effect.provide(b))
      const inner = yield* Inner
      assert.strictEqual(yield* inner.get("k", { collection: "a__default_collection" }), "default")
      assert.strictEqual(yield* inner.get("k", { collection: "a__users" }), "users")
    }).pipe(Effect.provide(base))
  })

  it.effect("uses the given default collection", () =>
    Effect.gen(function* () {
      yield* KeyValue.KeyValue.use((kv) => kv.put("k", 1))
      assert.strictEqual(yield* stored("k", { collection: "prod__mine" }), 1)
    }).pipe(Effect.provide(memory().pipe(PrefixCollections.wrap("prod", { defaultCollection: "mine" }))))
  )
})

describe("SingleCollection", () => {
  const layer = memory().pipe(SingleCollection.wrap("all"))

  it.effect("stores every collection in one, under collection__key", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("k", 1, { collection: "users" })
      yield* kv.put("k", 2, { collection: "orders" })
      yield* kv.put("k", 3)
      const inAll = { collection: "all" }
      assert.strictEqual(yield* stored("users__k", inAll), 1)
      assert.strictEqual(yield* stored("orders__k", inAll), 2)
      assert.strictEqual(yield* stored("default_collection__k", inAll), 3)
      assert.strictEqual(yield* kv.get("k", { collection: "users" }), 1)
      assert.isTrue(yield* kv.delete("k", { collection: "users" }))
      assert.strictEqual(yield* kv.get("k", { collection: "orders" }), 2)
    }).pipe(Effect.provide(layer))
  )

  it.effect("keeps collections apart when their names contain the separator", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const pairs = [
        ["a", "b__c"],
        ["a__b", "c"],
        ["a_", "_c"],
        ["a", "__c"],
        ["a%5F", "c"],
        ["a_%", "c"]
      ] as const
      for (const [collection, key] of pairs) yield* kv.put(key, `${collection}|${key}`, { collection })
      for (const [collection, key] of pairs) {
        assert.strictEqual(yield* kv.get(key, { collection }), `${collection}|${key}`)
        assert.include(yield* keys({ collection }), key)
      }
      assert.deepStrictEqual(yield* collections, [...new Set(pairs.map(([collection]) => collection))].sort())
    }).pipe(Effect.provide(layer))
  )

  it.effect("lists and clears collections", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const maintenance = yield* Maintenance.Maintenance
      yield* plant("not ours", 0, { collection: "all" })
      yield* kv.putMany(
        [
          ["a", 1],
          ["b", 2]
        ],
        { collection: "users" }
      )
      yield* kv.put("a", 1, { collection: "users_old" })
      assert.deepStrictEqual(yield* keys({ collection: "users" }), ["a", "b"])
      assert.strictEqual(yield* maintenance.clearCollection({ collection: "users" }), 2)
      assert.deepStrictEqual(yield* collections, ["users_old"])
      assert.strictEqual(yield* maintenance.clear, 1)
      assert.strictEqual(yield* stored("not ours", { collection: "all" }), 0)
    }).pipe(Effect.provide(layer))
  )

  it.effect("lists every collection once over many pages, and those with a given prefix", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      for (let i = 0; i < 30; i++)
        yield* kv.putMany(
          [
            [`t__k${i}`, i],
            [`k${i}`, i]
          ],
          { collection: `c${i % 3}` }
        )
      const enumeration = yield* Enumeration.Enumeration
      const paged = yield* Stream.runCollect(enumeration.collections({ pageSize: 7 }))
      assert.deepStrictEqual([...paged].sort(), ["c0", "c1", "c2"])
      const one = yield* Stream.runCollect(enumeration.collections({ pageSize: 7, prefix: "c1" }))
      assert.deepStrictEqual([...one], ["c1"])
    }).pipe(Effect.provide(layer))
  )

  it.effect("works inside of PrefixKeys", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* plant("users__theirs", 0, { collection: "all" })
      yield* kv.put("k", 1, { collection: "users" })
      assert.strictEqual(yield* stored("users__t__k", { collection: "all" }), 1)
      assert.deepStrictEqual(yield* keys({ collection: "users" }), ["k"])
      assert.deepStrictEqual(yield* collections, ["users"])
      assert.strictEqual(yield* Maintenance.Maintenance.use((it) => it.clear), 1)
      assert.strictEqual(yield* stored("users__theirs", { collection: "all" }), 0)
    }).pipe(Effect.provide(layer.pipe(PrefixKeys.wrap("t"))))
  )

  it.effect("uses the given separator and default collection, and rejects a separator that it cannot escape", () =>
    Effect.gen(function* () {
      yield* Effect.gen(function* () {
        yield* KeyValue.KeyValue.use((kv) => kv.put("k", 1))
        assert.strictEqual(yield* stored("mine/k", { collection: "all" }), 1)
      }).pipe(
        Effect.provide(memory().pipe(SingleCollection.wrap("all", { separator: "/", defaultCollection: "mine" })))
      )
      for (const separator of ["", "a", "%", "9", "é"]) {
        const error = yield* buildError(Memory.layer().pipe(SingleCollection.wrap("all", { separator })))
        assert.strictEqual(error._tag, "StoreSetupError", separator)
      }
      assert.strictEqual((yield* buildError(Memory.layer().pipe(SingleCollection.wrap(""))))._tag, "StoreSetupError")
    })
  )
})

describe('names: "py-key-value"', () => {
  it.effect("accepts any prefix and stores the names that py-key-value stores", () =>
    Effect.gen(function* () {
      for (const prefix of ["a__b", "end_", "__", ""]) {
        yield* Effect.gen(function* () {
          yield* KeyValue.KeyValue.use((kv) => kv.put("k__x", prefix, { collection: "c" }))
          assert.strictEqual(yield* stored(`${prefix}__k__x`, { collection: "c" }), prefix)
          assert.deepStrictEqual(yield* keys({ collection: "c" }), ["k__x"])
        }).pipe(Effect.provide(memory().pipe(PrefixKeys.wrap(prefix, { names: "py-key-value" })), { local: true }))
        yield* Effect.gen(function* () {
          yield* KeyValue.KeyValue.use((kv) => kv.put("k", prefix, { collection: "c__d" }))
          assert.strictEqual(yield* stored("k", { collection: `${prefix}__c__d` }), prefix)
          assert.deepStrictEqual(yield* collections, ["c__d"])
        }).pipe(
          Effect.provide(memory().pipe(PrefixCollections.wrap(prefix, { names: "py-key-value" })), { local: true })
        )
      }
    })
  )

  it.effect("does not escape collections inside of SingleCollection, and lists their keys completely", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* kv.put("k__x", 1, { collection: "t1__users" })
      yield* kv.put("k", 2, { collection: "a%" })
      assert.strictEqual(yield* stored("t1__users__k__x", { collection: "one" }), 1)
      assert.strictEqual(yield* stored("a%__k", { collection: "one" }), 2)
      assert.strictEqual(yield* kv.get("k__x", { collection: "t1__users" }), 1)
      assert.deepStrictEqual(yield* keys({ collection: "t1__users" }), ["k__x"])
      assert.deepStrictEqual(yield* keys({ collection: "a%", prefix: "k" }), ["k"])
      assert.strictEqual(yield* Maintenance.Maintenance.use((it) => it.clearCollection({ collection: "t1__users" })), 1)
      assert.isUndefined(yield* kv.get("k__x", { collection: "t1__users" }))
    }).pipe(Effect.provide(memory().pipe(SingleCollection.wrap("one", { names: "py-key-value" }))))
  )
})

describe("a name in the options that no store can hold", () => {
  for (const [name, layer] of [
    ["PrefixKeys: the prefix", memory().pipe(PrefixKeys.wrap("a\uD83D"))],
    ["PrefixKeys: the separator", memory().pipe(PrefixKeys.wrap("a", { separator: "_\uDE00" }))],
    ["PrefixKeys: as py-key-value", memory().pipe(PrefixKeys.wrap("a\uD83D", { names: "py-key-value" }))],
    ["PrefixKeys: a prefix beyond all names", memory().pipe(PrefixKeys.wrap("a".repeat(70_000)))],
    ["PrefixCollections: the prefix", memory().pipe(PrefixCollections.wrap("a\uD83D"))],
    [
      "PrefixCollections: defaultCollection",
      memory().pipe(PrefixCollections.wrap("a", { defaultCollection: "\uD83D" }))
    ],
    ["SingleCollection: the collection", memory().pipe(SingleCollection.wrap("a\uD83D"))],
    ["SingleCollection: the separator", memory().pipe(SingleCollection.wrap("a", { separator: "_\uD83D" }))],
    ["SingleCollection: defaultCollection", memory().pipe(SingleCollection.wrap("a", { defaultCollection: "\uD83D" }))],
    [
      "Fallback: the journal",
      memory().pipe(Fallback.wrap({ fallback: Memory.layer(), recovery: { journal: "a\uD83D" } }))
    ]
  ] as const) {
    it.effect(`is rejected when the layer is built (${name})`, () =>
      Effect.gen(function* () {
        const error = yield* buildError(layer)
        assert.match(error.message, /lone surrogate|well-formed|is longer than/)
      })
    )
  }
})
