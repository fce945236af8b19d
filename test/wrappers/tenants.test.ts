/** Tests that clearing and removing expired entries in one namespace leaves other namespaces of the store alone. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FS from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as EffectKeyValueStore from "effect/persistence/KeyValueStore"
import { TestClock } from "effect/testing"
import {
  CollectionRouting,
  Driver,
  type Enumeration,
  KeyValue,
  Maintenance,
  Memory,
  PrefixCollections,
  PrefixKeys,
  SingleCollection
} from "../../src/index.ts"
import * as EffectStore from "../../src/stores/EffectStore.ts"
import * as FileSystem from "../../src/stores/FileSystem.ts"
import * as Sqlite from "../../src/stores/Sqlite.ts"
import { type Able, call, recording } from "../driver/recording.ts"

type Store = Layer.Layer<KeyValue.KeyValue | Enumeration.Enumeration | Maintenance.Maintenance, unknown>

const stores: Readonly<Record<string, () => Store>> = {
  Memory: () => Memory.layer(),
  "Memory with limits per collection": () => Memory.layer({ limitsPer: "collection", maxEntries: 1000 }),
  Sqlite: () => Sqlite.layer({ filename: ":memory:" }),
  EffectStore: () => EffectStore.layer().pipe(Layer.provide(EffectKeyValueStore.layerMemory)),
  FileSystem: () =>
    Layer.unwrap(
      Effect.map(
        Effect.flatMap(FS.FileSystem, (fs) => fs.makeTempDirectoryScoped()),
        (directory) => FileSystem.layer({ directory, fsync: false })
      )
    ).pipe(Layer.provide(NodeServices.layer))
}

/** Two namespaces of one store. */
const namespaces: Readonly<Record<string, (base: Store) => readonly [Store, Store]>> = {
  PrefixKeys: (base) => [base.pipe(PrefixKeys.wrap("a")), base.pipe(PrefixKeys.wrap("b"))],
  PrefixCollections: (base) => [base.pipe(PrefixCollections.wrap("a")), base.pipe(PrefixCollections.wrap("b"))],
  SingleCollection: (base) => [base.pipe(SingleCollection.wrap("a")), base.pipe(SingleCollection.wrap("b"))],
  "PrefixKeys over SingleCollection": (base) => {
    const one = base.pipe(SingleCollection.wrap("all"))
    return [one.pipe(PrefixKeys.wrap("a")), one.pipe(PrefixKeys.wrap("b"))]
  },
  "SingleCollection over PrefixCollections": (base) => [
    base.pipe(PrefixCollections.wrap("a"), SingleCollection.wrap("all")),
    base.pipe(PrefixCollections.wrap("b"), SingleCollection.wrap("all"))
  ],
  "CollectionRouting, beside what the store holds for others": (base) => [
    Memory.layer().pipe(CollectionRouting.wrap({ mine: base, other: Memory.layer() })),
    base
  ]
}

const maintenance = <A, E>(f: (service: Maintenance.Service) => Effect.Effect<A, E>) =>
  Effect.flatMap(Maintenance.Maintenance, f)

describe("maintenance of one namespace", () => {
  for (const [store, base] of Object.entries(stores)) {
    for (const [namespace, split] of Object.entries(namespaces)) {
      it.effect(`leaves other namespaces alone with ${namespace} over ${store}`, () =>
        Effect.gen(function* () {
          const memo = yield* Layer.makeMemoMap
          const scope = yield* Effect.scope
          const [a, b] = split(base())
          const mine = yield* Layer.buildWithMemoMap(a, memo, scope)
          const theirs = yield* Layer.buildWithMemoMap(b, memo, scope)
          const put = (key: string, options: KeyValue.PutOptions) =>
            KeyValue.KeyValue.use((kv) => kv.put(key, 1, options))
          for (let i = 0; i < 5; i++) {
            yield* Effect.provide(put(`k${i}`, { collection: "other", ttl: "1 second" }), theirs)
            yield* Effect.provide(put(`k${i}`, { collection: "other_live" }), theirs)
          }
          yield* Effect.provide(put("k1", { collection: "mine", ttl: "2 seconds" }), mine)
          yield* TestClock.adjust("1 second")
          const removeExpired = maintenance((it) => it.removeExpired)
          assert.strictEqual(yield* Effect.provide(removeExpired, mine), 0)
          assert.strictEqual(yield* Effect.provide(removeExpired, theirs), 5)
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* Effect.provide(removeExpired, mine), 1)
          yield* Effect.provide(put("k2", { collection: "mine" }), mine)
          assert.strictEqual(
            yield* Effect.provide(
              maintenance((it) => it.clear),
              mine
            ),
            1
          )
          assert.strictEqual(
            yield* Effect.provide(
              maintenance((it) => it.clear),
              theirs
            ),
            5
          )
        }).pipe(Effect.scoped)
      )
    }
  }

  it.effect("removes more than a page of expired rows of one tenant and none of another in Sqlite", () =>
    Effect.gen(function* () {
      const base = Sqlite.layer({ filename: ":memory:" })
      const memo = yield* Layer.makeMemoMap
      const scope = yield* Effect.scope
      const mine = yield* Layer.buildWithMemoMap(base.pipe(PrefixKeys.wrap("a")), memo, scope)
      const theirs = yield* Layer.buildWithMemoMap(base.pipe(PrefixKeys.wrap("b")), memo, scope)
      const entries = Array.from({ length: 1500 }, (_, i) => [`k${i}`, i] as const)
      const put = KeyValue.KeyValue.use((kv) => kv.putMany(entries, { ttl: "1 second" }))
      yield* Effect.provide(put, mine)
      yield* Effect.provide(put, theirs)
      yield* TestClock.adjust("1 second")
      const removeExpired = maintenance((it) => it.removeExpired)
      assert.strictEqual(yield* Effect.provide(removeExpired, mine), 1500)
      assert.strictEqual(yield* Effect.provide(removeExpired, theirs), 1500)
    }).pipe(Effect.scoped)
  )
})

describe("maintenance of a whole store", () => {
  it.effect("is not offered by a naming wrapper that cannot translate it", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      const unlisted = { ...driver, listing: undefined }
      const folded = Driver.foldCollections("all", {
        encodeFirst: (a) => a,
        encode: (a, b) => `${a}__${b}`,
        decode: () => undefined
      })
      assert.isUndefined(folded(unlisted).listing)
      const error = yield* Effect.flip(folded(unlisted).maintenance!.clear(call.clear({ prefix: "" })))
      assert.strictEqual(error._tag, "StoreError")
      yield* driver.put(call.put("all", { "no-separator": 1 }))
      const named = folded(driver) as Able
      assert.strictEqual((yield* named.maintenance.clear(call.clear({ prefix: "" }))).count, 0)
    })
  )
})
