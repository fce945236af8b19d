/** Tests that combinations of two stores refuse stores that share entries, and accept all others. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"
import {
  Aead,
  CollectionRouting,
  Driver,
  type Enumeration,
  Fallback,
  FileSystem,
  KeyValue,
  KeyValueError,
  type Maintenance,
  Memory,
  Null,
  PassthroughCache,
  PrefixCollections,
  PrefixKeys,
  Replicate,
  Retry,
  Routing,
  SingleCollection,
  Timeout
} from "../../src/index.ts"
import * as EffectStore from "../../src/stores/EffectStore.ts"
import * as Sqlite from "../../src/stores/Sqlite.ts"

type Store = Layer.Layer<
  KeyValue.KeyValue | Enumeration.Enumeration | Maintenance.Maintenance,
  KeyValueError.StoreSetupError
>

type Combine = (first: Store, second: Store) => Layer.Layer<KeyValue.KeyValue, KeyValueError.StoreSetupError>

const combinations: Readonly<Record<string, Combine>> = {
  PassthroughCache: (first, second) => first.pipe(PassthroughCache.wrap({ cache: second })),
  Fallback: (first, second) => first.pipe(Fallback.wrap({ fallback: second })),
  "Fallback with recovery": (first, second) => first.pipe(Fallback.wrap({ fallback: second, recovery: {} })),
  Replicate: (first, second) => first.pipe(Replicate.wrap({ replicas: [Memory.layer(), second] }))
}

const routings: Readonly<Record<string, Combine>> = {
  Routing: (first, second) => first.pipe(Routing.wrap({ stores: { second }, route: () => "second" })),
  CollectionRouting: (first, second) => first.pipe(CollectionRouting.wrap({ second }))
}

const outcome = (layer: Layer.Layer<KeyValue.KeyValue, KeyValueError.StoreSetupError>): Effect.Effect<string> =>
  Effect.provide(Effect.as(KeyValue.KeyValue, "built"), layer).pipe(
    Effect.catch(({ reason }) =>
      Effect.succeed(reason.startsWith("the same store is used in two places") ? "refused" : reason)
    )
  )

const key = Redacted.make(`${Buffer.alloc(32).toString("base64url")}=`)

/** A third-party wrapper that builds a new driver and does not say which entries that driver covers. */
const custom = Driver.wrapper(({ system, defaultCollection, ...driver }) => ({
  system,
  defaultCollection,
  get: driver.get,
  put: driver.put,
  delete: driver.delete,
  listing: driver.listing,
  maintenance: driver.maintenance
}))

describe("a combination of a store with itself", () => {
  const same: Readonly<Record<string, (base: Store) => readonly [Store, Store]>> = {
    "the same layer": (base) => [base, base],
    "the same layer under other wrappers": (base) => [base.pipe(Timeout.wrap()), base.pipe(Retry.wrap())],
    "the same layer, encrypted on one side": (base) => [base.pipe(Aead.wrap({ keys: [{ id: "1", key }] })), base],
    "the same layer under the same prefix": (base) => [
      base.pipe(PrefixKeys.wrap("a")),
      base.pipe(PrefixKeys.wrap("a"))
    ],
    "a prefix of the names of the other": (base) => [base, base.pipe(PrefixKeys.wrap("a"))],
    "a collection of the other": (base) => [base, base.pipe(SingleCollection.wrap("c"))],
    "the same collection": (base) => [base.pipe(SingleCollection.wrap("c")), base.pipe(SingleCollection.wrap("c"))],
    "a part of a combination": (base) => [base.pipe(CollectionRouting.wrap({ other: Memory.layer() })), base],
    "a custom wrapper of it": (base) => [base, base.pipe(custom)]
  }
  for (const [name, combine] of Object.entries(combinations)) {
    for (const [what, sides] of Object.entries(same)) {
      it.effect(`is rejected by ${name}: ${what}`, () =>
        Effect.gen(function* () {
          assert.strictEqual(yield* outcome(combine(...sides(Memory.layer()))), "refused")
        })
      )
    }
  }

  for (const [name, combine] of Object.entries(routings)) {
    it.effect(`is rejected by ${name}: the same layer`, () =>
      Effect.gen(function* () {
        const base = Memory.layer()
        assert.strictEqual(yield* outcome(combine(base, base)), "refused")
      })
    )
  }

  it.effect("fails with StoreSetupError, which names the wrapper", () =>
    Effect.gen(function* () {
      const base = Memory.layer()
      const error = yield* Effect.flip(
        Effect.provide(KeyValue.KeyValue, base.pipe(PassthroughCache.wrap({ cache: base })))
      )
      assert.instanceOf(error, KeyValueError.StoreSetupError)
      assert.include(error.message, "PassthroughCache")
    })
  )
})

describe("a combination of stores that share no entry", () => {
  const apart: Readonly<Record<string, () => readonly [Store, Store]>> = {
    "two layers": () => [Memory.layer(), Memory.layer()],
    "a layer and a fresh build of it": () => {
      const base = Memory.layer()
      return [base, Layer.fresh(base)]
    },
    "two prefixes of keys": () => {
      const base = Memory.layer()
      return [base.pipe(PrefixKeys.wrap("a")), base.pipe(PrefixKeys.wrap("b"))]
    },
    "two prefixes of collections, under other wrappers": () => {
      const base = Memory.layer()
      return [
        base.pipe(PrefixCollections.wrap("far"), Timeout.wrap()),
        base.pipe(Retry.wrap(), PrefixCollections.wrap("near"))
      ]
    },
    "two collections": () => {
      const base = Memory.layer()
      return [base.pipe(SingleCollection.wrap("a")), base.pipe(SingleCollection.wrap("b"))]
    },
    "two prefixes inside of one collection": () => {
      const base = Memory.layer().pipe(SingleCollection.wrap("a"))
      return [base.pipe(PrefixCollections.wrap("a")), base.pipe(PrefixCollections.wrap("b"))]
    },
    "two tables": () => [Sqlite.layer({ table: "a" }), Sqlite.layer({ table: "b" })],
    "two databases in memory": () => [Sqlite.layer(), Sqlite.layer()]
  }
  for (const [name, combine] of Object.entries({ ...combinations, ...routings })) {
    for (const [what, sides] of Object.entries(apart)) {
      it.effect(`is built by ${name}: ${what}`, () =>
        Effect.gen(function* () {
          assert.strictEqual(yield* outcome(combine(...sides())), "built")
        })
      )
    }
  }

  it.effect("is built by PassthroughCache with a Null cache, which disables caching", () => {
    const Nothing = Null.layer()
    return Effect.gen(function* () {
      assert.strictEqual(yield* outcome(Nothing.pipe(PassthroughCache.wrap({ cache: Nothing }))), "built")
    })
  })

  for (const [name, combine] of Object.entries(routings)) {
    it.effect(`is built by ${name} over one store with some encrypted collections`, () => {
      const base = Memory.layer()
      return Effect.gen(function* () {
        assert.strictEqual(yield* outcome(combine(base, base.pipe(Aead.wrap({ keys: [{ id: "1", key }] })))), "built")
      })
    })
  }
})

describe("two equal layers that are declared separately", () => {
  const directory = Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-kv-apart-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )

  for (const [name, combine] of Object.entries(combinations)) {
    it.live(`are one store for ${name} when they use the same file, directory or KeyValueStore`, () =>
      Effect.gen(function* () {
        const path = yield* directory
        const sqlite = (table = "entries") => Sqlite.layer({ filename: join(path, "db"), table })
        const files = (folder = "f") =>
          FileSystem.layer({ directory: join(path, folder) }).pipe(Layer.provide(NodeServices.layer))
        const memory = KeyValueStore.layerMemory
        const effect = () => EffectStore.layer().pipe(Layer.provide(memory))
        assert.strictEqual(yield* outcome(combine(sqlite(), sqlite())), "refused")
        assert.strictEqual(yield* outcome(combine(files(), files())), "refused")
        assert.strictEqual(yield* outcome(combine(effect(), effect())), "refused")
        assert.strictEqual(yield* outcome(combine(sqlite(), sqlite("other"))), "built")
        assert.strictEqual(yield* outcome(combine(files(), files("g"))), "built")
      }).pipe(Effect.scoped)
    )
  }
})

describe("one cache layer used for several stores", () => {
  class A extends Context.Service<A, KeyValue.Service>()("test/A") {}
  class B extends Context.Service<B, KeyValue.Service>()("test/B") {}
  const seeded = (value: string) => Memory.layer({ seed: { default_collection: { k: value } } })
  const both = (a: Layer.Layer<KeyValue.KeyValue, any>, b: Layer.Layer<KeyValue.KeyValue, any>) =>
    Layer.merge(
      Layer.effect(A, KeyValue.KeyValue).pipe(Layer.provide(a)),
      Layer.effect(B, KeyValue.KeyValue).pipe(Layer.provide(b))
    )
  const read = Effect.gen(function* () {
    const [a, b] = [yield* A, yield* B]
    return [yield* a.get("k"), yield* b.get("k"), yield* a.get("k"), yield* b.get("k")]
  })

  it.effect("keeps separate copies for each store", () =>
    Effect.gen(function* () {
      const cached = PassthroughCache.wrap({ cache: Memory.layer() })
      const layers = both(seeded("a").pipe(cached), seeded("b").pipe(cached))
      assert.deepStrictEqual(yield* Effect.provide(read, layers), ["a", "b", "a", "b"])
    })
  )

  it.effect("keeps separate copies for each store when both wrap the cache layer", () =>
    Effect.gen(function* () {
      const cache = Memory.layer()
      const a = seeded("a").pipe(PassthroughCache.wrap({ cache: cache.pipe(Retry.wrap()) }))
      const b = seeded("b").pipe(PassthroughCache.wrap({ cache: cache.pipe(Timeout.wrap()) }))
      assert.deepStrictEqual(yield* Effect.provide(read, both(a, b)), ["a", "b", "a", "b"])
    })
  )

  it.effect("does not return copies of a closed store to the next store", () => {
    const cache = Memory.layer()
    const cached = PassthroughCache.wrap({ cache })
    const get = KeyValue.KeyValue.use((kv) => kv.get("k"))
    return Effect.gen(function* () {
      assert.strictEqual(yield* Effect.provide(get, seeded("a").pipe(cached)), "a")
      assert.strictEqual(yield* Effect.provide(get, seeded("b").pipe(cached)), "b")
    }).pipe(Effect.provide(cache))
  })

  it.live("rejects a second store over the same file until the first one is closed", () =>
    Effect.gen(function* () {
      const path = mkdtempSync(join(tmpdir(), "effect-kv-apart-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(path, { recursive: true, force: true })))
      const cached = PassthroughCache.wrap({ cache: Sqlite.layer({ filename: join(path, "db") }) })
      const [a, b] = [seeded("a").pipe(cached), seeded("b").pipe(cached)]
      const error = yield* Effect.flip(Effect.provide(read, both(a, b)))
      assert.strictEqual((error as KeyValueError.StoreSetupError)._tag, "StoreSetupError")
      assert.strictEqual(yield* outcome(a), "built")
      assert.strictEqual(yield* outcome(b), "built")
    }).pipe(Effect.scoped)
  )

  it.live("rejects a layer built for a second tenant while the file is open for the first", () =>
    Effect.gen(function* () {
      class Tenant extends Context.Service<Tenant, string>()("test/Tenant") {}
      const path = mkdtempSync(join(tmpdir(), "effect-kv-apart-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(path, { recursive: true, force: true })))
      const base = Sqlite.layer({ filename: join(path, "far") })
      const cached = PassthroughCache.wrap({ cache: Sqlite.layer({ filename: join(path, "db") }) })
      const ofTenant = {
        "a store of its own": Layer.unwrap(
          Effect.map(Tenant, (tenant) => Sqlite.layer({ filename: join(path, tenant) }))
        ),
        "a prefix of its own": Layer.unwrap(Effect.map(Tenant, (tenant) => base.pipe(PrefixCollections.wrap(tenant)))),
        "a collection of its own": Layer.unwrap(
          Effect.map(Tenant, (tenant) => base.pipe(SingleCollection.wrap(tenant)))
        )
      }
      for (const [name, far] of Object.entries(ofTenant)) {
        yield* Effect.gen(function* () {
          const of = (tenant: string) => Layer.build(Layer.provide(far.pipe(cached), Layer.succeed(Tenant, tenant)))
          yield* of("a")
          const error = yield* Effect.flip(of("b"))
          assert.include(error.message, "the cache is that of another store already", name)
          yield* of("a")
        }).pipe(Effect.scoped)
      }
    }).pipe(Effect.scoped)
  )

  it.effect("shares its copies between two stacks over the same store layer", () => {
    const far = seeded("k")
    let gets = 0
    const counted = Driver.wrapper(
      Driver.around((call, next) => {
        if (call._tag === "get") gets++
        return next(call)
      })
    )
    const base = far.pipe(counted)
    const cached = PassthroughCache.wrap({ cache: Memory.layer() })
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* Effect.provide(read, both(base.pipe(cached), base.pipe(cached))), [
        "k",
        "k",
        "k",
        "k"
      ])
      assert.strictEqual(gets, 1)
    })
  })
})
