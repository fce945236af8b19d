/** Tests the exact bytes in `test/vectors/effect-kv.json`. No later version may fail to read them. */
import { deepStrictEqual } from "node:assert/strict"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as aead from "../../src/codecs/aead.ts"
import * as compressed from "../../src/codecs/compressed.ts"
import * as encrypted from "../../src/codecs/encrypted.ts"
import type { TooLarge } from "../../src/codecs/envelope.ts"
import * as fernet from "../../src/codecs/fernet.ts"
import * as managedEntry from "../../src/codecs/managedEntry.ts"
import { Payload, type Value } from "../../src/Value.ts"
import { type Layer, type Vector, vectors } from "../vectors/effectKv.ts"

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"))

const valueOf = ({ value_json, value_base64 }: Vector): Value =>
  value_base64 === undefined ? (JSON.parse(value_json!) as Value) : Uint8Array.from(Buffer.from(value_base64, "base64"))

const aeadKey = (layer: Extract<Layer, { codec: "aead" }>) =>
  aead.makeKey(layer.key_id, Uint8Array.from(Buffer.from(layer.key, "base64url")))

const bindingOf = ({ collection, key, expires_at }: Vector, store: string): aead.Binding => ({
  store,
  collection,
  key,
  expiresAt: expires_at ?? undefined
})

const encode = (vector: Vector, layer: Layer, payload: Payload): Effect.Effect<Payload, TooLarge> => {
  switch (layer.codec) {
    case "compression":
      return compressed.encode(payload, layer.algorithm, 1, layer.envelope)
    case "fernet":
      return encrypted.encode(payload, fernet.parseKey(layer.key)!, layer.time, layer.envelope, bytes(layer.iv_hex))
    case "aead":
      return aead.encode(
        payload,
        aeadKey(layer),
        layer.algorithm,
        bindingOf(vector, layer.store_id),
        bytes(layer.nonce_hex)
      )
  }
}

const decode = (vector: Vector, layer: Layer, payload: Payload): Effect.Effect<Payload, string> => {
  switch (layer.codec) {
    case "compression":
      return compressed.decode(payload, { maxSize: 2 ** 20 })
    case "fernet":
      return Effect.map(encrypted.decode(payload, [fernet.parseKey(layer.key)!]), (found) => found.payload)
    case "aead": {
      const key = aeadKey(layer)
      return Effect.map(
        aead.decode(payload, new Map([[key.id, key]]), bindingOf(vector, layer.store_id)),
        (found) => found.payload
      )
    }
  }
}

/** What the library stores for the vector now. */
const stored = Effect.fnUntraced(function* (vector: Vector) {
  let payload = Result.getOrThrow(Payload.from(valueOf(vector)))
  for (const layer of vector.codecs) payload = yield* encode(vector, layer, payload)
  const form = managedEntry.encode(
    vector.collection,
    vector.key,
    { payload, createdAt: vector.created_at ?? undefined, expiresAt: vector.expires_at ?? undefined },
    { format: vector.format, frameNames: vector.frame_names }
  )
  return Buffer.from(form)
})

describe("test/vectors/effect-kv.json", () => {
  it("has every format", () => {
    const forms = new Set(
      vectors.flatMap(({ codecs, format, stored_base64 }) => [
        codecs
          .map((it) => [it.codec, "algorithm" in it && it.algorithm, "envelope" in it && it.envelope].join(" "))
          .join(),
        `${format} ${Buffer.from(stored_base64, "base64")[0] === 0xeb}`
      ])
    )
    assert.isAtLeast(forms.size, 20)
  })

  for (const vector of vectors) {
    it.effect(`${vector.id} can be read`, () =>
      Effect.gen(function* () {
        const found = Result.getOrThrow(
          managedEntry.decode(Uint8Array.from(Buffer.from(vector.stored_base64, "base64")))
        )
        let { payload } = found.entry
        for (const layer of vector.codecs.toReversed()) payload = yield* decode(vector, layer, payload)
        deepStrictEqual(payload.value, valueOf(vector))
        deepStrictEqual(
          [found.entry.createdAt ?? null, found.entry.expiresAt ?? null],
          [vector.created_at, vector.expires_at]
        )
        const named = vector.frame_names || found.collection !== undefined
        deepStrictEqual([found.collection, found.key], named ? [vector.collection, vector.key] : [undefined, undefined])
      })
    )

    // Different versions of a compressor may write different bytes.
    if (vector.codecs.some(({ codec }) => codec === "compression")) continue
    it.effect(`${vector.id} is written with the same bytes`, () =>
      Effect.map(stored(vector), (bytes) => assert.strictEqual(bytes.toString("base64"), vector.stored_base64))
    )
  }
})
