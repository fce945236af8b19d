/** Tests Fallback without recovery, Routing and CollectionRouting. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import {
  CollectionRouting,
  Enumeration,
  Fallback,
  FernetEncryption,
  KeyValue,
  Maintenance,
  Memory,
  PrefixCollections,
  Routing
} from "../../src/index.ts"
import { faulty, type Step, script } from "../support/faults.ts"
import { memory, plant } from "../support/inspect.ts"

const withSteps = (seed: string, ...steps: ReadonlyArray<Step>) => {
  const plan = script(...steps)
  return { plan, layer: Memory.layer({ seed: { default_collection: { key: seed } } }).pipe(faulty(plan)) }
}

const use = <A, E>(f: (kv: KeyValue.Service) => Effect.Effect<A, E>) => KeyValue.KeyValue.use(f)

describe("Fallback", () => {
  it.effect("reads from the fallback while the primary is unavailable [F1]", () => {
    const primary = withSteps("primary", "unavailable", "unavailable", "unavailable", "unavailable")
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      assert.strictEqual(yield* kv.get("key"), "fallback")
      assert.deepStrictEqual(yield* kv.getMany(["key", "x"]), ["fallback", undefined])
      assert.strictEqual((yield* kv.ttl("key"))?.value, "fallback")
      assert.strictEqual((yield* kv.ttlMany(["key"]))[0]?.value, "fallback")
      assert.strictEqual(yield* kv.get("key"), "primary")
    }).pipe(Effect.provide(primary.layer.pipe(Fallback.wrap({ fallback: withSteps("fallback").layer }))))
  })

  it.effect("returns the reply of the primary, including a miss [F2, F5]", () => {
    const fallback = withSteps("fallback")
    return Effect.gen(function* () {
      assert.strictEqual(yield* use((kv) => kv.get("key")), "primary")
      assert.isUndefined(yield* use((kv) => kv.get("other")))
      assert.strictEqual(fallback.plan.calls.length, 0)
    }).pipe(Effect.provide(withSteps("primary").layer.pipe(Fallback.wrap({ fallback: fallback.layer }))))
  })

  it.effect("sends writes only to the primary unless writeToFallback is set [F3, F4]", () => {
    const broken = (): ReturnType<typeof withSteps> => withSteps("primary", "unavailable", "unavailable")
    return Effect.gen(function* () {
      const off = broken().layer.pipe(Fallback.wrap({ fallback: Memory.layer() }))
      assert.strictEqual(
        (yield* Effect.flip(
          Effect.provide(
            use((kv) => kv.put("k", 1)),
            off
          )
        ))._tag,
        "StoreUnavailableError"
      )
      const on = broken().layer.pipe(Fallback.wrap({ fallback: withSteps("fallback").layer, writeToFallback: true }))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("k", 1)
        assert.isTrue(yield* kv.delete("key"))
        assert.isUndefined(yield* kv.get("k"))
      }).pipe(Effect.provide(on))
    })
  })

  it.effect("uses the fallback only for unavailability unless fallbackOn says otherwise", () =>
    Effect.gen(function* () {
      const refused = () => withSteps("primary", "refused").layer
      const fallback = withSteps("fallback").layer
      const strict = refused().pipe(Fallback.wrap({ fallback }))
      assert.strictEqual(
        (yield* Effect.flip(
          Effect.provide(
            use((kv) => kv.get("key")),
            strict
          )
        ))._tag,
        "StoreError"
      )
      const lenient = refused().pipe(Fallback.wrap({ fallback, fallbackOn: (error) => error._tag === "StoreError" }))
      assert.strictEqual(
        yield* Effect.provide(
          use((kv) => kv.get("key")),
          lenient
        ),
        "fallback"
      )
    })
  )

  it.effect("does not read from the fallback when the entry of the primary was tampered with", () => {
    const keys = [Redacted.make("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")] as const
    const primary = memory().pipe(FernetEncryption.wrap({ keys }))
    return Effect.gen(function* () {
      yield* plant("key", { __encrypted_data__: "dGFtcGVyZWQ=", __encryption_version__: 1 })
      const reads = [
        use((kv) => kv.get("key")),
        use((kv) => kv.getMany(["key"])),
        use((kv) => kv.ttl("key")),
        use((kv) => kv.ttlMany(["key"]))
      ]
      for (const read of reads) {
        const error = yield* Effect.flip(read as Effect.Effect<unknown, { readonly _tag: string }, KeyValue.KeyValue>)
        assert.strictEqual(error._tag, "DecryptionError")
      }
    }).pipe(Effect.provide(primary.pipe(Fallback.wrap({ fallback: withSteps("fallback").layer }))))
  })

  it.effect(
    "leaves the writes of an outage in the fallback and returns the old values of the primary afterwards",
    () => {
      const primary = withSteps("old", "unavailable", "unavailable", "unavailable")
      return Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("key", "new")
        yield* kv.put("other", "new")
        assert.strictEqual(yield* kv.get("key"), "new", "during the outage")
        assert.deepStrictEqual(yield* kv.getMany(["key", "other"]), ["old", undefined], "after it")
      }).pipe(Effect.provide(primary.layer.pipe(Fallback.wrap({ fallback: Memory.layer(), writeToFallback: true }))))
    }
  )

  it.effect("continues an enumeration in the store in which it began", () => {
    const seed = (name: string, n: number) =>
      Memory.layer({
        seed: { default_collection: Object.fromEntries(Array.from({ length: n }, (_, i) => [`${name}${i}`, i])) }
      })
    const plan = script("unavailable", "ok", "ok")
    const layer = seed("p", 30).pipe(faulty(plan), Fallback.wrap({ fallback: seed("f", 25) }))
    return Effect.gen(function* () {
      const enumeration = yield* Enumeration.Enumeration
      const first = yield* Stream.runCollect(enumeration.keys({ pageSize: 10 }))
      assert.strictEqual(first.length, 25)
      assert.isTrue([...first].every((key) => key.startsWith("f")))
      const second = yield* Stream.runCollect(enumeration.keys({ pageSize: 10 }))
      assert.strictEqual(second.length, 30)
      assert.isTrue([...second].every((key) => key.startsWith("p")))
    }).pipe(Effect.provide(layer))
  })
})

describe("Routing", () => {
  const stores = () => {
    const first = Memory.layer()
    const second = Memory.layer()
    const rest = Memory.layer()
    const route = (collection: string) =>
      collection === "first" ? ("a" as const) : collection.startsWith("second") ? ("b" as const) : undefined
    return { first, second, rest, router: rest.pipe(Routing.wrap({ stores: { a: first, b: second }, route })) }
  }

  it.effect("stores, reads and deletes each collection in its own store, with its TTL [RT1, RT2, RT3]", () => {
    const { first, second, rest, router } = stores()
    const cases = [
      ["first", first, 1800],
      ["second", second, 2700],
      ["unmapped", rest, 7200]
    ] as const
    return Effect.gen(function* () {
      for (const [collection, , ttl] of cases) {
        yield* use((kv) => kv.put("k", collection, { collection, ttl: ttl * 1000 }))
      }
      for (const [collection, own, ttl] of cases) {
        for (const [, store] of cases) {
          const found = yield* Effect.provide(
            use((kv) => kv.getMany(["k"], { collection })),
            store
          )
          assert.deepStrictEqual(found, [store === own ? collection : undefined])
        }
        assert.strictEqual(Duration.toSeconds((yield* use((kv) => kv.ttl("k", { collection })))!.ttl!), ttl)
        assert.isTrue(yield* use((kv) => kv.delete("k", { collection })))
        assert.isUndefined(
          yield* Effect.provide(
            use((kv) => kv.get("k", { collection })),
            own
          )
        )
      }
    }).pipe(Effect.provide(Layer.mergeAll(first, second, rest, router)))
  })

  it.effect("routes the default collection by its name [RT4]", () => {
    const seen: Array<string> = []
    const route = (collection: string) => {
      seen.push(collection)
      return undefined
    }
    return Effect.gen(function* () {
      yield* use((kv) => kv.put("k", 1))
      assert.deepStrictEqual(seen, ["default_collection"])
    }).pipe(Effect.provide(Memory.layer().pipe(Routing.wrap({ stores: {}, route }))))
  })

  it.effect(
    "lists and clears each collection in its own store, and leaves collections that are routed elsewhere",
    () => {
      const { first, rest, router } = stores()
      return Effect.gen(function* () {
        yield* Effect.provide(
          use((kv) => kv.put("hidden", 1, { collection: "first" })),
          rest
        )
        for (const collection of ["first", "second_a", "second_b", "third"]) {
          yield* use((kv) =>
            kv.putMany(
              [
                ["a", 1],
                ["b", 2]
              ],
              { collection }
            )
          )
        }
        const enumeration = yield* Enumeration.Enumeration
        const names = yield* Stream.runCollect(enumeration.collections({ pageSize: 1 }))
        assert.deepStrictEqual([...names].sort(), ["first", "second_a", "second_b", "third"])
        assert.deepStrictEqual(
          [...(yield* Stream.runCollect(enumeration.keys({ collection: "second_b" })))],
          ["a", "b"]
        )
        const maintenance = yield* Maintenance.Maintenance
        assert.strictEqual(yield* maintenance.clearCollection({ collection: "second_a" }), 2)
        assert.strictEqual(yield* maintenance.clear, 6)
        assert.deepStrictEqual([...(yield* Stream.runCollect(enumeration.collections()))], [])
        const hidden = Effect.provide(
          use((kv) => kv.get("hidden", { collection: "first" })),
          rest
        )
        assert.strictEqual(yield* hidden, 1)
      }).pipe(Effect.provide(Layer.mergeAll(first, rest, router)))
    }
  )

  it.effect("removes expired entries in every store", () => {
    const { router } = stores()
    return Effect.gen(function* () {
      for (const collection of ["first", "second", "third"]) yield* use((kv) => kv.put("k", 1, { collection, ttl: 1 }))
      yield* use((kv) => kv.put("kept", 1, { collection: "first" }))
      yield* TestClock.adjust(1)
      const maintenance = yield* Maintenance.Maintenance
      assert.strictEqual(yield* maintenance.removeExpired, 3)
      assert.strictEqual(yield* maintenance.removeExpired, 0)
    }).pipe(Effect.provide(router))
  })

  it.effect("routes by the table of CollectionRouting, also for names such as __proto__", () => {
    const sessions = Memory.layer()
    return Effect.gen(function* () {
      yield* use((kv) => kv.put("k", 1, { collection: "sessions" }))
      yield* use((kv) => kv.put("k", 2, { collection: "constructor" }))
      yield* use((kv) => kv.put("k", 3, { collection: "__proto__" }))
      assert.strictEqual(yield* use((kv) => kv.get("k", { collection: "constructor" })), 2)
      assert.strictEqual(yield* use((kv) => kv.get("k", { collection: "__proto__" })), 3)
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* use((kv) => kv.get("k", { collection: "sessions" })), 1)
        assert.isUndefined(yield* use((kv) => kv.get("k", { collection: "constructor" })))
      }).pipe(Effect.provide(sessions))
    }).pipe(Effect.provide(Layer.merge(sessions, Memory.layer().pipe(CollectionRouting.wrap({ sessions })))))
  })

  it.effect("builds a base that several stores share only once", () => {
    const base = Memory.layer()
    const router = base.pipe(
      PrefixCollections.wrap("rest"),
      CollectionRouting.wrap({ users: base.pipe(PrefixCollections.wrap("users")) })
    )
    return Effect.gen(function* () {
      yield* use((kv) => kv.put("k", 1, { collection: "users" }))
      yield* use((kv) => kv.put("k", 2, { collection: "other" }))
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* use((kv) => kv.get("k", { collection: "users__users" })), 1)
        assert.strictEqual(yield* use((kv) => kv.get("k", { collection: "rest__other" })), 2)
      }).pipe(Effect.provide(base))
    }).pipe(Effect.provide(Layer.merge(base, router)))
  })
})
