/** Tests that all operations agree on whether an entry exists when a wrapper drops, hides or replaces values. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import {
  Aead,
  Atomic,
  Compression,
  DefaultValue,
  Driver,
  Enumeration,
  FernetEncryption,
  KeyValue,
  KeyValueError,
  LimitSize,
  Maintenance,
  Memory,
  PrefixKeys,
  ReadOnly,
  SingleCollection,
  TtlClamp,
  type Value
} from "../../src/index.ts"
import { entry } from "../driver/recording.ts"
import { Inner, memory, plant } from "../support/inspect.ts"

const services = Effect.all({ kv: KeyValue.KeyValue, atomic: Atomic.Atomic, inner: Inner })

const listed = Effect.flatMap(Enumeration.Enumeration, (it) => Stream.runCollect(it.keys()))

const named = Effect.flatMap(Enumeration.Enumeration, (it) => Stream.runCollect(it.collections()))

/** The value of a key, after checking that all reads and the listing agree on it. */
const agreed = Effect.fnUntraced(function* (key: string) {
  const { kv } = yield* services
  const value = yield* kv.get(key)
  assert.deepStrictEqual(yield* kv.getMany([key]), [value])
  assert.deepStrictEqual((yield* kv.ttl(key))?.value, value)
  assert.deepStrictEqual((yield* kv.ttlMany([key]))[0]?.value, value)
  assert.strictEqual((yield* listed).includes(key), value !== undefined, "the key is listed")
  return value
})

interface Dropping {
  readonly layer: Layer.Layer<
    KeyValue.KeyValue | Atomic.Atomic | Enumeration.Enumeration | Maintenance.Maintenance | Inner,
    unknown
  >
  readonly refused: Value.Value
  /** The value of the key after a dropped write, if it was `"old"` before. */
  readonly after: "old" | undefined
  readonly refusesAll?: boolean
}

const large = "x".repeat(100)

/** A delete that fails before it is sent. */
const refusingDelete: Driver.Driver["delete"] = (call) =>
  Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason: "scripted", sent: false }))

const hiddenEntry = entry(["hidden", "theirs"])

const dropping: Readonly<Record<string, Dropping>> = {
  "LimitSize with onTooSmall: ignore": {
    layer: memory().pipe(LimitSize.wrap({ minSize: 5 })),
    refused: 1,
    after: "old"
  },
  "LimitSize with onTooLarge: ignore": {
    layer: memory().pipe(LimitSize.wrap({ maxSize: 50, onTooLarge: "ignore" })),
    refused: large,
    after: "old"
  },
  "LimitSize with onTooLarge: delete": {
    layer: memory().pipe(LimitSize.wrap({ maxSize: 50, onTooLarge: "delete" })),
    refused: large,
    after: undefined
  },
  "LimitSize inside of PrefixKeys, SingleCollection, TtlClamp and Compression": {
    layer: memory().pipe(
      LimitSize.wrap({ maxSize: 50, onTooLarge: "delete" }),
      PrefixKeys.wrap("a"),
      SingleCollection.wrap("all"),
      TtlClamp.wrap({ maxTtl: "1 hour" }),
      Compression.wrap()
    ),
    refused: large,
    after: undefined
  },
  "LimitSize inside of Aead": {
    layer: memory().pipe(
      LimitSize.wrap({ maxSize: 120, onTooLarge: "ignore" }),
      Aead.wrap({ keys: [{ id: "1", key: Effect.runSync(Aead.generateKey) }], onDecryptionError: "miss" })
    ),
    refused: large,
    after: "old"
  },
  "ReadOnly with onWrite: ignore": {
    layer: memory().pipe(ReadOnly.wrap({ onWrite: "ignore" })),
    refused: large,
    after: "old",
    refusesAll: true
  },
  "Memory with maxSize": { layer: memory({ maxSize: 50 }), refused: large, after: undefined },
  "Memory with maxSize per collection": {
    layer: memory({ maxSize: 50, limitsPer: "collection" }),
    refused: large,
    after: undefined
  }
}

describe("a value that a wrapper drops", () => {
  for (const [name, { layer, refused, after, refusesAll = false }] of Object.entries(dropping)) {
    /** Stores `"old"` under the key, or nothing. */
    const beginning = (there: boolean) =>
      Effect.gen(function* () {
        const { kv, inner } = yield* services
        if (there) yield* refusesAll ? inner.put("k", "old") : kv.put("k", "old")
        const before = there ? "old" : undefined
        return { ...(yield* services), before, expected: there ? after : undefined }
      })

    for (const there of [true, false]) {
      const test = <A, E>(title: string, run: Effect.Effect<A, E, Layer.Success<Dropping["layer"]>>) =>
        it.effect(`${title}: ${name}, ${there ? "over another value" : "for a missing key"}`, () =>
          Effect.provide(run, layer)
        )

      test(
        "is not stored by put and putMany",
        Effect.gen(function* () {
          const { kv, expected } = yield* beginning(there)
          yield* kv.put("k", refused)
          assert.strictEqual(yield* agreed("k"), expected)
          yield* beginning(there)
          yield* kv.putMany([["k", refused]])
          assert.strictEqual(yield* agreed("k"), expected)
        })
      )

      test(
        "counts only as the last entry of its key in a batch",
        Effect.gen(function* () {
          const { kv, expected } = yield* beginning(there)
          yield* kv.putMany([
            ["k", "first"],
            ["other", "good"],
            ["k", refused]
          ])
          assert.strictEqual(yield* agreed("k"), expected)
          assert.strictEqual(yield* agreed("other"), refusesAll ? undefined : "good")
          yield* beginning(there)
          yield* kv.putMany([
            ["k", refused],
            ["k", "last"]
          ])
          assert.strictEqual(yield* agreed("k"), refusesAll ? expected : "last")
        })
      )

      test(
        "makes putIfAbsent return false to all callers",
        Effect.gen(function* () {
          const { atomic, before } = yield* beginning(there)
          assert.isFalse(yield* atomic.putIfAbsent("k", refused))
          assert.isFalse(yield* atomic.putIfAbsent("k", refused))
          assert.strictEqual(yield* agreed("k"), before)
        })
      )

      test(
        "makes update return what the key has afterwards",
        Effect.gen(function* () {
          const { atomic, before, expected } = yield* beginning(there)
          const seen: Array<Value.Value | undefined> = []
          const answer = yield* atomic.update("k", (value) => {
            seen.push(value)
            return refused
          })
          assert.deepStrictEqual(seen, [before])
          assert.strictEqual(answer, expected)
          assert.strictEqual(yield* agreed("k"), expected)
        })
      )

      test(
        "is not found by delete and getAndDelete",
        Effect.gen(function* () {
          const { kv, atomic, before } = yield* beginning(there)
          const gone = refusesAll ? undefined : before
          assert.strictEqual(yield* atomic.getAndDelete("k"), gone)
          assert.strictEqual(yield* agreed("k"), refusesAll ? before : undefined)
          yield* beginning(there)
          yield* kv.put("k", refused)
          const had = refusesAll ? undefined : yield* agreed("k")
          assert.strictEqual(yield* kv.delete("k"), had !== undefined)
          yield* beginning(there)
          yield* kv.put("k", refused)
          assert.strictEqual(yield* Maintenance.Maintenance.use((it) => it.clear), had === undefined ? 0 : 1)
        })
      )
    }
  }

  it.effect("fails a batch with an unknown outcome when a part of the batch was applied", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const error = yield* Effect.flip(
        kv.putMany([
          ["a", "good"],
          ["b", large]
        ])
      )
      assert.strictEqual("outcome" in error && error.outcome, "unknown")
      assert.strictEqual(yield* kv.get("a"), "good")
      const whole = yield* Effect.flip(kv.putMany([["b", large]]))
      assert.strictEqual("outcome" in whole && whole.outcome, "not-applied")
    }).pipe(
      Effect.provide(
        Memory.layer().pipe(
          Driver.wrapper((driver) => ({ ...driver, delete: refusingDelete })),
          LimitSize.wrap({ maxSize: 50, onTooLarge: "delete" })
        )
      )
    )
  )
})

interface Hiding {
  /** Two wrappers of one store: the second hides what the first writes. */
  readonly wrap: readonly [Driver.Wrapper<never, unknown>, Driver.Wrapper<never, unknown>]
  readonly isOld?: boolean
}

const fernet = [Effect.runSync(FernetEncryption.generateKey), Effect.runSync(FernetEncryption.generateKey)] as const
const aead = [Effect.runSync(Aead.generateKey), Effect.runSync(Aead.generateKey)] as const
const miss = { onDecryptionError: "miss" } as const

/** Hides values that are arrays with `"hidden"` in front. */
const custom = Driver.wrapper(
  Driver.mapEntries({
    decode: (entry) =>
      Effect.succeed(
        entry && Array.isArray(entry.payload.value) && entry.payload.value[0] === "hidden" ? undefined : entry
      )
  })
)

const hiding: Readonly<Record<string, Hiding>> = {
  "FernetEncryption, under another key": {
    wrap: [FernetEncryption.wrap({ keys: [fernet[0]] }), FernetEncryption.wrap({ keys: [fernet[1]], ...miss })]
  },
  "FernetEncryption, too old": {
    wrap: [
      FernetEncryption.wrap({ keys: [fernet[0]] }),
      FernetEncryption.wrap({ keys: [fernet[0]], maxAge: "1 minute", ...miss })
    ],
    isOld: true
  },
  "FernetEncryption, not encrypted": { wrap: [(self) => self, FernetEncryption.wrap({ keys: [fernet[0]], ...miss })] },
  "Aead, under another key": {
    wrap: [Aead.wrap({ keys: [{ id: "1", key: aead[0] }] }), Aead.wrap({ keys: [{ id: "2", key: aead[1] }], ...miss })]
  },
  "Aead, moved from another store": {
    wrap: [
      Aead.wrap({ keys: [{ id: "1", key: aead[0] }], storeId: "a" }),
      Aead.wrap({ keys: [{ id: "1", key: aead[0] }], storeId: "b", ...miss })
    ]
  },
  "Aead below Compression, TtlClamp and PrefixKeys": {
    wrap: [
      (self) => self.pipe(Aead.wrap({ keys: [{ id: "1", key: aead[0] }] }), PrefixKeys.wrap("a")),
      (self) =>
        self.pipe(
          Aead.wrap({ keys: [{ id: "2", key: aead[1] }], ...miss }),
          PrefixKeys.wrap("a"),
          Compression.wrap(),
          TtlClamp.wrap({ maxTtl: "1 day" })
        )
    ]
  },
  "a wrapper made with mapEntries": {
    wrap: [
      Driver.wrapper((driver) => ({
        ...driver,
        put: (call) => driver.put({ ...call, entries: call.entries.map(() => hiddenEntry) })
      })),
      custom
    ]
  }
}

describe("an entry that a wrapper hides", () => {
  for (const [name, { wrap, isOld }] of Object.entries(hiding)) {
    /** The services that do not see what `hide` puts. */
    const setup = Effect.gen(function* () {
      const memo = yield* Layer.makeMemoMap
      const scope = yield* Effect.scope
      const base = memory()
      const writer = yield* Layer.buildWithMemoMap(base.pipe(wrap[0]), memo, scope)
      const reader = yield* Layer.buildWithMemoMap(base.pipe(wrap[1]), memo, scope)
      const hide = Effect.fnUntraced(function* (...keys: ReadonlyArray<string>) {
        yield* Context.get(writer, KeyValue.KeyValue).putMany(keys.map((key) => [key, "theirs"]))
        if (isOld) yield* TestClock.adjust("1 hour")
      })
      return {
        hide,
        kv: Context.get(reader, KeyValue.KeyValue),
        atomic: Context.get(reader as Context.Context<Atomic.Atomic>, Atomic.Atomic)
      }
    })

    it.effect(`is missing for reads, delete and getAndDelete: ${name}`, () =>
      Effect.gen(function* () {
        const { kv, atomic, hide } = yield* setup
        yield* hide("k", "other")
        assert.deepStrictEqual(yield* kv.getMany(["k", "other", "none"]), [undefined, undefined, undefined])
        assert.isUndefined(yield* kv.ttl("k"))
        assert.isUndefined(yield* atomic.getAndDelete("k"))
        assert.isUndefined(yield* atomic.update("k", () => undefined))
        assert.isFalse(yield* kv.delete("k"))
        yield* hide("k")
        yield* kv.put("mine", 1)
        assert.strictEqual(yield* kv.deleteMany(["k", "mine", "other", "k", "none"]), 1)
      }).pipe(Effect.scoped)
    )

    it.effect(`is replaced by putIfAbsent and update at once: ${name}`, () =>
      Effect.gen(function* () {
        const { kv, atomic, hide } = yield* setup
        yield* hide("a", "b", "c")
        assert.isTrue(yield* atomic.putIfAbsent("a", 1))
        assert.isFalse(yield* atomic.putIfAbsent("a", 2))
        const increment = (value: Value.Value | undefined) => ((value ?? 0) as number) + 1
        assert.strictEqual(yield* atomic.update("b", increment), 1)
        assert.strictEqual(yield* atomic.update("b", increment), 2)
        yield* kv.put("c", 3)
        assert.deepStrictEqual(yield* kv.getMany(["a", "b", "c"]), [1, 2, 3])
      }).pipe(Effect.scoped)
    )

    it.effect(`is replaced by one of 20 callers of putIfAbsent: ${name}`, () =>
      Effect.gen(function* () {
        const { kv, atomic, hide } = yield* setup
        yield* hide("k")
        const answers = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, i) => i),
          (i) => atomic.putIfAbsent("k", i),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(answers.filter(Boolean).length, 1)
        assert.strictEqual(yield* kv.get("k"), answers.indexOf(true))
      }).pipe(Effect.scoped)
    )
  }

  it.effect("is not replaced when another writer's value came in between", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const atomic = yield* Atomic.Atomic
      yield* plant("k", ["hidden", 1])
      assert.isFalse(yield* atomic.putIfAbsent("k", "mine"))
      assert.strictEqual(yield* kv.get("k"), "theirs")
    }).pipe(
      Effect.provide(
        memory().pipe(
          Driver.wrapper((driver) => ({
            ...driver,
            atomic: {
              compareAndPut: (call) =>
                call.expected === undefined
                  ? driver.atomic!.compareAndPut(call)
                  : Effect.andThen(
                      driver.put({ ...call, _tag: "put", entries: [entry("theirs")] }),
                      driver.atomic!.compareAndPut(call)
                    )
            }
          })),
          custom
        )
      )
    )
  )
})

describe("DefaultValue", () => {
  it.effect("returns the default from getAndDelete without deleting anything", () =>
    Effect.gen(function* () {
      const { kv, atomic, inner } = yield* services
      assert.strictEqual(yield* atomic.getAndDelete("k"), "default")
      assert.strictEqual(yield* atomic.getAndDelete("k"), "default")
      assert.isUndefined(yield* atomic.update("k", () => undefined))
      assert.isFalse(yield* kv.delete("k"))
      assert.isUndefined(yield* inner.get("k"))
      assert.isTrue(yield* atomic.putIfAbsent("k", "own"))
      assert.strictEqual(yield* atomic.getAndDelete("k"), "own")
      assert.strictEqual(yield* atomic.getAndDelete("k"), "default")
    }).pipe(
      Effect.provide(
        memory().pipe(
          Driver.wrapper((driver) => ({
            ...driver,
            atomic: {
              compareAndPut: (call) =>
                call.expected === undefined && call.entry === undefined
                  ? Effect.die("nothing to delete was deleted")
                  : driver.atomic!.compareAndPut(call)
            }
          })),
          DefaultValue.wrap({ value: "default" })
        )
      )
    )
  )
})

describe("an entry of Memory that has expired or was evicted", () => {
  const ways = {
    expired: (kv: KeyValue.Service) =>
      Effect.andThen(kv.put("k", "old", { ttl: "1 second" }), TestClock.adjust("1 second")),
    evicted: (kv: KeyValue.Service) =>
      Effect.andThen(kv.put("k", "old"), kv.putMany(Array.from("abcde", (key) => [key, "x".repeat(8)])))
  }
  for (const limitsPer of ["store", "collection"] as const) {
    for (const [way, lose] of Object.entries(ways)) {
      it.effect(`is missing for every operation (${way}, limits per ${limitsPer})`, () =>
        Effect.gen(function* () {
          const { kv, atomic } = yield* services
          const { clear, removeExpired } = yield* Maintenance.Maintenance
          const start = Effect.andThen(clear, lose(kv))
          yield* start
          assert.isUndefined(yield* agreed("k"))
          yield* start
          assert.isFalse(yield* kv.delete("k"))
          yield* start
          assert.strictEqual(yield* kv.deleteMany(["k"]), 0)
          yield* start
          assert.isUndefined(yield* atomic.getAndDelete("k"))
          yield* start
          assert.isUndefined(yield* atomic.update("k", () => undefined))
          yield* start
          assert.strictEqual(yield* atomic.update("k", (value) => typeof value), "undefined")
          yield* start
          assert.isTrue(yield* atomic.putIfAbsent("k", "new"))
          assert.strictEqual(yield* agreed("k"), "new")
          yield* start
          const others = (yield* listed).length
          assert.deepStrictEqual(yield* named, others > 0 ? ["default_collection"] : [])
          assert.strictEqual(yield* clear, others)
          assert.strictEqual(yield* removeExpired, 0)
        }).pipe(Effect.provide(memory({ maxSize: 50, limitsPer })))
      )
    }
  }
})
