/** Tests Aead: what it stores, and that it refuses values that were changed, moved or revived. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { TestClock } from "effect/testing"
import {
  Aead,
  Atomic,
  Compression,
  FernetEncryption,
  KeyValue,
  type KeyValueError,
  Memory,
  PrefixCollections,
  type Value
} from "../../src/index.ts"
import { buildError } from "../support/faults.ts"
import { both, memory, plant, stored } from "../support/inspect.ts"

const K1 = { id: "1", key: Redacted.make("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=") }
const K2 = { id: "two", key: Redacted.make("ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1-f4CBgoM=") }
const secret = { test: "value", number: 123 }
const bytesOf = (value: Value.Value | undefined) => Uint8Array.from(value as Uint8Array)

const reasonOf = (error: KeyValueError.ReadError) =>
  error._tag === "DecryptionError" ? error.reason : `${error._tag} is no DecryptionError`

/** Why the key cannot be read, alone and in a batch. */
const refusal = (key: string, options?: KeyValue.InCollection) =>
  Effect.gen(function* () {
    const kv = yield* KeyValue.KeyValue
    const error = yield* Effect.flip(kv.get(key, options))
    assert.isFalse(error.retryable)
    assert.deepStrictEqual(error.keys, [key])
    assert.strictEqual(reasonOf(yield* Effect.flip(kv.getMany([key], options))), reasonOf(error))
    assert.strictEqual(reasonOf(yield* Effect.flip(kv.ttl(key, options))), reasonOf(error))
    return reasonOf(error)
  })

for (const algorithm of ["aes-256-gcm", "xchacha20-poly1305"] as const) {
  const layer = (options?: Partial<Aead.Options>) =>
    memory().pipe(Aead.wrap({ keys: [K1], algorithm, storeId: "s", ...options }))

  describe(`Aead with ${algorithm}`, () => {
    it.effect("stores one frame that shows nothing of the value and differs each time", () =>
      Effect.gen(function* () {
        const { kv } = yield* both
        yield* kv.put("k", secret)
        const first = bytesOf(yield* stored("k"))
        assert.deepStrictEqual(
          [...first.subarray(0, 8)],
          [0xeb, 0x4b, 0x43, 1, algorithm === "aes-256-gcm" ? 0x11 : 0x12, 1, 0x31, 0]
        )
        assert.notInclude(Buffer.from(first).toString("latin1"), "value")
        assert.deepStrictEqual(yield* kv.get("k"), secret)
        yield* kv.put("k", secret)
        assert.notDeepEqual(bytesOf(yield* stored("k")), first)
      }).pipe(Effect.provide(layer()))
    )

    it.effect("encrypts every kind of value, alone, in batches and atomically, with and without a TTL", () =>
      Effect.gen(function* () {
        const { kv } = yield* both
        const atomic = yield* Atomic.Atomic
        const values: ReadonlyArray<Value.Value> = [
          null,
          "",
          -0,
          { a: [1, { b: "é世🌍" }] },
          new Uint8Array(),
          new Uint8Array([0xeb, 0x4b, 0x43, 1, 0x11, 0]),
          "x".repeat(100_000)
        ]
        const pairs = values.map((value, i) => [`k${i}`, value] as const)
        for (const options of [{ collection: "c" }, { collection: "d", ttl: "1 hour" }] as const) {
          yield* kv.putMany(pairs, options)
          assert.deepStrictEqual(
            yield* kv.getMany(
              pairs.map(([key]) => key),
              options
            ),
            values
          )
          for (const [key, value] of pairs) assert.deepStrictEqual(yield* kv.get(key, options), value)
        }
        assert.strictEqual(yield* atomic.update("n", (n) => Number(n ?? 0) + 1, { ttl: "1 hour" }), 1)
        assert.strictEqual(yield* atomic.update("n", (n) => Number(n ?? 0) + 1), 2)
        assert.instanceOf(yield* stored("n"), Uint8Array)
        assert.strictEqual(yield* atomic.getAndDelete("n"), 2)
      }).pipe(Effect.provide(layer()))
    )

    it.effect("refuses a value that was moved to another key or collection", () =>
      Effect.gen(function* () {
        const { kv } = yield* both
        yield* kv.put("alice", { role: "admin" }, { collection: "users" })
        const value = (yield* stored("alice", { collection: "users" }))!
        yield* plant("bob", value, { collection: "users" })
        yield* plant("alice", value, { collection: "guests" })
        assert.strictEqual(yield* refusal("bob", { collection: "users" }), "moved")
        assert.strictEqual(yield* refusal("alice", { collection: "guests" }), "moved")
        // Collection "ab" with key "c" must not be taken for collection "a" with key "bc".
        yield* kv.put("c", 1, { collection: "ab" })
        yield* plant("bc", (yield* stored("c", { collection: "ab" }))!, { collection: "a" })
        assert.strictEqual(yield* refusal("bc", { collection: "a" }), "moved")
      }).pipe(Effect.provide(layer()))
    )

    it.effect("refuses a value of another store or another tenant under the same key", () => {
      const base = memory()
      const at = (storeId: string) => base.pipe(Aead.wrap({ keys: [K1], algorithm, storeId }))
      const tenant = (name: string) => at("s").pipe(PrefixCollections.wrap(name))
      return Effect.gen(function* () {
        yield* KeyValue.KeyValue.use((kv) => kv.put("k", 1)).pipe(Effect.provide(at("test")))
        assert.strictEqual(yield* Effect.provide(refusal("k"), at("live")), "moved")
        yield* KeyValue.KeyValue.use((kv) => kv.put("k", 1, { collection: "c" })).pipe(Effect.provide(tenant("a")))
        yield* plant("k", (yield* stored("k", { collection: "a__c" }))!, { collection: "b__c" })
        assert.strictEqual(yield* Effect.provide(refusal("k", { collection: "c" }), tenant("b")), "moved")
      }).pipe(Effect.provide(base))
    })

    it.effect("refuses a value that was given a later expiry or none, or was put back after it expired", () =>
      Effect.gen(function* () {
        const { kv } = yield* both
        yield* kv.put("k", secret, { ttl: "10 minutes" })
        const value = (yield* stored("k"))!
        yield* plant("k", value, { ttl: "11 minutes" })
        assert.deepStrictEqual(yield* kv.get("k"), secret, "within the tolerance")
        yield* plant("k", value, { ttl: "5 minutes" })
        assert.deepStrictEqual(yield* kv.get("k"), secret, "a shorter life")
        yield* plant("k", value, { ttl: "661001 millis" })
        assert.strictEqual(yield* refusal("k"), "revived")
        yield* plant("k", value)
        assert.strictEqual(yield* refusal("k"), "revived")
        yield* TestClock.adjust("659999 millis")
        yield* plant("k", value, { ttl: "1 millis" })
        assert.deepStrictEqual(yield* kv.get("k"), secret, "to the end of the tolerance")
        yield* TestClock.adjust("1 millis")
        yield* plant("k", value, { ttl: "1 millis" })
        assert.strictEqual(yield* refusal("k"), "revived")
      }).pipe(Effect.provide(layer()))
    )

    it.effect("never lets an entry live longer than the TTL with which it was written", () =>
      Effect.gen(function* () {
        const { kv } = yield* both
        yield* kv.put("k", secret, { ttl: "10 minutes" })
        yield* plant("k", (yield* stored("k"))!, { ttl: "11 minutes" })
        assert.deepStrictEqual((yield* kv.ttl("k"))?.ttl, Duration.minutes(10))
      }).pipe(Effect.provide(layer()))
    )

    it.effect("refuses a frame that was changed at any byte, shortened or extended", () =>
      Effect.gen(function* () {
        const { kv } = yield* both
        yield* kv.put("k", secret, { ttl: "1 hour" })
        const frame = bytesOf(yield* stored("k"))
        for (let i = 0; i < frame.length; i++) {
          for (const bit of [1, 0x80]) {
            yield* plant("k", frame.with(i, frame[i]! ^ bit), { ttl: "1 hour" })
            const error = yield* Effect.flip(kv.get("k"))
            assert.strictEqual(error._tag, "DecryptionError", `byte ${i}`)
          }
        }
        for (let length = 0; length < frame.length; length++) {
          yield* plant("k", frame.subarray(0, length), { ttl: "1 hour" })
          assert.strictEqual((yield* Effect.flip(kv.get("k")))._tag, "DecryptionError", `${length} bytes`)
        }
        yield* plant("k", Uint8Array.of(...frame, 0), { ttl: "1 hour" })
        assert.strictEqual(yield* refusal("k"), "altered")
      }).pipe(Effect.provide(layer()))
    )

    it.effect("fails with a reason for each kind of damage to a frame", () =>
      Effect.gen(function* () {
        const { kv } = yield* both
        yield* kv.put("k", secret)
        const frame = bytesOf(yield* stored("k"))
        const changed = (at: number, to: number) => frame.with(at, to)
        const cases: ReadonlyArray<readonly [string, Value.Value, KeyValueError.DecryptionReason]> = [
          ["the last byte", changed(-1, frame.at(-1)! ^ 1), "altered"],
          ["cut at the end", frame.subarray(0, -1), "altered"],
          ["cut to nothing", frame.subarray(0, 20), "corrupted"],
          ["another key's id", changed(6, 0x32), "wrong-key"],
          ["a flag that there is not", changed(7, 2), "corrupted"],
          ["the checksum", changed(8, frame[8]! ^ 1), "moved"],
          ["the version of the frame", changed(3, 2), "unsupported-version"],
          ["an unknown codec", changed(4, 0x1f), "corrupted"],
          ["another algorithm", changed(4, algorithm === "aes-256-gcm" ? 0x12 : 0x11), "altered"],
          ["another codec", changed(4, 0x10), "not-encrypted"],
          ["plaintext", secret, "not-encrypted"],
          ["bytes", new Uint8Array([1, 2, 3]), "not-encrypted"]
        ]
        for (const [name, value, reason] of cases) {
          yield* plant("k", value)
          assert.strictEqual(yield* refusal("k"), reason, name)
        }
      }).pipe(Effect.provide(layer()))
    )

    it.effect("refuses to read a value with another key, even under the same id", () => {
      const base = memory()
      const read = (keys: Aead.Options["keys"]) =>
        Effect.provide(refusal("k"), base.pipe(Aead.wrap({ keys, algorithm, storeId: "s" })))
      return Effect.gen(function* () {
        yield* KeyValue.KeyValue.use((kv) => kv.put("k", 1)).pipe(
          Effect.provide(base.pipe(Aead.wrap({ keys: [K1], algorithm, storeId: "s" })))
        )
        assert.strictEqual(yield* read([K2]), "wrong-key")
        assert.strictEqual(yield* read([{ id: "1", key: K2.key }]), "altered")
      }).pipe(Effect.provide(base))
    })
  })
}

describe("Aead", () => {
  it.effect("encrypts with the first key of the ring and decrypts with all of them, in either algorithm", () => {
    const base = memory()
    const ring = (algorithm: "aes-256-gcm" | "xchacha20-poly1305", ...keys: Aead.Options["keys"]) =>
      base.pipe(Aead.wrap({ keys, algorithm }))
    const put = (key: string) => KeyValue.KeyValue.use((kv) => kv.put(key, key))
    const get = (key: string) => KeyValue.KeyValue.use((kv) => kv.get(key))
    return Effect.gen(function* () {
      yield* Effect.provide(put("old"), ring("aes-256-gcm", K1))
      yield* Effect.provide(put("new"), ring("xchacha20-poly1305", K2, K1))
      assert.strictEqual(yield* Effect.provide(get("old"), ring("xchacha20-poly1305", K2, K1)), "old")
      assert.strictEqual(yield* Effect.provide(get("new"), ring("aes-256-gcm", K2)), "new")
      assert.strictEqual(
        (yield* Effect.flip(Effect.provide(get("new"), ring("aes-256-gcm", K1))))._tag,
        "DecryptionError"
      )
    }).pipe(Effect.provide(base))
  })

  it.effect("refuses values of FernetEncryption, and FernetEncryption refuses its values", () => {
    const base = memory()
    const mine = base.pipe(Aead.wrap({ keys: [K1] }))
    return Effect.gen(function* () {
      for (const envelope of ["json", "binary"] as const) {
        const fernet = base.pipe(FernetEncryption.wrap({ keys: [K1.key], envelope }))
        yield* KeyValue.KeyValue.use((kv) => kv.put("k", 1)).pipe(Effect.provide(fernet))
        assert.strictEqual(yield* Effect.provide(refusal("k"), mine), "not-encrypted", "a downgrade")
        yield* KeyValue.KeyValue.use((kv) => kv.put("k", 1)).pipe(Effect.provide(mine))
        assert.strictEqual(yield* Effect.provide(refusal("k"), fernet), "not-encrypted")
      }
    }).pipe(Effect.provide(base))
  })

  it.effect(
    "reads plaintext with allowPlaintext, and returns misses for unreadable values when onDecryptionError is miss",
    () =>
      Effect.gen(function* () {
        const base = memory()
        const layer = base.pipe(Aead.wrap({ keys: [K1], allowPlaintext: true, onDecryptionError: "miss" }))
        yield* Effect.gen(function* () {
          const { kv } = yield* both
          yield* plant("plain", secret)
          yield* kv.put("good", 1)
          yield* plant("moved", (yield* stored("good"))!)
          assert.deepStrictEqual(yield* kv.getMany(["plain", "good", "moved"]), [secret, 1, undefined])
          assert.isUndefined(yield* kv.get("moved"))
        }).pipe(Effect.provide(layer))
      })
  )

  it.effect("stores one frame smaller than the value when Compression is outside of it", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      const value = { text: "lorem ipsum ".repeat(500) }
      yield* kv.put("k", value)
      assert.isBelow(bytesOf(yield* stored("k")).length, 200)
      assert.deepStrictEqual(yield* kv.get("k"), value)
    }).pipe(Effect.provide(memory().pipe(Aead.wrap({ keys: [K1] }), Compression.wrap({ envelope: "binary" }))))
  )

  it.effect("rejects invalid options when the layer is built, without showing keys", () =>
    Effect.gen(function* () {
      const short = Redacted.make("hush")
      const bad: ReadonlyArray<Partial<Aead.Options>> = [
        { keys: [] as unknown as Aead.Options["keys"] },
        { keys: [{ id: "a", key: short }] },
        { keys: [K1, { id: "1", key: K2.key }] },
        { keys: [{ ...K1, id: "" }] },
        { keys: [{ ...K1, id: "é".repeat(128) }] },
        { keys: [{ ...K1, id: "\ud800" }] },
        { algorithm: "rot13" as "aes-256-gcm" },
        { storeId: "\ud800" },
        { clockTolerance: -1 }
      ]
      for (const options of bad) {
        const error = yield* buildError(Memory.layer().pipe(Aead.wrap({ keys: [K1], ...options })))
        assert.strictEqual(error._tag, "StoreSetupError", JSON.stringify(options))
        assert.notInclude(JSON.stringify(error) + error.message, "hush")
      }
    })
  )

  it.effect("generates a different, usable key each time", () =>
    Effect.gen(function* () {
      const key = yield* Aead.generateKey
      assert.notStrictEqual(Redacted.value(key), Redacted.value(yield* Aead.generateKey))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("k", secret)
        assert.deepStrictEqual(yield* kv.get("k"), secret)
      }).pipe(Effect.provide(Layer.fresh(memory().pipe(Aead.wrap({ keys: [{ id: "é".repeat(127), key }] })))))
    })
  )
})
