/** Tests the AEAD codec: a value can be read only at its own key, and Node and Web Crypto give the same bytes. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as aead from "../../src/codecs/aead.ts"
import * as node from "../../src/platform/crypto.node.ts"
import * as web from "../../src/platform/crypto.web.ts"
import { Payload, type Value } from "../../src/Value.ts"
import * as any from "../properties/arbitraries.ts"

const key = aead.makeKey("k", new Uint8Array(32).fill(7))
const ring = new Map([["k", key]])
const payloadOf = (value: Value) => Result.getOrThrow(Payload.from(value))

describe("aead", () => {
  for (const algorithm of aead.algorithms) {
    it.effect.prop(
      `decodes any value with ${algorithm} at its own store, collection and key, and nowhere else`,
      [any.value, any.collection, any.key, any.collection, any.key],
      ([value, collection, name, otherCollection, otherName]) =>
        Effect.gen(function* () {
          const binding = { store: "s", collection, key: name, expiresAt: undefined }
          const frame = yield* aead.encode(payloadOf(value), key, algorithm, binding)
          const { payload } = yield* aead.decode(frame, ring, binding)
          assert.deepStrictEqual(payload.value, value)
          for (const [store, wrongCollection, wrongKey] of [
            ["s", otherCollection, otherName],
            ["", collection, name],
            ["s", name, collection]
          ] as const) {
            if (store === "s" && wrongCollection === collection && wrongKey === name) continue
            const wrong = { store, collection: wrongCollection, key: wrongKey }
            assert.strictEqual(yield* Effect.flip(aead.decode(frame, ring, wrong)), "moved")
          }
        })
    )
  }

  it.effect(
    "encrypts with AES-256-GCM to the same bytes in Node and in browsers, and returns undefined for damaged data",
    () =>
      Effect.gen(function* () {
        const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 251)
        const keys = [node.secretKey(bytes.subarray(0, 32)), web.secretKey(bytes.subarray(0, 32))] as const
        const nonce = bytes.subarray(40, 52)
        for (const data of [bytes.subarray(0, 0), bytes.subarray(0, 16), bytes]) {
          for (const associated of [bytes.subarray(0, 0), bytes.subarray(100, 200)]) {
            const encrypted = yield* node.aesGcmEncrypt(keys[0], nonce, data, associated)
            assert.deepStrictEqual(
              yield* web.aesGcmEncrypt(keys[1], nonce, data, associated),
              Uint8Array.from(encrypted)
            )
            const wrong = Uint8Array.from(encrypted).with(-1, encrypted.at(-1)! ^ 1)
            const other = bytes.subarray(0, 7)
            const decrypted = yield* node.aesGcmDecrypt(keys[0], nonce, encrypted, associated)
            assert.deepStrictEqual(Uint8Array.from(decrypted!), Uint8Array.from(data))
            assert.deepStrictEqual(
              yield* web.aesGcmDecrypt(keys[1], nonce, encrypted, associated),
              Uint8Array.from(data)
            )
            assert.isUndefined(yield* node.aesGcmDecrypt(keys[0], nonce, wrong, associated))
            assert.isUndefined(yield* web.aesGcmDecrypt(keys[1], nonce, wrong, associated))
            assert.isUndefined(yield* node.aesGcmDecrypt(keys[0], nonce, encrypted, other))
            assert.isUndefined(yield* web.aesGcmDecrypt(keys[1], nonce, encrypted, other))
          }
        }
      })
  )

  it.effect("refuses an expiry that is not finite, even if it is the one that was encrypted", () =>
    Effect.gen(function* () {
      for (const expiresAt of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const binding = { store: "s", collection: "c", key: "k", expiresAt }
        const frame = yield* aead.encode(payloadOf(1), key, "aes-256-gcm", binding)
        assert.strictEqual(yield* Effect.flip(aead.decode(frame, ring, binding)), "corrupted")
      }
    })
  )

  it("never returns the same random bytes twice, and does not overwrite bytes that it returned", () => {
    const seen = new Set<string>()
    for (let i = 0; i < 2000; i++) seen.add(Buffer.from(node.randomBytes(12)).toString("hex"))
    assert.strictEqual(seen.size, 2000)
    for (const length of [0, 1, 4096, 5000]) assert.strictEqual(node.randomBytes(length).length, length)
    const bytes = node.randomBytes(32)
    const again = Uint8Array.from(bytes)
    node.randomBytes(4096)
    assert.deepStrictEqual(bytes, again, "the returned bytes do not change")
  })
})
