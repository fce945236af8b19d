/** Tests that a failure of the store is never taken for a miss, in any operation and through any wrapper. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import {
  Atomic,
  Bulkhead,
  CircuitBreaker,
  Collection,
  Compression,
  Deadline,
  DefaultValue,
  Enumeration,
  Fallback,
  FernetEncryption,
  Hedge,
  KeyValue,
  type KeyValueError,
  LimitSize,
  Maintenance,
  Memory,
  PassthroughCache,
  PrefixCollections,
  PrefixKeys,
  RateLimit,
  Retry,
  Routing,
  SingleCollection,
  Statistics,
  Timeout,
  Tracing,
  TtlClamp
} from "../src/index.ts"
import { faulty, type Step, script } from "./support/faults.ts"

/** A store with one entry, in which every call fails. */
const failing = (step: Step) =>
  Memory.layer({ seed: { c: { a: 1 } } }).pipe(faulty(script(...Array<Step>(100).fill(step))))

const keys = [Redacted.make("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")] as const
const at = { collection: "c" }

/** Every operation of every service. */
const operations = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const { putIfAbsent, update, getAndDelete, deleteIf, increment } = yield* Atomic.Atomic
  const enumeration = yield* Enumeration.Enumeration
  const maintenance = yield* Maintenance.Maintenance
  const typed = yield* Collection.make({ ...at, schema: Schema.Finite })
  const reads = {
    get: kv.get("a", at),
    getMany: kv.getMany(["a", "b"], at),
    ttl: kv.ttl("a", at),
    ttlMany: kv.ttlMany(["a", "b"], at),
    getOrSet: kv.getOrSet("a", Effect.die("a failure was taken for a miss"), at),
    typed: typed.get("a"),
    typedOrElse: typed.getOrElse("a", () => assert.fail("a failure was taken for a miss")),
    keys: Stream.runCollect(enumeration.keys(at)),
    collections: Stream.runCollect(enumeration.collections())
  }
  const writes = {
    put: kv.put("a", 1, at),
    putMany: kv.putMany([["a", 1]], at),
    delete: kv.delete("a", at),
    deleteMany: kv.deleteMany(["a", "b"], at),
    putIfAbsent: putIfAbsent("a", 1, at),
    update: update("a", () => 2, at),
    getAndDelete: getAndDelete("a", at),
    deleteIf: deleteIf("a", () => true, at),
    increment: increment("a", 1, at),
    clear: maintenance.clear,
    clearCollection: maintenance.clearCollection(at),
    removeExpired: maintenance.removeExpired
  }
  return { reads, writes }
})

type All = KeyValue.KeyValue | Enumeration.Enumeration | Maintenance.Maintenance | Atomic.Atomic
type Failing = Effect.Effect<unknown, KeyValueError.KeyValueError>

const stacks: Record<string, <E>(store: Layer.Layer<All, E>) => Layer.Layer<All, E | KeyValueError.StoreSetupError>> = {
  "no wrapper": (store) => store,
  "the codecs": (store) => store.pipe(FernetEncryption.wrap({ keys }), Compression.wrap(), LimitSize.wrap({})),
  "the names": (store) => store.pipe(SingleCollection.wrap("one"), PrefixCollections.wrap("p"), PrefixKeys.wrap("q")),
  "the policies": (store) =>
    store.pipe(
      Timeout.wrap(),
      Hedge.wrap({ after: 1 }),
      Retry.wrap({ maxRetries: 0 }),
      CircuitBreaker.wrap({ trip: { consecutive: 1000 } }),
      Bulkhead.wrap(),
      RateLimit.wrap({ limit: 1000 }),
      Deadline.wrap("1 minute"),
      Statistics.wrap(),
      Tracing.wrap()
    ),
  "a default value": (store) => store.pipe(DefaultValue.wrap({ value: 0 }), TtlClamp.wrap({ maxTtl: "1 day" })),
  "a cache": (store) => store.pipe(PassthroughCache.wrap({ cache: Memory.layer() })),
  routing: (store) => store.pipe(Routing.wrap({ stores: { other: Memory.layer() }, route: () => undefined }))
}

const tags = { unavailable: "StoreUnavailableError", refused: "StoreError", lost: "StoreUnavailableError" } as const

describe("a failure of the store", () => {
  for (const [name, stack] of Object.entries(stacks)) {
    it.effect(`fails every operation, through ${name}`, () =>
      Effect.forEach(["unavailable", "refused"] as const, (step) =>
        Effect.gen(function* () {
          const { reads, writes } = yield* operations
          for (const [name, operation] of Object.entries({ ...reads, ...writes })) {
            const error = yield* Effect.flip(operation as Failing)
            assert.strictEqual(error._tag, tags[step], name)
            assert.strictEqual(error.collection, /^(clear|collections|removeExpired)$/.test(name) ? "" : "c", name)
            assert.isTrue(
              error.keys.every((key) => key === "a" || key === "b"),
              `${name} names the key ${error.keys}`
            )
            if (name in writes && !/update|getAndDelete/.test(name)) {
              assert.strictEqual((error as { readonly outcome?: unknown }).outcome, "not-applied", name)
            }
          }
        }).pipe(Effect.provide(stack(failing(step))))
      )
    )
  }

  it.effect("fails every read through Fallback, when both stores fail", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      for (const read of [kv.get("a", at), kv.getMany(["a"], at), kv.ttl("a", at), kv.ttlMany(["a"], at)]) {
        assert.strictEqual((yield* Effect.flip(read as Failing))._tag, "StoreError")
      }
    }).pipe(Effect.provide(failing("unavailable").pipe(Fallback.wrap({ fallback: failing("refused") }))))
  )

  it.effect("has the outcome unknown when the reply to a write was lost", () =>
    Effect.gen(function* () {
      const { writes } = yield* operations
      for (const name of [
        "put",
        "putMany",
        "delete",
        "deleteMany",
        "putIfAbsent",
        "clear",
        "clearCollection"
      ] as const) {
        const error = yield* Effect.flip(writes[name] as Failing)
        assert.strictEqual((error as { readonly outcome?: unknown }).outcome, "unknown", name)
        assert.isTrue(error.retryable)
      }
    }).pipe(Effect.provide(failing("lost")))
  )
})
