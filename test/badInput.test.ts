/**
 * Tests damaged, forged and foreign data below each codec: every read fails with the documented error, alone and in a
 * batch.
 */
import { deepStrictEqual } from "node:assert/strict"
import { createCipheriv, createHmac } from "node:crypto"
import * as zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { TestClock } from "effect/testing"
import * as entryFrame from "../src/codecs/entryFrame.ts"
import { codecs } from "../src/codecs/frame.ts"
import * as managedEntry from "../src/codecs/managedEntry.ts"
import { Compression, FernetEncryption, KeyValue, type KeyValueError, type Value } from "../src/index.ts"
import { memory, plant } from "./support/inspect.ts"

const key = Buffer.from("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "base64url")
const keys = [Redacted.make("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")] as const

/** Reads a value that was put below the stack in three ways, which must agree: returns the value or the error. */
const outcome = Effect.fnUntraced(function* (planted: Value.Value) {
  const kv = yield* KeyValue.KeyValue
  yield* plant("k", planted)
  const show = (error: KeyValueError.ReadError) =>
    error._tag === "DecryptionError" || error._tag === "DecompressionError"
      ? `${error._tag}: ${error.reason}`
      : error._tag
  const one = yield* Effect.match(kv.get("k"), { onSuccess: (value) => ({ value }), onFailure: show })
  const many = yield* Effect.match(kv.getMany(["k"]), { onSuccess: ([value]) => ({ value }), onFailure: show })
  const ttl = yield* Effect.match(kv.ttl("k"), { onSuccess: (it) => ({ value: it?.value }), onFailure: show })
  deepStrictEqual([many, ttl], [one, one])
  return one
})

const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString("base64")
const frame = (codec: keyof typeof codecs | number, data: Uint8Array, version = 1) =>
  Uint8Array.from(
    Buffer.concat([Uint8Array.of(0xeb, 0x4b, 0x43, version, typeof codec === "number" ? codec : codecs[codec]), data])
  )

describe("damaged Fernet tokens", () => {
  interface Parts {
    readonly version?: number
    readonly seconds?: number
    readonly plaintext?: string | Uint8Array
    /** Bytes to use instead of the encrypted plaintext. */
    readonly ciphertext?: Uint8Array
    readonly signWith?: Uint8Array
  }
  const token = ({
    version = 0x80,
    seconds = 0,
    plaintext = "1",
    ciphertext,
    signWith = key.subarray(0, 16)
  }: Parts) => {
    const cipher = createCipheriv("aes-128-cbc", key.subarray(16), Buffer.alloc(16, 9))
    const time = Buffer.alloc(8)
    time.writeBigUInt64BE(BigInt(seconds))
    const signed = Buffer.concat([
      Uint8Array.of(version),
      time,
      Buffer.alloc(16, 9),
      ciphertext ?? Buffer.concat([cipher.update(plaintext), cipher.final()])
    ])
    return Buffer.concat([signed, createHmac("sha256", signWith).update(signed).digest()])
  }
  /** Blocks that decrypt to text without valid padding. */
  const badPadding = () => {
    const cipher = createCipheriv("aes-128-cbc", key.subarray(16), Buffer.alloc(16, 9)).setAutoPadding(false)
    return Buffer.concat([cipher.update(Buffer.alloc(16, 0x61)), cipher.final()])
  }
  const padded = (bytes: Uint8Array) => {
    const text = Buffer.from(bytes).toString("base64url")
    return text + "=".repeat((4 - (text.length % 4)) % 4)
  }
  const inJson = (text: string) => ({ __encrypted_data__: base64(text), __encryption_version__: 1 })
  const good = token({})

  const tokens: ReadonlyArray<readonly [string, Uint8Array, unknown]> = [
    ["a good one", good, { value: 1 }],
    ["cut to nothing", good.subarray(0, 0), "DecryptionError: corrupted"],
    ["only a version", good.subarray(0, 1), "DecryptionError: corrupted"],
    ["without a block", Buffer.concat([good.subarray(0, 25), good.subarray(-32)]), "DecryptionError: corrupted"],
    ["a length that is not a whole number of blocks", good.subarray(0, -1), "DecryptionError: corrupted"],
    [
      "a block that was cut out",
      token({ plaintext: `"${"x".repeat(40)}"` }).subarray(0, -16),
      "DecryptionError: wrong-key"
    ],
    ["a wrong version", token({ version: 0x81 }), "DecryptionError: unsupported-version"],
    ["a bad signature", Uint8Array.from(good).with(-1, good.at(-1)! ^ 1), "DecryptionError: wrong-key"],
    ["the signature of another key", token({ signWith: Buffer.alloc(16, 1) }), "DecryptionError: wrong-key"],
    ["a bad padding, rightly signed", token({ ciphertext: badPadding() }), "DecryptionError: corrupted"],
    ["a plaintext that is not a content", token({ plaintext: "nonsense" }), "DecryptionError: corrupted"],
    ["an empty content", token({ plaintext: "" }), "DecryptionError: corrupted"],
    ["a content of an unknown codec", token({ plaintext: Uint8Array.of(5, 0) }), "DecryptionError: corrupted"],
    ["JSON with a byte order mark", token({ plaintext: "\uFEFF1" }), "DecryptionError: corrupted"],
    ["content that is not UTF-8", token({ plaintext: Uint8Array.of(0x22, 0xff, 0x22) }), "DecryptionError: corrupted"],
    ["too deep", token({ plaintext: "[".repeat(100_000) + "]".repeat(100_000) }), "DecryptionError: corrupted"],
    ["a time in the far future, without a maximum age", token({ seconds: 2 ** 52 }), { value: 1 }]
  ]

  it.effect("fail with the reason of each damage, in either envelope", () =>
    Effect.gen(function* () {
      for (const [name, bytes, expected] of tokens) {
        deepStrictEqual(yield* outcome(inJson(padded(bytes))), expected, `${name}, json`)
        deepStrictEqual(yield* outcome(frame("fernet", bytes)), expected, `${name}, binary`)
      }
    }).pipe(Effect.provide(memory().pipe(FernetEncryption.wrap({ keys }))))
  )

  it.effect("fail as corrupted when their base64 is not canonical", () =>
    Effect.gen(function* () {
      const text = padded(token({ plaintext: '"????>>>>~~~~"' }))
      assert.match(text, /[-_]/)
      assert.match(text, /=$/)
      const standard = text.replaceAll("-", "+").replaceAll("_", "/")
      const cases: ReadonlyArray<readonly [string, Value.Json]> = [
        ["the token in the standard alphabet", inJson(standard)],
        ["the token without padding", inJson(text.replaceAll("=", ""))],
        ["the token with too much padding", inJson(`${text}====`)],
        ["the token with a line break", inJson(`${text}\n`)],
        ["the token with white space", inJson(text.replace("A", " A"))],
        ["a token that is not base64", inJson("é")],
        ["a token that is not wrapped", { __encrypted_data__: text, __encryption_version__: 1 }],
        [
          "the envelope in the URL alphabet",
          { ...inJson(text), __encrypted_data__: base64(`${text}>>>???`).replaceAll("/", "_") }
        ],
        ["the envelope with white space", { ...inJson(text), __encrypted_data__: ` ${base64(text)}` }],
        [
          "the envelope without padding",
          { ...inJson(text), __encrypted_data__: base64(`${text}=`).replaceAll("=", "") }
        ]
      ]
      for (const [name, planted] of cases) {
        deepStrictEqual(yield* outcome(planted), "DecryptionError: corrupted", name)
      }
    }).pipe(Effect.provide(memory().pipe(FernetEncryption.wrap({ keys }))))
  )

  it.effect("fail when they are older than maxAge or from the future, to the second", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_000_000_000)
      const at = (seconds: number) => outcome(frame("fernet", token({ seconds })))
      deepStrictEqual(yield* at(1_000_000 - 3600), { value: 1 })
      deepStrictEqual(yield* at(1_000_000 - 3601), "DecryptionError: too-old")
      deepStrictEqual(yield* at(0), "DecryptionError: too-old")
      deepStrictEqual(yield* at(1_000_000 + 60), { value: 1 })
      deepStrictEqual(yield* at(1_000_000 + 61), "DecryptionError: in-future")
      deepStrictEqual(yield* at(2 ** 52), "DecryptionError: in-future")
      deepStrictEqual(yield* outcome(inJson(padded(token({ seconds: 1 })))), "DecryptionError: too-old")
      const forged = token({ seconds: 1, signWith: Buffer.alloc(16, 1) })
      deepStrictEqual(
        yield* outcome(frame("fernet", forged)),
        "DecryptionError: wrong-key",
        "the signature comes first"
      )
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("mine", 2)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* kv.get("mine"), 2)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Effect.flip(kv.get("mine")))._tag, "DecryptionError")
    }).pipe(Effect.provide(memory().pipe(FernetEncryption.wrap({ keys, maxAge: "1 hour" }))))
  )
})

describe("damaged compressed data", () => {
  const engines = {
    gzip: zlib.gzipSync,
    deflate: zlib.deflateSync,
    brotli: zlib.brotliCompressSync,
    zstd: zlib.zstdCompressSync
  }
  /** Text that is larger than 64 KiB when compressed, so that it is decompressed off the event loop. */
  const noise = Array.from({ length: 30_000 }, (_, i) => ((i * 2_654_435_761) % 2 ** 32).toString(36)).join("")
  const texts = { small: JSON.stringify({ a: "x".repeat(200) }), large: JSON.stringify([noise]) }
  const envelope = (algorithm: string, data: string) => ({
    __compressed_data__: data,
    __compression_algorithm__: algorithm,
    __compression_version__: 1
  })

  for (const [algorithm, compress] of Object.entries(engines) as ReadonlyArray<["gzip", typeof zlib.gzipSync]>) {
    for (const [size, text] of Object.entries(texts)) {
      it.effect(
        `${algorithm}, ${size}: fails when it is cut off, damaged, followed by other bytes, or inflates too far`,
        () =>
          Effect.gen(function* () {
            const good = compress(text)
            assert.strictEqual(good.length > 64 * 1024, size === "large")
            const both = Effect.fnUntraced(function* (bytes: Uint8Array) {
              const inJson = yield* outcome(envelope(algorithm, base64(bytes)))
              deepStrictEqual(yield* outcome(Uint8Array.from(frame(algorithm, bytes))), inJson)
              return inJson
            })
            const fails = (bytes: Uint8Array, reason: string) =>
              Effect.map(both(bytes), (found) =>
                assert.match(String(found), new RegExp(`^DecompressionError: .*${reason}`))
              )
            deepStrictEqual(yield* both(good), { value: JSON.parse(text) })
            for (const cut of [1, 4, 8, good.length - 1, good.length]) yield* fails(good.subarray(0, -cut), "")
            yield* fails(Buffer.concat([good, Buffer.alloc(1)]), "1 bytes after the end of the compressed data")
            yield* fails(Buffer.concat([good, Buffer.from("more")]), "")
            yield* fails(compress("nonsense"), "not JSON")
            yield* fails(compress(`\uFEFF${text}`), "not JSON")
            yield* fails(compress(Buffer.of(0x22, 0xff, 0x22)), "not JSON")
            yield* fails(compress(""), "not JSON")
            yield* fails(compress("[".repeat(100_000) + "]".repeat(100_000)), "not JSON")
            yield* fails(compress(JSON.stringify("a".repeat(3_000_000))), "inflates to more than 2097152 bytes")
            if (algorithm === "gzip") {
              yield* fails(Uint8Array.from(good).with(-6, good.at(-6)! ^ 1), "incorrect data check")
              yield* fails(Uint8Array.from(good).with(-2, good.at(-2)! ^ 1), "incorrect length check")
              deepStrictEqual(yield* both(Buffer.concat([compress('{"a":'), compress("1}")])), { value: { a: 1 } })
            }
          }).pipe(Effect.provide(memory().pipe(Compression.wrap({ maxDecompressedSize: "2 MiB" }))))
      )
    }
  }

  it.effect("fails for an algorithm that is not known, of any JSON type, and does not quote it", () =>
    Effect.gen(function* () {
      for (const algorithm of ["zip", "", null, 1, [], { toString: null, valueOf: null }, [[{ toString: 1 }]]]) {
        deepStrictEqual(
          yield* outcome({ ...envelope("", "AAAA"), __compression_algorithm__: algorithm }),
          "DecompressionError: an unknown algorithm"
        )
      }
    }).pipe(Effect.provide(memory().pipe(Compression.wrap())))
  )

  it.effect("fails when its base64 has white space, the URL alphabet or wrong padding", () =>
    Effect.gen(function* () {
      const text = base64(zlib.gzipSync(JSON.stringify({ a: "b", c: [1, 2, 3] })))
      assert.match(text, /[+/]/)
      const cases = [
        ` ${text}`,
        `${text}\n`,
        text.replace("A", "A\r\n"),
        text.replaceAll("/", "_").replaceAll("+", "-")
      ]
      for (const data of [...cases, text.replaceAll("=", ""), `${text}====`, `${text}=`, "é"]) {
        deepStrictEqual(yield* outcome(envelope("gzip", data)), "DecompressionError: it is not base64", data)
      }
    }).pipe(Effect.provide(memory().pipe(Compression.wrap())))
  )
})

describe("damaged value frames", () => {
  const data = Uint8Array.from(zlib.gzipSync("1"))

  it.effect("fail when their version or codec is unknown, or not that of the wrapper", () =>
    Effect.gen(function* () {
      const compression = memory().pipe(Compression.wrap())
      const fernet = memory().pipe(FernetEncryption.wrap({ keys }))
      const both = memory().pipe(FernetEncryption.wrap({ keys }), Compression.wrap())
      const bare = memory()
      const frames: ReadonlyArray<readonly [Uint8Array, string | undefined, string]> = [
        [
          frame("gzip", data, 2),
          "DecompressionError: a frame with an unknown version",
          "DecryptionError: unsupported-version"
        ],
        [
          frame("gzip", data).subarray(0, 3),
          "DecompressionError: a frame with an unknown version",
          "DecryptionError: unsupported-version"
        ],
        [
          frame("gzip", data).subarray(0, 4),
          "DecompressionError: a frame with an unknown codec",
          "DecryptionError: corrupted"
        ],
        [frame(0x1f, data), "DecompressionError: a frame with an unknown codec", "DecryptionError: corrupted"],
        [frame(0x7b, data), "DecompressionError: a frame with an unknown codec", "DecryptionError: corrupted"],
        [frame("fernet", data), undefined, "DecryptionError: unsupported-version"],
        [frame("aes-256-gcm", data), undefined, "DecryptionError: not-encrypted"],
        [
          frame("gzip", new Uint8Array()),
          "DecompressionError: unexpected end of file",
          "DecryptionError: not-encrypted"
        ]
      ]
      for (const [bytes, compressed, encrypted] of frames) {
        const expected = compressed ?? { value: bytes }
        deepStrictEqual(yield* Effect.provide(outcome(bytes), compression, { local: true }), expected)
        deepStrictEqual(yield* Effect.provide(outcome(bytes), fernet, { local: true }), encrypted)
        deepStrictEqual(yield* Effect.provide(outcome(bytes), both, { local: true }), encrypted)
        deepStrictEqual(yield* Effect.provide(outcome(bytes), bare, { local: true }), { value: bytes })
      }
    })
  )
})

describe("damaged entry frames", () => {
  const head = { createdAt: 1, expiresAt: 2, names: { collection: "c", key: "é" } }
  const good = entryFrame.encode(head, Uint8Array.of(0, 1, 2, 3))
  const reason = (bytes: Uint8Array) => Result.getOrThrow(Result.flip(managedEntry.decode(bytes)))
  const with8 = (at: number, value: number) => {
    const copy = Uint8Array.from(good)
    new DataView(copy.buffer).setFloat64(at, value)
    return copy
  }

  it("fail with the reason", () => {
    assert.strictEqual(reason(good.with(3, 2)), "its frame has the unknown version 2")
    assert.strictEqual(reason(good.with(4, 8 | 7)), "its frame has unknown flags")
    assert.strictEqual(reason(with8(5, Number.NaN)), "its frame has a time that is not a number")
    assert.strictEqual(reason(with8(13, Number.POSITIVE_INFINITY)), "its frame has a time that is not a number")
    assert.strictEqual(reason(good.with(24, 200)), "its frame is truncated")
    assert.strictEqual(reason(good.with(30, 0xff)), "its frame is truncated", "a name that is not UTF-8")
    assert.strictEqual(reason(good.subarray(0, -1)), "its frame has 3 bytes of content instead of 4")
    assert.strictEqual(reason(Uint8Array.of(...good, 0)), "its frame has 5 bytes of content instead of 4")
    assert.strictEqual(reason(good.with(-5, 0x61)).slice(0, 13), "its frame has")
    assert.strictEqual(reason(good.with(-4, 5)), "its content is not JSON")
    assert.strictEqual(reason(entryFrame.encode(head, new Uint8Array())), "its content is not JSON")
  })

  it("never die, cut off anywhere or with any bit changed", () => {
    for (let length = 0; length < good.length; length++) assert.isString(reason(good.subarray(0, length)))
    for (let at = 0; at < good.length; at++) {
      for (let bit = 1; bit < 256; bit *= 2) {
        const found = managedEntry.decode(good.with(at, good[at]! ^ bit))
        if (Result.isSuccess(found)) assert.isAbove(at, 4, "magic, version and flags")
      }
    }
  })
})

describe("damaged or unusual JSON", () => {
  const decode = (text: string) => managedEntry.decode(text)
  const value = (text: string) => Result.getOrThrow(decode(text)).entry.payload.value
  const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels)
  const mixed = (levels: number) => `${'[{"a":'.repeat(levels / 2)}1${"}]".repeat(levels / 2)}`

  it("is refused with a byte order mark or text behind its end", () => {
    for (const text of [
      '\uFEFF{"value":{}}',
      '{"value":{}}x',
      '{"value":{}} {}',
      '{"value":{}}\u00a0',
      '{"value":{},}'
    ]) {
      assert.isTrue(Result.isFailure(decode(text)), text)
      assert.isTrue(Result.isFailure(managedEntry.decode(new TextEncoder().encode(text))), text)
    }
  })

  it("is read with the last of duplicate fields", () => {
    assert.deepStrictEqual(value('{"value":{"a":1,"a":2},"value":{"b":1,"b":2}}'), { b: 2 })
    const found = Result.getOrThrow(decode('{"value":{},"expires_at":null,"expires_at":"1970-01-01T00:00:01+00:00"}'))
    assert.strictEqual(found.entry.expiresAt, 1000)
    assert.isTrue(Result.isFailure(decode('{"value":{},"value":1}')))
  })

  it("is read up to 1,000 levels deep, and refused when it is deeper anywhere", () => {
    for (const of of [deep, mixed]) {
      assert.isTrue(Result.isSuccess(decode(`{"version":2,"value":${of(1000)}}`)))
      for (const levels of [1002, 5000, 100_000]) {
        for (const text of [
          `{"version":2,"value":${of(levels)}}`,
          `{"value":{},"other":${of(levels)}}`,
          of(levels),
          `{"value":${JSON.stringify(`{"a":${of(levels)}}`)}}`,
          `{"value":{"n":NaN,"deep":${of(levels)}}}`,
          `{"value":{"\\n":${of(levels)}}}`,
          `{"value":${"[".repeat(levels)}`
        ]) {
          assert.isTrue(Result.isFailure(decode(text)), text.slice(0, 40))
        }
      }
    }
  })

  it("is read with __proto__ as a field like any other", () => {
    assert.isTrue(Result.isFailure(decode('{"__proto__":{"value":{}}}')))
    assert.isTrue(Result.isFailure(decode('{"__proto__":{"version":2},"value":1}')))
    for (const inner of [
      '{"__proto__":{"a":1}}',
      '{"a":{"__proto__":null,"constructor":{"prototype":1}}}',
      '{"__proto__":NaN}'
    ]) {
      const found = value(`{"value":${inner}}`) as object
      assert.strictEqual(Object.getPrototypeOf(found), Object.prototype)
      assert.deepStrictEqual(Object.keys(found), [inner.slice(2, inner.indexOf('":'))])
    }
    assert.isUndefined(({} as { readonly a?: unknown }).a)
  })
})
