/** Tests Compression and FernetEncryption: what they store, what they read, and which damage they refuse. */
import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as managedEntry from "../../src/codecs/managedEntry.ts"
import {
  Atomic,
  Compression,
  FernetEncryption,
  KeyValue,
  type KeyValueError,
  Memory,
  type Value
} from "../../src/index.ts"
import { Payload } from "../../src/Value.ts"
import { buildError } from "../support/faults.ts"
import { both, memory, plant, stored } from "../support/inspect.ts"
import { pyKeyValue as vectors } from "../vectors/pyKeyValue.ts"

type Fields = Readonly<Record<string, Value.Json>>

const large = { data: "x".repeat(1000), more_data: "y".repeat(1000) }
const envelope = (data: string, algorithm = "gzip", version: Value.Json = 1) => ({
  __compressed_data__: data,
  __compression_algorithm__: algorithm,
  __compression_version__: version
})
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")

describe("Compression", () => {
  it.effect("stores small values uncompressed [C1]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* kv.put("k", { test: "value" })
      assert.deepStrictEqual(yield* stored("k"), { test: "value" })
      assert.deepStrictEqual(yield* kv.get("k"), { test: "value" })
    }).pipe(Effect.provide(memory().pipe(Compression.wrap())))
  )

  it.effect("stores large values in py-key-value's envelope, as gzip of their JSON [C2]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* kv.put("k", large)
      const inner = (yield* stored("k")) as Fields
      assert.deepStrictEqual(Object.keys(inner), [
        "__compressed_data__",
        "__compression_algorithm__",
        "__compression_version__"
      ])
      const data = Buffer.from(String(inner.__compressed_data__), "base64")
      assert.deepStrictEqual(JSON.parse(gunzipSync(data).toString()), large)
      assert.deepStrictEqual(yield* kv.get("k"), large)
    }).pipe(Effect.provide(memory().pipe(Compression.wrap({ minSize: 100 }))))
  )

  it.effect("compresses values from exactly minSize on, and equal values to equal bytes", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* kv.put("below", "x".repeat(1021))
      yield* kv.put("at", "x".repeat(1022))
      yield* kv.put("again", "x".repeat(1022))
      assert.isString(yield* stored("below"))
      assert.isObject(yield* stored("at"))
      assert.deepStrictEqual(yield* stored("again"), yield* stored("at"))
    }).pipe(Effect.provide(memory().pipe(Compression.wrap())))
  )

  it.effect("compresses each value of a batch and of an atomic update [C3]", () =>
    Effect.gen(function* () {
      const { kv, inner } = yield* both
      const atomic = yield* Atomic.Atomic
      yield* kv.putMany([
        ["a", large],
        ["b", [large]],
        ["c", { large }]
      ])
      for (const value of yield* inner.getMany(["a", "b", "c"])) assert.property(value, "__compressed_data__")
      assert.deepStrictEqual(yield* kv.getMany(["a", "b", "c"]), [large, [large], { large }])
      yield* atomic.update("a", (value) => [value!, value!] as Value.Json)
      assert.property(yield* stored("a"), "__compressed_data__")
      assert.deepStrictEqual(yield* kv.get("a"), [large, large])
    }).pipe(Effect.provide(memory().pipe(Compression.wrap({ minSize: 0 }))))
  )

  it.effect("returns a value that looks like an envelope unchanged [C4]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      const lookalikes = [
        envelope("not even base64"),
        envelope(base64(gzipSync("1"))),
        envelope("", "zstd", 99),
        { __compressed_data__: "half of one" },
        { __compressed_data__: base64(gzipSync('{"other":1}')), mine: 1 },
        { ...envelope(""), more: 1 }
      ]
      for (const value of lookalikes) {
        yield* kv.put("k", value)
        assert.deepStrictEqual(yield* kv.get("k"), value)
        yield* kv.put("k", yield* Effect.map(kv.get("k"), (it) => it!))
        assert.deepStrictEqual(yield* kv.get("k"), value)
      }
    }).pipe(Effect.provide(memory().pipe(Compression.wrap())))
  )

  it.effect("reads uncompressed values unchanged [C5]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      const values = [large, null, 0, "", new Uint8Array([31, 139, 8])]
      for (const value of values) {
        yield* plant("k", value)
        assert.deepStrictEqual(yield* kv.get("k"), value)
      }
    }).pipe(Effect.provide(memory().pipe(Compression.wrap())))
  )

  it.effect(
    "fails with DecompressionError for damaged base64, gzip, JSON, length, version, algorithm and types [C6]",
    () =>
      Effect.gen(function* () {
        const { kv } = yield* both
        const compressed = gzipSync(JSON.stringify(large))
        const flipped = Buffer.from(compressed)
        flipped[flipped.length - 6]! ^= 0xff
        const damaged: Record<string, Value.Json> = {
          base64: envelope("invalid-base64-data!!!"),
          urlSafe: envelope(base64(compressed).replaceAll("/", "_").replaceAll("+", "-").replace(/^H/, "_")),
          notGzip: envelope(base64(new Uint8Array([1, 2, 3]))),
          truncated: envelope(base64(compressed.subarray(0, -4))),
          crc: envelope(base64(flipped)),
          notJson: envelope(base64(gzipSync("not json"))),
          notUtf8: envelope(base64(gzipSync(new Uint8Array([0xff, 0xfe])))),
          version: envelope(base64(compressed), "gzip", 99),
          versionTrue: envelope(base64(compressed), "gzip", true),
          algorithm: envelope(base64(compressed), "lzma"),
          otherAlgorithm: envelope(base64(compressed), "brotli"),
          notText: { ...envelope(""), __compressed_data__: 5 }
        }
        for (const [name, value] of Object.entries(damaged)) {
          yield* plant("k", value, { collection: "c" })
          const error = yield* Effect.flip(kv.get("k", { collection: "c" }))
          assert.strictEqual(error._tag, "DecompressionError", name)
          assert.include(error.message, 'get in collection "c"')
          assert.isFalse(error.retryable)
          assert.strictEqual((yield* Effect.flip(kv.getMany(["k"], { collection: "c" })))._tag, "DecompressionError")
        }
      }).pipe(Effect.provide(memory().pipe(Compression.wrap())))
  )

  it.effect("refuses data that would inflate past maxDecompressedSize", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      for (const size of [30_000_000, 3000]) {
        yield* plant("k", envelope(base64(gzipSync(JSON.stringify("a".repeat(size))))))
        const error = yield* Effect.flip(kv.get("k"))
        assert.include(error.message, "inflates to more than 2048 bytes")
      }
    }).pipe(Effect.provide(memory().pipe(Compression.wrap({ maxDecompressedSize: "2 KiB" }))))
  )

  it.effect("limits inflated values to 64 MiB by default", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      const json = (size: number) =>
        Buffer.alloc(size, "a")
          .fill('"', 0, 1)
          .fill('"', size - 1)
      yield* plant("most", envelope(base64(gzipSync(json(64 * 2 ** 20), { level: 1 }))))
      assert.strictEqual(String(yield* kv.get("most")).length, 64 * 2 ** 20 - 2)
      yield* plant("more", envelope(base64(gzipSync(json(64 * 2 ** 20 + 1), { level: 1 }))))
      assert.include((yield* Effect.flip(kv.get("more"))).message, "inflates to more than 67108864 bytes")
    }).pipe(Effect.provide(memory().pipe(Compression.wrap())))
  )

  for (const algorithm of ["gzip", "deflate", "brotli", "zstd"] as const) {
    for (const form of ["json", "binary"] as const) {
      it.effect(
        `reads back values up to maxDecompressedSize and refuses to store larger ones (${algorithm}, ${form})`,
        () =>
          Effect.gen(function* () {
            const { kv } = yield* both
            const limit = 2048
            yield* kv.put("k", "before")
            for (const size of [limit - 1, limit, limit + 1, 2 * limit]) {
              for (const value of [new Uint8Array(size), "a".repeat(size - 2)]) {
                const exit = yield* Effect.exit(kv.put("k", value))
                assert.strictEqual(Exit.isSuccess(exit), size <= limit, `${size}`)
                if (Exit.isSuccess(exit)) assert.deepStrictEqual(yield* kv.get("k"), value)
              }
            }
            const error = yield* Effect.flip(
              kv.putMany([
                ["l", 1],
                ["k", "a".repeat(3000)]
              ])
            )
            assert.strictEqual(error._tag, "EntryTooLargeError")
            assert.strictEqual(
              error.message,
              'putMany in collection "default_collection": the value has 3002 bytes; the limit of Compression is 2048.'
            )
            assert.strictEqual(String(yield* kv.get("k")).length, limit - 2)
            assert.isUndefined(yield* kv.get("l"))
            const noise = crypto.getRandomValues(new Uint8Array(2 * limit))
            yield* kv.put("noise", noise)
            assert.deepStrictEqual(yield* kv.get("noise"), noise, "which does not get smaller")
            const lookalike = { ...envelope("x"), data: "x".repeat(limit) }
            const disguised = { ...lookalike, __compressed_data__: "x".repeat(limit) }
            for (const value of [lookalike, disguised]) {
              assert.strictEqual((yield* Effect.flip(kv.put("k", value)))._tag, "EntryTooLargeError")
            }
          }).pipe(
            Effect.provide(
              memory().pipe(Compression.wrap({ algorithm, envelope: form, minSize: 0, maxDecompressedSize: "2 KiB" }))
            )
          )
      )
    }
  }

  it.effect("compresses values only when that makes them smaller [C7]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* kv.put("k", { data: "x".repeat(10_000) })
      assert.isBelow(String(((yield* stored("k")) as Fields).__compressed_data__).length, 1000)
      yield* kv.put("small", { a: 1 })
      assert.deepStrictEqual(yield* stored("small"), { a: 1 })
      const noise = crypto.getRandomValues(new Uint8Array(2000))
      yield* kv.put("noise", noise)
      assert.deepStrictEqual(yield* stored("noise"), noise)
    }).pipe(Effect.provide(memory().pipe(Compression.wrap({ minSize: 0 }))))
  )

  for (const algorithm of ["gzip", "zstd", "brotli", "deflate"] as const) {
    it.effect(`compresses every kind of value with ${algorithm} and reads it back under another algorithm`, () => {
      const base = memory()
      return Effect.gen(function* () {
        const { kv } = yield* both
        const bytes = new Uint8Array(200_000).fill(7)
        const values: ReadonlyArray<Value.Value> = [large, ["é世🌍".repeat(100_000)], bytes, "y".repeat(2000), -0]
        for (const value of values) {
          yield* kv.put("k", value)
          assert.deepStrictEqual(yield* kv.get("k"), value)
        }
        yield* kv.put("k", large)
        assert.strictEqual(((yield* stored("k")) as Fields).__compression_algorithm__, algorithm)
        const other = base.pipe(Compression.wrap({ algorithm: "gzip" }))
        assert.deepStrictEqual(yield* KeyValue.KeyValue.use((it) => it.get("k")).pipe(Effect.provide(other)), large)
      }).pipe(Effect.provide(Layer.merge(base, base.pipe(Compression.wrap({ algorithm, level: 3 })))))
    })
  }

  it.effect("fails with DecompressionError for a damaged zstd frame", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* plant("k", envelope(base64(zstdCompressSync(JSON.stringify(large)).subarray(0, 20)), "zstd"))
      assert.strictEqual((yield* Effect.flip(kv.get("k")))._tag, "DecompressionError")
    }).pipe(Effect.provide(memory().pipe(Compression.wrap())))
  )

  it.effect("rejects invalid sizes when the layer is built", () =>
    Effect.gen(function* () {
      for (const options of [{ minSize: -1 }, { maxDecompressedSize: "much" as "1 B" }]) {
        assert.strictEqual((yield* buildError(Memory.layer().pipe(Compression.wrap(options))))._tag, "StoreSetupError")
      }
    })
  )
})

const K1 = Redacted.make("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
const K2 = Redacted.make("ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1-f4CBgoM=")
const secret = { test: "value", number: 123 }

describe("FernetEncryption", () => {
  it.effect("stores only py-key-value's envelope [E1, E3]", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* kv.put("k", secret)
      const inner = (yield* stored("k")) as Fields
      assert.deepStrictEqual(Object.keys(inner), ["__encrypted_data__", "__encryption_version__"])
      assert.strictEqual(inner.__encryption_version__, 1)
      const token = Buffer.from(String(inner.__encrypted_data__), "base64").toString()
      assert.match(token, /^gAAAA[\w-]+=*$/)
      assert.notInclude(JSON.stringify(inner), "value")
      assert.deepStrictEqual(yield* kv.get("k"), secret)
      yield* kv.put("k", secret)
      assert.notDeepEqual(yield* stored("k"), inner)
    }).pipe(Effect.provide(memory().pipe(FernetEncryption.wrap({ keys: [K1] }))))
  )

  it.effect("encrypts every kind of value, alone, in batches and atomically [E4]", () =>
    Effect.gen(function* () {
      const { kv, inner } = yield* both
      const atomic = yield* Atomic.Atomic
      const values: ReadonlyArray<Value.Value> = [
        null,
        "",
        -0,
        { __encrypted_data__: "looks like one", __encryption_version__: 1 },
        new Uint8Array(),
        new Uint8Array([0, 1, 255]),
        { text: "é世🌍" }
      ]
      yield* kv.putMany(values.map((value, i) => [`k${i}`, value] as const))
      for (const value of yield* inner.getMany(values.map((_, i) => `k${i}`)))
        assert.property(value, "__encrypted_data__")
      assert.deepStrictEqual(yield* kv.getMany(values.map((_, i) => `k${i}`)), values)
      assert.strictEqual(yield* atomic.update("n", (n) => Number(n ?? 0) + 1), 1)
      assert.property(yield* stored("n"), "__encrypted_data__")
      assert.strictEqual(yield* atomic.getAndDelete("n"), 1)
    }).pipe(Effect.provide(memory().pipe(FernetEncryption.wrap({ keys: [K1] }))))
  )

  it.effect("refuses plaintext unless allowPlaintext is set [E5]", () => {
    const base = memory()
    const get = KeyValue.KeyValue.use((kv) => kv.get("k"))
    return Effect.gen(function* () {
      yield* plant("k", secret)
      const error = yield* Effect.flip(get.pipe(Effect.provide(base.pipe(FernetEncryption.wrap({ keys: [K1] })))))
      assert.strictEqual(error._tag === "DecryptionError" ? error.reason : "", "not-encrypted")
      const migrating = base.pipe(FernetEncryption.wrap({ keys: [K1], allowPlaintext: true }))
      assert.deepStrictEqual(yield* get.pipe(Effect.provide(migrating)), secret)
    }).pipe(Effect.provide(base))
  })

  it.effect("fails with DecryptionError and its reason for damage and wrong keys [E2, E6, E9, E11]", () =>
    Effect.gen(function* () {
      const { kv, inner } = yield* both
      yield* kv.put("good", secret)
      const good = (yield* inner.get("good")) as Fields
      const token = Buffer.from(String(good.__encrypted_data__), "base64").toString()
      const tokenOf = (data: string, version: Value.Json = 1) => ({
        __encrypted_data__: Buffer.from(data).toString("base64"),
        __encryption_version__: version
      })
      const altered = (at: number) => {
        const bytes = Buffer.from(token, "base64url")
        bytes[at]! ^= 1
        return tokenOf(`${bytes.toString("base64url")}${"=".repeat((4 - (Math.ceil((bytes.length * 4) / 3) % 4)) % 4)}`)
      }
      const cases: ReadonlyArray<readonly [string, Value.Json, KeyValueError.DecryptionReason]> = [
        ["not base64", { __encrypted_data__: "invalid-encrypted-data!!!", __encryption_version__: 1 }, "corrupted"],
        ["not a token", tokenOf("hello"), "corrupted"],
        ["too short", tokenOf("gAAAAAA="), "corrupted"],
        ["empty", tokenOf(""), "corrupted"],
        ["signature altered", altered(-1 + Buffer.from(token, "base64url").length), "wrong-key"],
        ["message altered", altered(30), "wrong-key"],
        ["time altered", altered(5), "wrong-key"],
        ["token version", altered(0), "unsupported-version"],
        ["version 2", { ...tokenOf(token), __encryption_version__: 2 }, "unsupported-version"],
        ["version -5", tokenOf(token, -5), "unsupported-version"],
        ["version true", tokenOf(token, true), "corrupted"],
        ["version text", tokenOf(token, "1"), "corrupted"],
        ["no version", { __encrypted_data__: tokenOf(token).__encrypted_data__ }, "corrupted"],
        ["data is no text", { __encrypted_data__: 5, __encryption_version__: 1 }, "corrupted"],
        ["another key", tokenOf(vectors.fernet_deterministic.at(-1)!.token), "wrong-key"]
      ]
      for (const [name, value, reason] of cases) {
        yield* plant("k", value)
        const error = yield* Effect.flip(kv.get("k"))
        assert.strictEqual(error._tag === "DecryptionError" ? error.reason : error._tag, reason, name)
        assert.notInclude(error.message, token)
        assert.strictEqual((yield* Effect.flip(kv.getMany(["good", "k"])))._tag, "DecryptionError", name)
        assert.strictEqual((yield* Effect.flip(kv.ttl("k")))._tag, "DecryptionError", name)
      }
    }).pipe(Effect.provide(memory().pipe(FernetEncryption.wrap({ keys: [Redacted.make(vectors.meta.keys.K3)] }))))
  )

  it.effect('returns a miss with onDecryptionError: "miss", alone and in a batch [E7]', () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* kv.put("good", 1)
      yield* plant("bad", { __encrypted_data__: "invalid-encrypted-data!!!", __encryption_version__: 1 })
      yield* plant("plain", 1, { ttl: "1 minute" })
      assert.isUndefined(yield* kv.get("bad"))
      assert.isUndefined(yield* kv.ttl("plain"))
      assert.deepStrictEqual(
        (yield* kv.ttlMany(["bad", "good"])).map((it) => it?.value),
        [undefined, 1]
      )
      assert.deepStrictEqual(yield* kv.getMany(["good", "bad", "plain"]), [1, undefined, undefined])
    }).pipe(Effect.provide(memory().pipe(FernetEncryption.wrap({ keys: [K1], onDecryptionError: "miss" }))))
  )

  it.effect("encrypts with the first key and decrypts with all of them [E8]", () => {
    const base = memory()
    const before = base.pipe(FernetEncryption.wrap({ keys: [K1] }))
    const during = base.pipe(FernetEncryption.wrap({ keys: [K2, K1] }))
    const after = base.pipe(FernetEncryption.wrap({ keys: [K2] }))
    const put = (key: string) => KeyValue.KeyValue.use((kv) => kv.put(key, key))
    const get = (key: string) => KeyValue.KeyValue.use((kv) => kv.get(key))
    return Effect.gen(function* () {
      yield* Effect.provide(put("old"), before)
      yield* Effect.provide(put("new"), during)
      assert.strictEqual(yield* Effect.provide(get("old"), during), "old")
      assert.strictEqual(yield* Effect.provide(get("new"), during), "new")
      assert.strictEqual(yield* Effect.provide(get("new"), after), "new")
      assert.strictEqual((yield* Effect.flip(Effect.provide(get("old"), after)))._tag, "DecryptionError")
      assert.strictEqual((yield* Effect.flip(Effect.provide(get("new"), before)))._tag, "DecryptionError")
    }).pipe(Effect.provide(base))
  })

  it.effect("derives the keys that py-key-value derives [E10]", () =>
    Effect.gen(function* () {
      for (const { source_material, salt, fernet_key } of vectors.kdf) {
        const key = yield* FernetEncryption.deriveKey({ passphrase: Redacted.make(source_material), salt })
        assert.strictEqual(Redacted.value(key), fernet_key)
      }
    })
  )

  it.effect("accepts a passphrase and a salt instead of the key derived from them [E10]", () => {
    const base = memory()
    return Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("k", secret)
      const byKey = base.pipe(FernetEncryption.wrap({ keys: [Redacted.make(vectors.meta.keys.derived)] }))
      assert.deepStrictEqual(yield* KeyValue.KeyValue.use((it) => it.get("k")).pipe(Effect.provide(byKey)), secret)
    }).pipe(
      Effect.provide(
        Layer.merge(
          base,
          base.pipe(FernetEncryption.wrap({ passphrase: Redacted.make("test-source-material"), salt: "test-salt" }))
        )
      )
    )
  })

  it.effect("derives a key off the event loop, once per layer", () =>
    Effect.gen(function* () {
      const passphrase = Redacted.make("test-source-material")
      const deriving = yield* Effect.forkChild(FernetEncryption.deriveKey({ passphrase, salt: "s" }), {
        startImmediately: true
      })
      assert.isUndefined(deriving.pollUnsafe(), "the derivation held up everybody else")
      yield* Fiber.join(deriving)
      yield* Effect.gen(function* () {
        const { kv } = yield* both
        const at = (effect: Effect.Effect<unknown, KeyValueError.KeyValueError>) => Effect.runSyncExit(effect)
        assert.deepStrictEqual(at(kv.put("k", secret)), Exit.void, "an operation waited for something")
        assert.deepStrictEqual(at(kv.get("k")), Exit.succeed(secret))
      }).pipe(Effect.provide(memory().pipe(FernetEncryption.wrap({ passphrase, salt: "s" }))))
    })
  )

  it.effect("rejects invalid secrets when the layer is built, without showing them [E11]", () =>
    Effect.gen(function* () {
      const bad = [
        {},
        { keys: [] },
        { keys: [Redacted.make("short")] },
        { keys: [K1, Redacted.make("not+one_alphabet+not+one_alphabet+not+one_1234=")] },
        { keys: [K1], passphrase: Redacted.make("both"), salt: "s" },
        { passphrase: Redacted.make(" "), salt: "s" },
        { passphrase: Redacted.make("hush"), salt: " " },
        { passphrase: Redacted.make("hush") }
      ]
      for (const options of bad) {
        const layer = Memory.layer().pipe(FernetEncryption.wrap(options as unknown as FernetEncryption.Options))
        const error = yield* buildError(layer)
        assert.strictEqual(error._tag, "StoreSetupError")
        assert.notInclude(JSON.stringify(error) + error.message, "hush")
      }
    })
  )

  it.effect("generates a different, usable key each time", () =>
    Effect.gen(function* () {
      const key = yield* FernetEncryption.generateKey
      assert.notStrictEqual(Redacted.value(key), Redacted.value(yield* FernetEncryption.generateKey))
      const layer = memory().pipe(FernetEncryption.wrap({ keys: [key] }))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("k", secret)
        assert.deepStrictEqual(yield* kv.get("k"), secret)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("encrypts compressed values when Compression is outside of it, and reads them back", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* kv.put("k", large)
      assert.property(yield* stored("k"), "__encrypted_data__")
      assert.isBelow(JSON.stringify(yield* stored("k")).length, JSON.stringify(large).length)
      assert.deepStrictEqual(yield* kv.get("k"), large)
    }).pipe(Effect.provide(memory().pipe(FernetEncryption.wrap({ keys: [K1] }), Compression.wrap())))
  )
})

describe("the binary envelope", () => {
  /** An order of a web shop: its field names repeat, its numbers and identifiers do not. */
  const order = (bytes: number) => {
    const lines: Array<Value.Json> = []
    const value = { id: "3f2a9c1e-77b1-4c0e-9d1c-5b1e0c7a2f10", customer: "alice@example.org", lines }
    for (let i = 1; JSON.stringify(value).length < bytes; i++) {
      const noise = Math.imul(i, 2_654_435_761) >>> 0
      lines.push({ sku: noise.toString(36), title: `Item ${i}`, price: (noise % 10_000) / 100, count: 1 + (noise % 7) })
    }
    return value
  }

  const bytesOf = (stored: Value.Value) => {
    const payload = Result.getOrThrow(Payload.from(stored))
    const entry = { payload, createdAt: 1_795_400_569_382, expiresAt: 1_795_404_169_382 }
    return Buffer.from(managedEntry.encode("orders", "order:3f2a9c1e", entry, { frameNames: false })).length
  }

  const storedBytes = (options: { envelope: "json" | "binary"; minSize: number }, value: Value.Json) =>
    Effect.gen(function* () {
      const { kv } = yield* both
      yield* kv.put("k", value)
      assert.deepStrictEqual(yield* kv.get("k"), value)
      return bytesOf((yield* stored("k"))!)
    }).pipe(
      Effect.provide(
        memory().pipe(FernetEncryption.wrap({ keys: [K1], envelope: options.envelope }), Compression.wrap(options)),
        { local: true }
      )
    )

  it.effect("takes at most 0.40 of py-key-value's bytes for 1 KiB, 0.45 for 64 KiB, and 0.60 uncompressed", () =>
    Effect.gen(function* () {
      for (const [bytes, minSize, most] of [
        [1024, 0, 0.4],
        [64 * 1024, 0, 0.45],
        [1000, 1024, 0.6]
      ] as const) {
        const json = yield* storedBytes({ envelope: "json", minSize }, order(bytes))
        const binary = yield* storedBytes({ envelope: "binary", minSize }, order(bytes))
        assert.isAtMost(binary / json, most, `${binary} of ${json}`)
      }
    })
  )

  it.effect("an unknown envelope is rejected when the layer is built", () =>
    Effect.gen(function* () {
      const envelope = "yaml" as "json"
      for (const layer of [
        Memory.layer().pipe(Compression.wrap({ envelope })),
        Memory.layer().pipe(FernetEncryption.wrap({ keys: [K1], envelope })),
        Memory.layer().pipe(FernetEncryption.wrap({ keys: [K1], maxAge: 0 }))
      ]) {
        assert.strictEqual((yield* buildError(layer))._tag, "StoreSetupError")
      }
    })
  )
})
