/** Tests Compression and FernetEncryption with the JSON and the binary envelope, alone and stacked. */
import { deepStrictEqual } from "node:assert/strict"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Envelope } from "../../src/codecs/envelope.ts"
import * as frame from "../../src/codecs/frame.ts"
import * as Calls from "../../src/driver/Calls.ts"
import { Atomic, Compression, FernetEncryption, KeyValue, type KeyValueError, type Value } from "../../src/index.ts"
import * as any from "../properties/arbitraries.ts"
import { both, type Inner, memory, plant } from "../support/inspect.ts"

const [current, older, other] = [
  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
  "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1-f4CBgoM=",
  "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
].map((key) => Redacted.make(key)) as [Redacted.Redacted, Redacted.Redacted, Redacted.Redacted]

type Store = Layer.Layer<KeyValue.KeyValue | Atomic.Atomic | Inner, KeyValueError.StoreSetupError>
type Wrap = (self: Store) => Store

const envelopes = ["json", "binary"] as const
const gzip =
  (envelope: Envelope, minSize = 100): Wrap =>
  (self) =>
    self.pipe(Compression.wrap({ envelope, minSize }))
const fernet =
  (envelope: Envelope, ...keys: ReadonlyArray<Redacted.Redacted>): Wrap =>
  (self) =>
    self.pipe(FernetEncryption.wrap({ envelope, keys: [current, ...keys] }))

const wrap = (wraps: ReadonlyArray<Wrap>, base: Store = memory()): Store =>
  wraps.reduce((store, wrap) => wrap(store), base)

const pairs = envelopes.flatMap((first) => envelopes.map((second) => [first, second] as const))

/** The wrappers of each stack, innermost first. */
const stacks: Readonly<Record<string, ReadonlyArray<Wrap>>> = Object.fromEntries([
  ...envelopes.flatMap((envelope) => [
    [`compression ${envelope}`, [gzip(envelope)]],
    [`encryption ${envelope}`, [fernet(envelope)]]
  ]),
  ...pairs.flatMap(([first, second]) => [
    [`compression ${second} over encryption ${first}`, [fernet(first), gzip(second)]],
    [`encryption ${second} over compression ${first}`, [gzip(first), fernet(second)]],
    [`compression ${second} over compression ${first}`, [gzip(first), gzip(second, 0)]],
    [`encryption ${second} over encryption ${first}`, [fernet(first), fernet(second)]],
    [`all four, ${first} and ${second}`, [gzip(first), fernet(second), gzip(second), fernet(first)]],
    [`the other four, ${first} and ${second}`, [fernet(first), gzip(second), fernet(second), gzip(first)]]
  ])
])

const compressedFields = (data: Value.Json, algorithm: Value.Json, version: Value.Json): Value.Json => ({
  __compressed_data__: data,
  __compression_algorithm__: algorithm,
  __compression_version__: version
})

const gzipOfOne = Buffer.from("H4sIAAAAAAAAAzMEALfv3IMBAAAA", "base64")

const lookalikes: ReadonlyArray<Value.Value> = [
  ...[[], [0], [1], [2], [255]].map((end) => Uint8Array.of(0xeb, 0x4b, 0x43, ...end)),
  ...Array.from({ length: 40 }, (_, codec) => Uint8Array.of(0xeb, 0x4b, 0x43, 1, codec, 7, 7)),
  Uint8Array.of(0xeb, 0x4b, 0x43, 1, 1, ...gzipOfOne),
  Uint8Array.of(0xeb, 0x4b, 0x43, 2, 1, ...gzipOfOne),
  Uint8Array.of(0xeb, 0x4b, 0x43, 1, 1, 1, ...gzipOfOne),
  Uint8Array.of(0xeb, 0x4b, 0x56, 1, 0, 0, 0, 0, 0),
  Uint8Array.of(1, ...gzipOfOne),
  Uint8Array.of(0, 1, 2),
  new Uint8Array(gzipOfOne),
  compressedFields(gzipOfOne.toString("base64"), "gzip", 1),
  compressedFields("not even base64", "gzip", 1),
  compressedFields("", "lzma", 99),
  compressedFields(null, null, null),
  { __encrypted_data__: "Z0FBQUFB", __encryption_version__: 1 },
  { __encrypted_data__: 5, __encryption_version__: 2 },
  { __encrypted_data__: "Z0FBQUFB", __encryption_version__: 1, more: "x".repeat(200) },
  [compressedFields("", "gzip", 1)]
]

const bytesOfACodec = Arbitrary.map(
  Arbitrary.all([any.pick(...Object.values(frame.codecs)), any.pick(0, 1, 2), any.bytes]),
  ([codec, version, bytes]) => Uint8Array.of(0xeb, 0x4b, 0x43, version, codec, ...bytes)
)

describe("values that look like the codecs' own envelopes", () => {
  for (const [name, wraps] of Object.entries(stacks)) {
    it.effect(`come back unchanged through ${name}`, () =>
      Effect.gen(function* () {
        const { kv } = yield* both
        for (const value of lookalikes) {
          yield* kv.put("k", value)
          const read = yield* kv.get("k")
          deepStrictEqual(read, value)
          yield* kv.putMany([["again", read!]])
          deepStrictEqual(yield* kv.getMany(["again"]), [value])
        }
      }).pipe(Effect.provide(wrap(wraps)))
    )
  }

  it.effect("come back unchanged when they are what such a stack has stored", () =>
    Effect.gen(function* () {
      for (const wraps of Object.values(stacks)) {
        const values = yield* Effect.gen(function* () {
          const { kv, inner } = yield* both
          yield* kv.putMany(lookalikes.map((value, i) => [String(i), value] as const))
          return yield* inner.getMany(lookalikes.map((_, i) => String(i)))
        }).pipe(Effect.provide(wrap(wraps), { local: true }))
        yield* Effect.gen(function* () {
          const { kv } = yield* both
          yield* kv.putMany(values.map((value, i) => [String(i), value!] as const))
          deepStrictEqual(yield* kv.getMany(values.map((_, i) => String(i))), values)
        }).pipe(Effect.provide(wrap(wraps), { local: true }))
      }
    })
  )

  it.effect.prop(
    "come back unchanged when they are arbitrary bytes after the header of a codec",
    [bytesOfACodec, any.pick(...Object.keys(stacks))],
    ([value, name]) =>
      Effect.gen(function* () {
        const { kv } = yield* both
        yield* kv.put("k", value)
        deepStrictEqual(yield* kv.get("k"), value)
      }).pipe(Effect.provide(wrap(stacks[name]!), { local: true })),
    { arbitrary: { runs: 200 } }
  )
})

const values: ReadonlyArray<Value.Value> = [
  { text: "é世🌍".repeat(100), n: [1, -0, null] },
  "x".repeat(2000),
  7,
  new Uint8Array(500).fill(7),
  Uint8Array.of(0xeb, 0x4b, 0x43, 1, 1, 2),
  compressedFields("", "gzip", 1)
]
const keyed = values.map((value, i) => [`k${i}`, value] as const)
const names = keyed.map(([key]) => key)

describe("a change of the envelope while a service runs", () => {
  const kinds: Readonly<Record<string, (envelope: Envelope) => ReadonlyArray<Wrap>>> = {
    Compression: (envelope) => [gzip(envelope)],
    FernetEncryption: (envelope) => [fernet(envelope)],
    "Compression over FernetEncryption": (envelope) => [fernet(envelope), gzip(envelope)],
    "FernetEncryption over Compression": (envelope) => [gzip(envelope), fernet(envelope)],
    "FernetEncryption only, below Compression": (envelope) => [fernet(envelope), gzip("json")]
  }

  for (const [name, stack] of Object.entries(kinds)) {
    it.effect(`keeps all entries readable and writes the new envelope: ${name}`, () => {
      const base = memory()
      const through = (envelope: Envelope) => wrap(stack(envelope), base)
      return Effect.gen(function* () {
        const { inner } = yield* both
        for (const [before, after] of [
          ["json", "binary"],
          ["binary", "json"]
        ] as const) {
          yield* Effect.provide(
            KeyValue.KeyValue.use((kv) => kv.putMany(keyed)),
            through(before)
          )
          const written = yield* inner.getMany(names)
          yield* Effect.gen(function* () {
            const kv = yield* KeyValue.KeyValue
            const atomic = yield* Atomic.Atomic
            deepStrictEqual(yield* kv.getMany(names), values)
            // The store then holds both envelopes, because only these two entries are written again.
            yield* kv.put("k0", values[1]!)
            yield* atomic.update("k1", (value) => [value, value] as Value.Json)
          }).pipe(Effect.provide(through(after)))
          const now = yield* inner.getMany(names)
          assert.notStrictEqual(now[0] instanceof Uint8Array, written[0] instanceof Uint8Array)
          assert.notStrictEqual(now[1] instanceof Uint8Array, written[1] instanceof Uint8Array)
          deepStrictEqual(now.slice(2), written.slice(2))
          const mixed = [values[1], [values[1], values[1]], ...values.slice(2)]
          for (const envelope of envelopes) {
            const read = KeyValue.KeyValue.use((kv) => kv.getMany(names))
            deepStrictEqual(yield* Effect.provide(read, through(envelope)), mixed)
          }
        }
      }).pipe(Effect.provide(base))
    })
  }
})

describe("entries that need rotation", () => {
  const marks = Effect.fnUntraced(function* (keys: ReadonlyArray<string>) {
    const { driver } = yield* KeyValue.KeyValue
    const place = { operation: "getMany", collection: driver.defaultCollection, keys } as const
    const entries = yield* driver.get(Calls.get(place))
    return entries.map((entry) => entry?.needsRotation)
  })

  for (const envelope of envelopes) {
    it.effect(`are exactly those under another key, in another envelope or in plaintext (${envelope})`, () => {
      const base = memory()
      const put = (key: string, layer: Store) =>
        Effect.provide(
          KeyValue.KeyValue.use((kv) => kv.put(key, { secret: key })),
          layer
        )
      const otherEnvelope = envelope === "json" ? "binary" : "json"
      return Effect.gen(function* () {
        yield* put("current", wrap([fernet(envelope)], base))
        yield* put("current of a ring", wrap([fernet(envelope, older)], base))
        yield* put("older", base.pipe(FernetEncryption.wrap({ envelope, keys: [older] })))
        yield* put("oldest", base.pipe(FernetEncryption.wrap({ envelope, keys: [other] })))
        yield* put("envelope", wrap([fernet(otherEnvelope)], base))
        yield* put("both", base.pipe(FernetEncryption.wrap({ envelope: otherEnvelope, keys: [older] })))
        yield* plant("plain", { secret: "plain" })
        yield* plant("plain bytes", Uint8Array.of(1, 2, 3))
        const keys = [
          "current",
          "current of a ring",
          "older",
          "oldest",
          "envelope",
          "both",
          "plain",
          "plain bytes",
          "missing"
        ]
        const ring = base.pipe(FernetEncryption.wrap({ envelope, keys: [current, older, other], allowPlaintext: true }))
        const expected = [undefined, undefined, true, true, true, true, true, true, undefined]
        assert.deepStrictEqual(yield* Effect.provide(marks(keys), ring), expected)
        // Outer wrappers keep the mark.
        assert.deepStrictEqual(yield* Effect.provide(marks(keys), ring.pipe(Compression.wrap())), expected)
      }).pipe(Effect.provide(base))
    })
  }
})
