/** Tests that large integers keep their digits in stacks of exact stores and stores that round. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import {
  CollectionRouting,
  Compression,
  Driver,
  type Enumeration,
  Fallback,
  FernetEncryption,
  KeyValue,
  type KeyValueError,
  type Maintenance,
  Memory,
  PassthroughCache,
  Replicate,
  Rotation,
  Routing,
  type Value
} from "../../src/index.ts"
import * as EffectStore from "../../src/stores/EffectStore.ts"
import * as Sqlite from "../../src/stores/Sqlite.ts"
import * as any from "../properties/arbitraries.ts"
import { faulty, script } from "../support/faults.ts"

type Store = Layer.Layer<
  KeyValue.KeyValue | Enumeration.Enumeration | Maintenance.Maintenance,
  KeyValueError.StoreSetupError
>

/** A store that returns exact integers, as Redis does with `integers: "bigint"`. */
const exactly = Driver.wrapper((driver) => ({ ...driver, exactIntegers: true }))

/** A custom store that parses JSON itself and rounds. */
const rounding = Driver.wrapper((driver) => ({ ...driver, exactIntegers: false }))

const keys = [Redacted.make("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")] as const

const stores: Readonly<Record<string, () => Store>> = {
  Memory: () => Memory.layer(),
  "Memory with maxSize": () => Memory.layer({ maxSize: "1 GiB" }),
  Sqlite: () => Sqlite.layer(),
  EffectStore: () => EffectStore.layer().pipe(Layer.provide(KeyValueStore.layerMemory)),
  "Compression over Memory": () => Memory.layer().pipe(Compression.wrap({ minSize: 0 })),
  "FernetEncryption over Sqlite": () => Sqlite.layer().pipe(FernetEncryption.wrap({ keys }))
}

type Read = (kv: KeyValue.Service, key: string) => Effect.Effect<unknown, unknown>

const reads: Readonly<Record<string, Read>> = {
  get: (kv, key) => kv.get(key),
  getMany: (kv, key) => Effect.map(kv.getMany([key]), ([value]) => value),
  ttl: (kv, key) => Effect.map(kv.ttl(key), (found) => found?.value),
  getOrSet: (kv, key) => kv.getOrSet(key, Effect.succeed("loaded"))
}

/** Combinations of two stores, with the steps after which reads come from each of them. */
const combinations: Readonly<
  Record<
    string,
    (
      first: Store,
      second: Store
    ) => {
      readonly layer: Layer.Layer<KeyValue.KeyValue, KeyValueError.StoreSetupError>
      readonly sources?: ReadonlyArray<Effect.Effect<void>>
      readonly putsInEach?: boolean
    }
  >
> = {
  PassthroughCache: (first, second) => ({ layer: first.pipe(PassthroughCache.wrap({ cache: second })) }),
  "Fallback in an outage": (first, second) => {
    const plan = script()
    const layer = first.pipe(faulty(plan), Fallback.wrap({ fallback: second, writeToFallback: true }))
    return { layer, sources: [set(plan, "ok"), set(plan, "unavailable")], putsInEach: true }
  },
  "Fallback with recovery": (first, second) => {
    const plan = script()
    plan.always = "unavailable"
    const layer = first.pipe(faulty(plan), Fallback.wrap({ fallback: second, recovery: {} }))
    return { layer, sources: [Effect.void, Effect.andThen(set(plan, "ok"), TestClock.adjust("1 hour"))] }
  },
  Replicate: (first, second) => {
    const plan = script()
    const layer = first.pipe(faulty(plan), Replicate.wrap({ replicas: [second], acknowledgements: "all" }))
    return { layer, sources: [set(plan, "ok"), set(plan, "unavailable")] }
  },
  Routing: (first, second) => ({
    layer: first.pipe(Routing.wrap({ stores: { second }, route: () => "second" as const }))
  }),
  CollectionRouting: (first, second) => ({ layer: first.pipe(CollectionRouting.wrap({ default_collection: second })) }),
  "Driver.combine": (first, second) => {
    let turn = 0
    const alternating = Driver.wrapperOver([second], (a, [b]) =>
      Effect.succeed(
        Driver.combine([a, b!], (call, nexts) =>
          Driver.isWrite(call) ? Effect.andThen(nexts[0]!(call), nexts[1]!(call)) : nexts[turn++ % 2]!(call)
        )
      )
    )
    return { layer: alternating(first) }
  }
}

const set = (plan: ReturnType<typeof script>, always: "ok" | "unavailable") =>
  Effect.sync(() => {
    plan.always = always
  })

const large = any.pick("9007199254740993", "-9007199254740993", "123456789012345678901234567890", "10000000000000001")

const value = Arbitrary.map(Arbitrary.all([any.json, large]), ([json, digits]): any => ({
  [digits]: json,
  id: BigInt(digits),
  list: [json, BigInt(digits), Number(digits), digits]
}))

describe("a combination of an exact store and one that rounds integers by default", () => {
  for (const [name, combine] of Object.entries(combinations)) {
    for (const [other, store] of Object.entries(stores)) {
      for (const isFirst of [true, false]) {
        it.effect.prop(
          `returns exact integers from all reads: ${name} of ${isFirst ? `an exact store and ${other}` : `${other} and an exact store`}`,
          [value],
          ([value]) => {
            const exact: Store = exactly(Sqlite.layer())
            const {
              layer,
              sources = [Effect.void],
              putsInEach = false
            } = isFirst ? combine(exact, store()) : combine(store(), exact)
            return Effect.gen(function* () {
              const kv = yield* KeyValue.KeyValue
              yield* kv.put("k", value)
              for (const source of sources) {
                yield* source
                if (putsInEach) yield* kv.put("k", value)
                for (const [read, run] of Object.entries(reads)) {
                  assert.deepStrictEqual(yield* run(kv, "k"), value, read)
                  assert.deepStrictEqual(yield* run(kv, "k"), value, `${read}, again`)
                }
              }
            }).pipe(Effect.provide(layer, { local: true }))
          },
          { arbitrary: { runs: 5 } }
        )
      }
    }
  }

  it.effect("rounds integers and refuses bigints when one store cannot be exact", () => {
    const base = Memory.layer()
    const id = 9007199254740993n as unknown as number
    const mixed = base.pipe(exactly, PassthroughCache.wrap({ cache: Memory.layer().pipe(rounding) }))
    return Effect.gen(function* () {
      yield* Effect.provide(put({ id }), base.pipe(exactly))
      assert.strictEqual((yield* Effect.flip(Effect.provide(put({ id }), mixed)))._tag, "SerializationError")
      const twice = Effect.provide(Effect.all([get, get]), mixed)
      assert.deepStrictEqual(yield* twice, [{ id: 9007199254740992 }, { id: 9007199254740992 }])
    }).pipe(Effect.provide(base))
  })
})

const put = (value: Value.Value) => KeyValue.KeyValue.use((kv) => kv.put("k", value))

const get = KeyValue.KeyValue.use((kv) => kv.get("k"))

describe("integers that a stack reads as the nearest number", () => {
  const text = '{"key":"k","value":{"id":9007199254740993,"at":1e16,"zero":-0.0},"version":1}'
  const rounded = { id: 9007199254740992, at: 1e16, zero: -0 }
  const exact = { id: 9007199254740993n as unknown as number, at: 1e16, zero: -0 }

  it.effect("keep their digits in copies in another store", () => {
    const table = EffectStore.layer().pipe(Layer.provideMerge(KeyValueStore.layerMemory))
    const near = [Sqlite.layer(), Memory.layer()] as const
    return Effect.gen(function* () {
      yield* KeyValueStore.KeyValueStore.use((store) => store.set("default_collection::k", text))
      for (const cache of near) {
        const cached = table.pipe(PassthroughCache.wrap({ cache }))
        assert.deepStrictEqual(yield* Effect.provide(Effect.all([get, get]), cached), [rounded, rounded])
        assert.deepStrictEqual(yield* Effect.provide(get, exactly(cache)), exact)
      }
    }).pipe(Effect.provide(Layer.mergeAll(table, ...near)))
  })

  it.effect("keep their digits when Rotation re-encrypts them", () => {
    const base = Memory.layer()
    const ring = (...ids: ReadonlyArray<number>) =>
      FernetEncryption.wrap({
        keys: ids.map((id) => Redacted.make(`${Buffer.alloc(32, id).toString("base64url")}=`)) as never
      })
    return Effect.gen(function* () {
      yield* Effect.provide(put(exact), base.pipe(exactly, ring(1)))
      assert.deepStrictEqual(yield* Effect.provide(get, base.pipe(ring(2, 1))), rounded)
      const [progress] = yield* Effect.provide(Stream.runCollect(Rotation.rotate()), base.pipe(ring(2, 1)))
      assert.strictEqual(progress?.rotated, 1)
      assert.deepStrictEqual(yield* Effect.provide(get, base.pipe(exactly, ring(2))), exact)
    }).pipe(Effect.provide(base))
  })
})
