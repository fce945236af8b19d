/** Tests that an operation can be interrupted after any of its steps without blocking the operations that follow. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"
import * as Stream from "effect/Stream"
import {
  Aead,
  Atomic,
  CollectionRouting,
  Compression,
  DefaultValue,
  Enumeration,
  FernetEncryption,
  KeyValue,
  LimitSize,
  Logging,
  Maintenance,
  Memory,
  PrefixCollections,
  PrefixKeys,
  ReadOnly,
  Rotation,
  Routing,
  SingleCollection,
  Statistics,
  Tracing,
  TtlClamp
} from "../src/index.ts"

type Services = KeyValue.KeyValue | Atomic.Atomic | Enumeration.Enumeration | Maintenance.Maintenance

const fernet = Effect.runSync(FernetEncryption.generateKey)
const aead = Effect.runSync(Aead.generateKey)

const layers: Readonly<Record<string, Layer.Layer<Services, unknown>>> = {
  Memory: Memory.layer({ maxEntries: 100 }),
  "Memory with limits per collection": Memory.layer({ maxSize: "1 KiB", limitsPer: "collection" }),
  PrefixKeys: Memory.layer().pipe(PrefixKeys.wrap("a")),
  PrefixCollections: Memory.layer().pipe(PrefixCollections.wrap("a")),
  SingleCollection: Memory.layer().pipe(SingleCollection.wrap("a")),
  LimitSize: Memory.layer().pipe(LimitSize.wrap({ maxSize: 100, onTooLarge: "delete" })),
  TtlClamp: Memory.layer().pipe(TtlClamp.wrap({ maxTtl: "1 hour" })),
  DefaultValue: Memory.layer().pipe(DefaultValue.wrap({ value: 0 })),
  Compression: Memory.layer().pipe(Compression.wrap({ minSize: 0 })),
  FernetEncryption: Memory.layer().pipe(FernetEncryption.wrap({ keys: [fernet], onDecryptionError: "miss" })),
  Aead: Memory.layer().pipe(Aead.wrap({ keys: [{ id: "1", key: aead }], onDecryptionError: "miss" })),
  Routing: Memory.layer().pipe(Routing.wrap({ stores: { a: Memory.layer() }, route: () => "a" })),
  CollectionRouting: Memory.layer().pipe(CollectionRouting.wrap({ other: Memory.layer() })),
  ReadOnly: Memory.layer({ seed: { default_collection: { k: 1 } } }).pipe(ReadOnly.wrap({ onWrite: "ignore" })),
  "Statistics, Logging and Tracing": Memory.layer().pipe(
    Statistics.wrap(),
    Logging.wrap({ level: "Trace", logStart: true }),
    Tracing.wrap()
  )
}

const operations: Effect.Effect<
  Readonly<Record<string, Effect.Effect<unknown, unknown, Services>>>,
  never,
  Services
> = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const atomic = yield* Atomic.Atomic
  const { keys, collections } = yield* Enumeration.Enumeration
  const { clear, clearCollection, removeExpired } = yield* Maintenance.Maintenance
  return {
    get: kv.get("k"),
    getMany: kv.getMany(["k", "l"]),
    put: kv.put("k", 1),
    putMany: kv.putMany([
      ["k", 1],
      ["l", "x".repeat(200)]
    ]),
    delete: kv.delete("k"),
    putIfAbsent: atomic.putIfAbsent("k", 1),
    update: atomic.update("k", () => 1),
    getAndDelete: atomic.getAndDelete("k"),
    deleteIf: atomic.deleteIf("k", () => true),
    increment: atomic.increment("k", 1, { ttl: "1 minute" }),
    getOrSet: kv.getOrSet("k", Effect.succeed(1)),
    keys: Stream.runDrain(keys()),
    collections: Stream.runDrain(collections()),
    clear,
    clearCollection: clearCollection(),
    removeExpired,
    rotate: Stream.runDrain(Rotation.rotate())
  }
})

/** Checks that every operation works and agrees with the others. */
const works = Effect.fnUntraced(function* (isReadOnly: boolean) {
  const kv = yield* KeyValue.KeyValue
  const atomic = yield* Atomic.Atomic
  const { keys } = yield* Enumeration.Enumeration
  const { clear } = yield* Maintenance.Maintenance
  for (const key of ["k", "l"]) {
    yield* kv.put(key, 1)
    if (isReadOnly) continue
    assert.strictEqual(yield* kv.get(key), 1)
    assert.isFalse(yield* atomic.putIfAbsent(key, 2))
    assert.strictEqual(yield* atomic.update(key, () => 3), 3)
    assert.strictEqual(yield* atomic.increment(key), 4)
    assert.strictEqual(yield* atomic.getAndDelete(key), 4)
    assert.isTrue(yield* atomic.putIfAbsent(key, 4))
    assert.include(yield* Stream.runCollect(keys()), key)
    assert.isTrue(yield* kv.delete(key))
  }
  assert.strictEqual(yield* clear, 0)
})

describe("an operation that is interrupted after any of its steps", () => {
  for (const [name, layer] of Object.entries(layers)) {
    it.effect(`leaves the store usable, in ${name}`, () =>
      Effect.gen(function* () {
        for (const operation of Object.values(yield* operations)) {
          for (let steps = 5; steps <= 60; steps++) {
            const fiber = yield* Effect.forkChild(
              Effect.provideService(operation, Scheduler.MaxOpsBeforeYield, steps),
              { startImmediately: true }
            )
            yield* Fiber.interrupt(fiber)
            if (steps % 10 === 0) yield* works(name === "ReadOnly")
          }
        }
        yield* works(name === "ReadOnly")
      }).pipe(Effect.provide(layer))
    )
  }
})
