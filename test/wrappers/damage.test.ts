/** Tests that damaged tokens, compressed data and frames are refused. `badInput.test.ts` tests other bad data. */
import { createCipheriv, createHash, createHmac } from "node:crypto"
import * as zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import type { Algorithm } from "../../src/codecs/compressed.ts"
import * as encrypted from "../../src/codecs/encrypted.ts"
import type { Envelope } from "../../src/codecs/envelope.ts"
import * as fernet from "../../src/codecs/fernet.ts"
import * as frame from "../../src/codecs/frame.ts"
import { Compression, FernetEncryption, type KeyValueError, type Value } from "../../src/index.ts"
import { Payload } from "../../src/Value.ts"
import { both, memory, plant } from "../support/inspect.ts"

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64")
const concat = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => Uint8Array.from(Buffer.concat(parts))
const envelopes = ["json", "binary"] as const

const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
const keys = [Redacted.make(key)] as const

/** The error of reading a planted value, which must be the same alone, in a batch and with its TTL. */
const errorOf = Effect.fnUntraced(function* (value: Value.Value, what: string) {
  const { kv } = yield* both
  yield* plant("k", value, { collection: "c" })
  const found = yield* Effect.result(kv.get("k", { collection: "c" }))
  if (Result.isSuccess(found)) return assert.fail(`${what} was read`)
  const error = found.failure
  assert.deepStrictEqual(
    [error.operation, error.collection, error.keys, error.retryable],
    ["get", "c", ["k"], false],
    what
  )
  const same = [
    yield* Effect.flip(kv.getMany(["none", "k"], { collection: "c" })),
    yield* Effect.flip(kv.ttl("k", { collection: "c" }))
  ]
  for (const other of same) {
    assert.strictEqual(other._tag, error._tag, what)
    assert.deepStrictEqual(other.keys, ["k"], what)
  }
  return error
})

const decryptionReason = (value: Value.Value, what: string) =>
  Effect.map(errorOf(value, what), (error) => (error._tag === "DecryptionError" ? error.reason : error._tag))

const decompressionReason = (value: Value.Value, what: string) =>
  Effect.map(errorOf(value, what), (error) => {
    assert.strictEqual(error._tag, "DecompressionError", what)
    return (error as KeyValueError.DecompressionError).reason
  })

describe("a Fernet token", () => {
  const bytes = Buffer.from(key, "base64url")
  const iv = Uint8Array.from({ length: 16 }, (_, i) => i)

  const sign = (signed: Uint8Array): Uint8Array =>
    concat(signed, createHmac("sha256", bytes.subarray(0, 16)).update(signed).digest())

  /** A correctly signed token of these blocks, whatever their padding is. */
  const tokenOf = (blocks: Uint8Array, head = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0)): Uint8Array => {
    const cipher = createCipheriv("aes-128-cbc", bytes.subarray(16), iv).setAutoPadding(false)
    return sign(concat(head, iv, cipher.update(blocks), cipher.final()))
  }

  const padded = (message: Uint8Array): Uint8Array => {
    const length = 16 - (message.length % 16)
    return concat(message, new Uint8Array(length).fill(length))
  }

  const inEnvelope = (token: Uint8Array, envelope: Envelope): Value.Value =>
    (envelope === "json" ? encrypted.toJson(token) : frame.make("fernet", token)).value

  const good = tokenOf(padded(utf8('{"a":1}')))
  const layer = () => memory().pipe(FernetEncryption.wrap({ keys }))

  const changed = (at: number, mask = 1): Uint8Array => {
    const token = Uint8Array.from(good)
    token[at < 0 ? token.length + at : at]! ^= mask
    return token
  }

  for (const envelope of envelopes) {
    it.effect(`is refused as corrupted when its signature is right and its padding wrong (${envelope})`, () =>
      Effect.gen(function* () {
        const { kv } = yield* both
        yield* plant("k", inEnvelope(good, envelope))
        assert.deepStrictEqual(yield* kv.get("k"), { a: 1 })
        const block = (...end: ReadonlyArray<number>) =>
          concat(utf8('{"a":1}         ').subarray(0, 16 - end.length), Uint8Array.from(end))
        for (const end of [[0], [17], [255], [2], [3, 2, 3], [0, 2]]) {
          const reason = yield* decryptionReason(inEnvelope(tokenOf(block(...end)), envelope), String(end))
          assert.strictEqual(reason, "corrupted", String(end))
        }
        yield* plant("k", inEnvelope(tokenOf(block(2, 2)), envelope))
        assert.deepStrictEqual(yield* kv.get("k"), { a: 1 })
      }).pipe(Effect.provide(layer()))
    )

    it.effect(`is refused when any of its bytes is changed or it is cut anywhere (${envelope})`, () =>
      Effect.gen(function* () {
        for (let at = 0; at < good.length; at++) {
          const reason = at === 0 ? "unsupported-version" : "wrong-key"
          const name = `byte ${at}`
          assert.strictEqual(
            yield* decryptionReason(inEnvelope(changed(at, 1 << (at % 8)), envelope), name),
            reason,
            name
          )
          const cut = yield* decryptionReason(inEnvelope(good.subarray(0, at), envelope), name)
          assert.strictEqual(cut, "corrupted", name)
        }
      }).pipe(Effect.provide(layer()))
    )

    const hour = 3_600_000
    const now = 1_000 * hour

    it.effect(`is refused when it is older than maxAge or more than a minute in the future (${envelope})`, () =>
      Effect.gen(function* () {
        const { kv } = yield* both
        const written = Effect.fnUntraced(function* (time: number) {
          const token = yield* encrypted.encode(Payload.json(1), fernet.parseKey(key)!, time, envelope)
          yield* plant("k", token.value)
        })
        yield* TestClock.setTime(now)
        for (const time of [now, now - hour, now - hour / 2, now + 1000, now + 60_000]) {
          yield* written(time)
          assert.strictEqual(yield* kv.get("k"), 1, String(time - now))
        }
        for (const [time, reason] of [
          [now - hour - 1000, "too-old"],
          [0, "too-old"],
          [now + 61_000, "in-future"],
          [8.64e15, "in-future"]
        ] as const) {
          yield* written(time)
          const error = yield* Effect.flip(kv.get("k"))
          assert.strictEqual(error._tag === "DecryptionError" ? error.reason : error._tag, reason, String(time - now))
          assert.strictEqual((yield* Effect.flip(kv.getMany(["k"])))._tag, "DecryptionError")
        }
        // The limit is exact to the millisecond.
        yield* kv.put("k", 1)
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(yield* kv.get("k"), 1)
        yield* TestClock.adjust("1 millis")
        const error = yield* Effect.flip(kv.get("k"))
        assert.strictEqual(error._tag === "DecryptionError" ? error.reason : error._tag, "too-old")
        yield* written(now + hour + 60_000)
        assert.strictEqual(yield* kv.get("k"), 1)
        yield* TestClock.setTime(now + hour - 1)
        assert.strictEqual((yield* Effect.flip(kv.get("k")))._tag, "DecryptionError")
      }).pipe(Effect.provide(memory().pipe(FernetEncryption.wrap({ keys, envelope, maxAge: "1 hour" }))))
    )
  }
})

describe("compressed data", () => {
  const compressors: Record<Algorithm, (bytes: Uint8Array) => Uint8Array> = {
    gzip: zlib.gzipSync,
    zstd: zlib.zstdCompressSync,
    brotli: zlib.brotliCompressSync,
    deflate: zlib.deflateSync
  }

  const inEnvelope = (data: Uint8Array, envelope: Envelope, algorithm: Algorithm = "gzip"): Value.Value =>
    envelope === "binary"
      ? frame.make(algorithm, data).value
      : { __compressed_data__: base64(data), __compression_algorithm__: algorithm, __compression_version__: 1 }

  const noise = createHash("shake256", { outputLength: 100_000 }).update("noise").digest("base64")
  /** `small` is inflated at once, `large` off the event loop. */
  const sizes: Readonly<Record<string, Value.Json>> = { small: { a: "b".repeat(1000) }, large: { noise } }

  const layer = () => memory().pipe(Compression.wrap())

  for (const [size, value] of Object.entries(sizes)) {
    for (const algorithm of ["gzip", "zstd", "brotli", "deflate"] as const) {
      const whole = Uint8Array.from(compressors[algorithm](utf8(JSON.stringify(value))))

      for (const envelope of envelopes) {
        it.effect(
          `is refused when it is cut off, too long or changed at its end (${size} ${algorithm}, ${envelope})`,
          () =>
            Effect.gen(function* () {
              const { kv } = yield* both
              assert.strictEqual(whole.length > 64 * 1024, size === "large")
              yield* plant("k", inEnvelope(whole, envelope, algorithm))
              assert.deepStrictEqual(yield* kv.get("k"), value)

              const reason = (data: Uint8Array, what: string) =>
                decompressionReason(inEnvelope(data, envelope, algorithm), what)
              const cuts = Array.from({ length: Math.min(whole.length, 64) }, (_, i) =>
                Math.floor((i * whole.length) / 64)
              )
              for (const at of new Set([...cuts, whole.length - 1, whole.length - 4, whole.length - 8])) {
                assert.isNotEmpty(yield* reason(whole.subarray(0, at), `cut to ${at}`))
              }
              const behind = [[0], [0, 0, 0, 0], [1], [0x0a], [0x1f], [0x1f, 0x8b], [0x28, 0xb5, 0x2f, 0xfd]]
              for (const bytes of behind) yield* reason(concat(whole, Uint8Array.from(bytes)), `${bytes} behind it`)
              if (algorithm !== "gzip") {
                assert.strictEqual(
                  yield* reason(concat(whole, whole), "twice"),
                  `there are ${whole.length} bytes after the end of the compressed data`
                )
              }
              if (algorithm === "gzip" || algorithm === "deflate") {
                for (let at = whole.length - (algorithm === "gzip" ? 8 : 4); at < whole.length; at++) {
                  const changed = Uint8Array.from(whole)
                  changed[at]! ^= 1
                  assert.match(yield* reason(changed, `byte ${at}`), /incorrect (data|length) check/)
                }
              }
              for (const [name, other] of Object.entries(compressors)) {
                if (name !== algorithm) yield* reason(Uint8Array.from(other(utf8(JSON.stringify(value)))), name)
              }
            }).pipe(Effect.provide(layer()))
        )

        it.effect(`is refused when it inflates past the cap (${size} ${algorithm}, ${envelope})`, () => {
          const cap = JSON.stringify(value).length - 1
          return Effect.gen(function* () {
            const found = yield* decompressionReason(inEnvelope(whole, envelope, algorithm), "past the cap")
            assert.strictEqual(found, `it inflates to more than ${cap} bytes`)
          }).pipe(Effect.provide(memory().pipe(Compression.wrap({ maxDecompressedSize: cap }))))
        })
      }

      it.effect(`is read when it inflates exactly to the cap (${size} ${algorithm})`, () =>
        Effect.gen(function* () {
          const { kv } = yield* both
          yield* plant("k", inEnvelope(whole, "binary", algorithm))
          assert.deepStrictEqual(yield* kv.get("k"), value)
        }).pipe(Effect.provide(memory().pipe(Compression.wrap({ maxDecompressedSize: JSON.stringify(value).length }))))
      )
    }

    it.effect(`is read when it has several gzip members, as in Python (${size})`, () =>
      Effect.gen(function* () {
        const { kv } = yield* both
        const text = utf8(JSON.stringify(value))
        const members = [text.subarray(0, 9), text.subarray(9), new Uint8Array()].map((part) => zlib.gzipSync(part))
        for (const envelope of envelopes) {
          yield* plant("k", inEnvelope(concat(...members), envelope))
          assert.deepStrictEqual(yield* kv.get("k"), value)
          yield* decompressionReason(inEnvelope(concat(...members, Uint8Array.of(0)), envelope), "a zero behind")
          yield* decompressionReason(
            inEnvelope(concat(members[0]!, Uint8Array.of(0), members[1]!), envelope),
            "a zero between"
          )
          yield* decompressionReason(inEnvelope(concat(...members.slice(0, 1)), envelope), "one of two")
        }
      }).pipe(Effect.provide(layer()))
    )
  }

  it.effect("is read as another value or refused when any of its bits is changed", () =>
    Effect.gen(function* () {
      const { kv } = yield* both
      for (const [algorithm, compress] of Object.entries(compressors)) {
        const whole = compress(utf8(JSON.stringify({ a: "hello hello", n: [1, 2, 3] })))
        let refused = 0
        for (let bit = 0; bit < whole.length * 8; bit++) {
          const changed = Uint8Array.from(whole)
          changed[bit >> 3]! ^= 1 << (bit & 7)
          yield* plant("k", inEnvelope(changed, "binary", algorithm as Algorithm))
          const found = yield* Effect.result(kv.get("k"))
          if (Result.isFailure(found)) {
            assert.strictEqual(found.failure._tag, "DecompressionError", `${algorithm} ${bit}`)
            refused++
          }
        }
        assert.isAbove(refused, whole.length, algorithm)
      }
    }).pipe(Effect.provide(layer()))
  )

  it.effect("a level or cap that the algorithm does not support is rejected when the layer is built", () =>
    Effect.gen(function* () {
      for (const options of [
        { level: 10 },
        { level: 1.5 },
        { level: Number.NaN },
        { algorithm: "deflate", level: -2 },
        { algorithm: "brotli", level: 12 },
        { algorithm: "zstd", level: 23 },
        { maxDecompressedSize: 0 }
      ] as ReadonlyArray<Compression.Options>) {
        const error = yield* Effect.flip(Effect.provide(Effect.void, memory().pipe(Compression.wrap(options))))
        assert.strictEqual(error._tag, "StoreSetupError", JSON.stringify(options))
      }
      for (const options of [
        { level: 9 },
        { algorithm: "brotli", level: 11 },
        { algorithm: "zstd", level: 22 }
      ] as const) {
        yield* Effect.gen(function* () {
          const { kv } = yield* both
          yield* kv.put("k", "x".repeat(2000))
          assert.strictEqual(yield* kv.get("k"), "x".repeat(2000))
        }).pipe(Effect.provide(memory().pipe(Compression.wrap(options)), { local: true }))
      }
    })
  )
})

describe("a value frame", () => {
  const of = (...bytes: ReadonlyArray<number>): Uint8Array => Uint8Array.of(0xeb, 0x4b, 0x43, ...bytes)
  const gzip = (content: Uint8Array): Uint8Array => of(1, 1, ...zlib.gzipSync(content))
  const frames: Readonly<Record<string, Uint8Array>> = {
    "the magic alone": of(),
    "version 0": of(0, 1, 2, 3),
    "version 2": of(2, 1, 2, 3),
    "no codec": of(1),
    "codec 5": of(1, 5, 2, 3),
    "codec 255": of(1, 255, 2, 3),
    "gzip of nothing": of(1, 1),
    "Fernet of nothing": of(1, 16),
    "AES-GCM": of(1, 17, 2, 3)
  }
  const compression = Compression.wrap({ envelope: "binary" })
  const encryption = FernetEncryption.wrap({ keys, envelope: "binary" })

  const unknown: Readonly<Record<string, string>> = {
    "the magic alone": "a frame with an unknown version",
    "version 0": "a frame with an unknown version",
    "version 2": "a frame with an unknown version",
    "no codec": "a frame with an unknown codec",
    "codec 5": "a frame with an unknown codec",
    "codec 255": "a frame with an unknown codec",
    "gzip of nothing": "unexpected end of file"
  }

  const reasons: Readonly<Record<string, KeyValueError.DecryptionReason>> = {
    "the magic alone": "unsupported-version",
    "version 0": "unsupported-version",
    "version 2": "unsupported-version",
    "no codec": "corrupted",
    "codec 5": "corrupted",
    "codec 255": "corrupted",
    "gzip of nothing": "not-encrypted",
    "Fernet of nothing": "corrupted",
    "AES-GCM": "not-encrypted"
  }

  it.effect("is refused by FernetEncryption first when Compression is outside of it", () =>
    Effect.gen(function* () {
      for (const [name, value] of Object.entries(frames)) {
        assert.strictEqual(yield* decryptionReason(value, name), reasons[name], name)
      }
      const inner = yield* encrypted.encode(Payload.bytes(gzip(utf8("{"))), fernet.parseKey(key)!, 0, "binary")
      assert.strictEqual(yield* decompressionReason(inner.value, "damage inside"), "its content is not JSON")
    }).pipe(Effect.provide(memory().pipe(encryption, compression)))
  )

  it.effect("is refused by Compression first when FernetEncryption is outside of it", () =>
    Effect.gen(function* () {
      for (const [name, value] of Object.entries(frames)) {
        if (name in unknown) assert.strictEqual(yield* decompressionReason(value, name), unknown[name], name)
        else assert.strictEqual(yield* decryptionReason(value, name), reasons[name], name)
        const compressed = gzip(Uint8Array.of(0, ...value))
        assert.strictEqual(yield* decryptionReason(compressed, `${name}, compressed`), reasons[name], name)
      }
    }).pipe(Effect.provide(memory().pipe(compression, encryption)))
  )
})
