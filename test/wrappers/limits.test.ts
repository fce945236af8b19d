/** Tests the small wrappers that limit or replace values: LimitSize, TtlClamp, DefaultValue and ReadOnly. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { TestClock } from "effect/testing"
import { Atomic, DefaultValue, KeyValue, LimitSize, Maintenance, Memory, ReadOnly, TtlClamp } from "../../src/index.ts"
import { buildError } from "../support/faults.ts"
import { both, memory, plant, stored } from "../support/inspect.ts"

describe("LimitSize", () => {
  const large = { data: "x".repeat(1000) }

  it.effect("stores values within the limit [L1]", () =>
    Effect.gen(function* () {
      yield* KeyValue.KeyValue.use((kv) => kv.put("k", { test: "test" }))
      assert.deepStrictEqual(yield* stored("k"), { test: "test" })
    }).pipe(Effect.provide(memory().pipe(LimitSize.wrap({ maxSize: "1 KiB" }))))
  )

  it.effect("fails with EntryTooLargeError, which says both sizes, and stores nothing [L2]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      const error = yield* Effect.flip(kv.put("k", large, { collection: "docs" }))
      assert.strictEqual(error._tag, "EntryTooLargeError")
      assert.strictEqual(
        error.message,
        'put in collection "docs": the value has 1011 bytes; the limit of LimitSize is 100.'
      )
      assert.isUndefined(yield* stored("k", { collection: "docs" }))
    }).pipe(Effect.provide(memory().pipe(LimitSize.wrap({ maxSize: 100 }))))
  )

  it.effect("ignores a value that is too large and keeps the old one when onTooLarge is ignore [L3]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* kv.put("k", 1)
      yield* kv.put("k", large)
      assert.strictEqual(yield* stored("k"), 1)
    }).pipe(Effect.provide(memory().pipe(LimitSize.wrap({ maxSize: 100, onTooLarge: "ignore" }))))
  )

  it.effect("deletes the old value when onTooLarge is delete", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* kv.putMany([
        ["k", 1],
        ["other", 1]
      ])
      yield* kv.putMany([
        ["k", large],
        ["other", 2]
      ])
      assert.isUndefined(yield* stored("k"))
      assert.strictEqual(yield* stored("other"), 2)
      const atomic = yield* Atomic.Atomic
      yield* atomic.update("other", () => large)
      assert.isUndefined(yield* stored("other"))
    }).pipe(Effect.provide(memory().pipe(LimitSize.wrap({ maxSize: 100, onTooLarge: "delete" }))))
  )

  it.effect("checks only the last entry of each key in a batch", () =>
    Effect.gen(function* () {
      const [small, fits, large] = ["", "fits", "x".repeat(100)] as const
      const holds = (options: LimitSize.Options, ...values: ReadonlyArray<string>) =>
        Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          yield* kv.put("k", "before")
          const exit = yield* Effect.exit(kv.putMany(values.map((value) => ["k", value] as const)))
          return Exit.isFailure(exit) ? "failed" : yield* kv.get("k")
        }).pipe(Effect.provide(Memory.layer().pipe(LimitSize.wrap(options))))
      const limits = { minSize: 4, maxSize: 10 }
      for (const onTooLarge of ["fail", "ignore", "delete"] as const) {
        const last = { fail: "failed", ignore: "before", delete: undefined }[onTooLarge]
        assert.strictEqual(yield* holds({ ...limits, onTooLarge }, large, fits), fits)
        assert.strictEqual(yield* holds({ ...limits, onTooLarge }, small, large, fits), fits)
        assert.strictEqual(yield* holds({ ...limits, onTooLarge }, fits, large), last)
        assert.strictEqual(yield* holds({ ...limits, onTooLarge }, large), last)
      }
      for (const onTooSmall of ["fail", "ignore"] as const) {
        const last = { fail: "failed", ignore: "before" }[onTooSmall]
        assert.strictEqual(yield* holds({ ...limits, onTooSmall }, small, fits), fits)
        assert.strictEqual(yield* holds({ ...limits, onTooSmall }, fits, small), last)
      }
    })
  )

  it.effect("ignores values that are too small unless onTooSmall is fail [L4, L5]", () =>
    Effect.gen(function* () {
      const small = { data: "x" }
      yield* Effect.gen(function* () {
        const { kv } = yield* both
        yield* kv.put("k", small)
        assert.isUndefined(yield* stored("k"))
      }).pipe(Effect.provide(memory().pipe(LimitSize.wrap({ minSize: 100 }))))
      yield* Effect.gen(function* () {
        const { kv } = yield* both
        const error = yield* Effect.flip(kv.put("k", small))
        assert.strictEqual(error._tag, "EntryTooSmallError")
        assert.isUndefined(yield* stored("k"))
      }).pipe(Effect.provide(memory().pipe(LimitSize.wrap({ minSize: 100, onTooSmall: "fail" }))))
    })
  )

  it.effect("fails a whole batch for one value that is too large [L6]", () =>
    Effect.gen(function* () {
      const { kv, inner } = yield* both
      const error = yield* Effect.flip(
        kv.putMany([
          ["a", 1],
          ["b", large],
          ["c", 3]
        ])
      )
      assert.strictEqual(error._tag, "EntryTooLargeError")
      assert.deepStrictEqual("keys" in error ? error.keys : [], ["b"])
      assert.deepStrictEqual(yield* inner.getMany(["a", "b", "c"]), [undefined, undefined, undefined])
    }).pipe(Effect.provide(memory().pipe(LimitSize.wrap({ maxSize: 100 }))))
  )

  it.effect("leaves ignored values out of a batch and keeps its TTL for the others [L7, L8, L9]", () =>
    Effect.gen(function* () {
      const { kv, inner } = yield* both
      yield* kv.putMany(
        [
          ["a", 1],
          ["b", large],
          ["c", 3]
        ],
        { ttl: "100 seconds" }
      )
      assert.deepStrictEqual(
        (yield* inner.ttlMany(["a", "b", "c"])).map((it) => it && [it.value, Duration.toMillis(it.ttl!)]),
        [[1, 100_000], undefined, [3, 100_000]]
      )
      yield* kv.putMany([
        ["d", large],
        ["e", large]
      ])
      assert.deepStrictEqual(yield* kv.getMany(["d", "e"]), [undefined, undefined])
    }).pipe(Effect.provide(memory().pipe(LimitSize.wrap({ maxSize: 100, onTooLarge: "ignore" }))))
  )

  it.effect("stores a value of exactly the limit, measured in bytes of UTF-8 JSON or of binary data [L10]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* kv.put("ascii", "12345678")
      yield* kv.put("umlauts", "éééé")
      yield* kv.put("emoji", "🌍🌍")
      yield* kv.put("bytes", new Uint8Array(10))
      for (const value of ["123456789", "ééééé", "🌍🌍1", new Uint8Array(11)]) {
        assert.strictEqual((yield* Effect.flip(kv.put("k", value)))._tag, "EntryTooLargeError")
      }
    }).pipe(Effect.provide(memory().pipe(LimitSize.wrap({ maxSize: 10 }))))
  )

  it.effect("does not limit reads, and rejects invalid options when the layer is built", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* plant("k", large)
      assert.deepStrictEqual(yield* kv.get("k"), large)
      for (const options of [{ maxSize: -1 }, { minSize: 10, maxSize: 5 }, { maxSize: "1 furlong" as "1 B" }]) {
        assert.strictEqual((yield* buildError(Memory.layer().pipe(LimitSize.wrap(options))))._tag, "StoreSetupError")
      }
    }).pipe(Effect.provide(memory().pipe(LimitSize.wrap({ maxSize: 100 }))))
  )
})

describe("TtlClamp", () => {
  const ttlOf = (put: KeyValue.PutOptions, options: TtlClamp.Options) =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("k", 1, put)
      const found = yield* kv.ttl("k")
      return found?.ttl === undefined ? undefined : Duration.toMillis(found.ttl)
    }).pipe(Effect.provide(Memory.layer().pipe(TtlClamp.wrap(options))))

  it.effect("clamps a TTL that is too short, too long or missing [TC1, TC2, TC3]", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* ttlOf({ ttl: "5 seconds" }, { minTtl: "50 seconds", maxTtl: "100 seconds" }), 50_000)
      assert.strictEqual(yield* ttlOf({ ttl: "1000 seconds" }, { maxTtl: "100 seconds" }), 100_000)
      assert.strictEqual(yield* ttlOf({ ttl: "70 seconds" }, { minTtl: "50 seconds", maxTtl: "100 seconds" }), 70_000)
      assert.strictEqual(yield* ttlOf({}, { maxTtl: "100 seconds", missingTtl: "50 seconds" }), 50_000)
    })
  )

  it.effect("sets no TTL without missingTtl, and clamps missingTtl [TC4]", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* ttlOf({}, { maxTtl: "100 seconds" }))
      assert.isUndefined(yield* ttlOf({ ttl: "Infinity" }, { maxTtl: "100 seconds" }))
      assert.strictEqual(yield* ttlOf({}, { maxTtl: "100 seconds", missingTtl: "1 day" }), 100_000)
      assert.strictEqual((yield* Effect.flip(ttlOf({ ttl: -1 }, { minTtl: 1 })))._tag, "InvalidTtlError")
    })
  )

  it.effect("clamps the TTL of atomic writes", () =>
    Effect.gen(function* () {
      const atomic = yield* Atomic.Atomic
      const kv = yield* KeyValue.KeyValue
      yield* atomic.putIfAbsent("k", 1, { ttl: "1 hour" })
      assert.strictEqual(Duration.toSeconds((yield* kv.ttl("k"))!.ttl!), 60)
      yield* TestClock.adjust("10 seconds")
      yield* atomic.update("k", () => 2)
      assert.strictEqual(Duration.toSeconds((yield* kv.ttl("k"))!.ttl!), 50)
    }).pipe(Effect.provide(Memory.layer().pipe(TtlClamp.wrap({ maxTtl: "1 minute" }))))
  )

  it.effect("rejects invalid bounds when the layer is built", () =>
    Effect.gen(function* () {
      for (const options of [{ minTtl: 2, maxTtl: 1 }, { minTtl: 0 }, { maxTtl: -1 }, { missingTtl: Number.NaN }]) {
        assert.strictEqual((yield* buildError(Memory.layer().pipe(TtlClamp.wrap(options))))._tag, "StoreSetupError")
      }
    })
  )
})

describe("DefaultValue", () => {
  const value = { obj_key: "obj_value" }
  const layer = memory().pipe(DefaultValue.wrap({ value, ttl: "100 seconds" }))

  it.effect("returns the default for missing keys from every kind of read [D1]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* kv.put("key_2", { own: 1 }, { ttl: "200 seconds" })
      assert.deepStrictEqual(yield* kv.get("key_1"), value)
      assert.deepStrictEqual(yield* kv.getMany(["key_1", "key_2"]), [value, { own: 1 }])
      assert.deepStrictEqual(
        (yield* kv.ttlMany(["key_1", "key_2"])).map((it) => Duration.toSeconds(it!.ttl!)),
        [100, 200]
      )
      assert.strictEqual(Duration.toSeconds((yield* kv.ttl("key_1"))!.ttl!), 100)
    }).pipe(Effect.provide(layer))
  )

  it.effect("returns a separate copy of the default each time [D2, D3]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      const [a, b] = (yield* kv.getMany(["x", "y"])) as Array<Record<string, unknown>>
      a!.obj_key = "changed"
      assert.deepStrictEqual(b, value)
      assert.deepStrictEqual(yield* kv.get("x"), value)
    }).pipe(Effect.provide(layer))
  )

  it.effect("never stores the default, so that delete, putIfAbsent and update treat the key as missing [D4]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      const atomic = yield* Atomic.Atomic
      yield* kv.get("k")
      assert.isFalse(yield* kv.delete("k"))
      assert.deepStrictEqual(yield* atomic.update("k", (it) => ({ ...(it as object), more: 1 })), { ...value, more: 1 })
      assert.isFalse(yield* atomic.putIfAbsent("k", 1))
      assert.isTrue(yield* atomic.putIfAbsent("fresh", 1))
    }).pipe(Effect.provide(layer))
  )

  it.effect("rejects a default that cannot be stored when the layer is built", () =>
    Effect.gen(function* () {
      const bad = Memory.layer().pipe(DefaultValue.wrap({ value: { a: Number.NaN } }))
      assert.include((yield* buildError(bad)).message, "NaN at $.a")
      assert.strictEqual(
        (yield* buildError(Memory.layer().pipe(DefaultValue.wrap({ value: 1, ttl: 0 }))))._tag,
        "StoreSetupError"
      )
    })
  )
})

describe("ReadOnly", () => {
  it.effect("passes reads on and fails every write with ReadOnlyError [RO1, RO2]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      const atomic = yield* Atomic.Atomic
      const maintenance = yield* Maintenance.Maintenance
      yield* plant("k", 1)
      assert.strictEqual(yield* kv.get("k"), 1)
      assert.deepStrictEqual(yield* kv.getMany(["k"]), [1])
      assert.strictEqual((yield* kv.ttl("k"))?.value, 1)
      const writes = [
        kv.put("k", 2),
        kv.putMany([["k", 2]]),
        kv.delete("k"),
        kv.deleteMany(["k"]),
        atomic.putIfAbsent("n", 1),
        atomic.update("k", () => 2),
        atomic.getAndDelete("k"),
        maintenance.clear,
        maintenance.clearCollection(),
        maintenance.removeExpired
      ]
      for (const write of writes) {
        const error = yield* Effect.flip(
          write as Effect.Effect<unknown, { readonly _tag: string; readonly outcome: unknown }>
        )
        assert.strictEqual(error._tag, "ReadOnlyError")
        assert.strictEqual(error.outcome, "not-applied")
      }
      assert.strictEqual(yield* stored("k"), 1)
    }).pipe(Effect.provide(memory().pipe(ReadOnly.wrap())))
  )

  it.effect("ignores writes when onWrite is ignore [RO3]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      const atomic = yield* Atomic.Atomic
      const maintenance = yield* Maintenance.Maintenance
      yield* plant("k", 1)
      yield* kv.put("k", 2)
      yield* kv.put("n", 2)
      yield* kv.putMany([
        ["k", 3],
        ["n", 3]
      ])
      assert.isFalse(yield* kv.delete("k"))
      assert.strictEqual(yield* kv.deleteMany(["k"]), 0)
      assert.isFalse(yield* atomic.putIfAbsent("n", 1))
      assert.strictEqual(yield* atomic.update("k", () => 5), 1)
      assert.isUndefined(yield* atomic.getAndDelete("k"))
      assert.strictEqual(yield* maintenance.clear, 0)
      assert.strictEqual(yield* maintenance.removeExpired, 0)
      assert.strictEqual(yield* stored("k"), 1)
      assert.isUndefined(yield* stored("n"))
    }).pipe(Effect.provide(memory().pipe(ReadOnly.wrap({ onWrite: "ignore" }))))
  )
})
