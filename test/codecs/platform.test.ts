/** Tests that the implementations for Node and for browsers of encodings, encryption and compression agree. */
import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as base64Node from "../../src/platform/base64.node.ts"
import * as base64Web from "../../src/platform/base64.web.ts"
import * as bytesNode from "../../src/platform/bytes.node.ts"
import * as bytesWeb from "../../src/platform/bytes.web.ts"
import * as cryptoNode from "../../src/platform/crypto.node.ts"
import * as cryptoWeb from "../../src/platform/crypto.web.ts"
import * as zlibNode from "../../src/platform/zlib.node.ts"
import * as zlibWeb from "../../src/platform/zlib.web.ts"

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * 7) % 251)
const plain = (result: Result.Result<Uint8Array, string>) => Result.map(result, (it) => Uint8Array.from(it))

describe("the implementations for Node and for browsers", () => {
  it.prop("encode UTF-8 to the same bytes, and compute its length", [Schema.String, Schema.String], ([a, b]) => {
    const text = `${a}${b}\uD800${a}\uDC00😀é`
    assert.deepStrictEqual(Uint8Array.from(bytesNode.encode(text)), bytesWeb.encode(text))
    for (const { encode, length } of [bytesNode, bytesWeb]) assert.strictEqual(length(text), encode(text).length)
  })

  it("encode base64 to the same text, and refuse the same texts", () => {
    for (let length = 0; length < 20; length++) {
      const part = bytes.subarray(200, 200 + length)
      assert.strictEqual(base64Node.encode(part), base64Web.encode(part))
      assert.strictEqual(base64Node.encodeUrl(part), base64Web.encodeUrl(part))
      assert.deepStrictEqual(plain(base64Node.decode(base64Web.encode(part))), Result.succeed(Uint8Array.from(part)))
      assert.deepStrictEqual(
        plain(base64Web.decodeUrl(base64Node.encodeUrl(part))),
        Result.succeed(Uint8Array.from(part))
      )
    }
    for (const text of [
      "a",
      "ab",
      "abc",
      "ab=c",
      "a===",
      "====",
      "ab c",
      "abc\n",
      "ab\r\nc=",
      "a_-=",
      "é123",
      "YQ===",
      "YQ====",
      "YQ==YQ==",
      "Y===",
      "YWJj\n",
      " YWJ",
      "YW Jj\r\n ",
      "YWJj===="
    ]) {
      for (const { decode } of [base64Node, base64Web]) {
        assert.isTrue(Result.isFailure(decode(text)), JSON.stringify(text))
      }
    }
    for (const text of ["a+/=", "ab c", "a", "YQ", "YQ=", "YQ===", "YQ====", "YWJj====", "YQ==YQ=="]) {
      for (const { decodeUrl } of [base64Node, base64Web]) assert.isTrue(Result.isFailure(decodeUrl(text)), text)
    }
  })

  it.effect(
    "encrypt and sign with AES-128-CBC and HMAC-SHA256 to the same bytes, and return undefined for wrong padding",
    () =>
      Effect.gen(function* () {
        const node = cryptoNode.secretKey(bytes.subarray(0, 16))
        const web = cryptoWeb.secretKey(bytes.subarray(0, 16))
        const iv = bytes.subarray(16, 32)
        for (const data of [bytes.subarray(0, 0), bytes.subarray(0, 16), bytes]) {
          const encrypted = yield* cryptoNode.aesCbcEncrypt(node, iv, data)
          assert.deepStrictEqual(yield* cryptoWeb.aesCbcEncrypt(web, iv, data), Uint8Array.from(encrypted))
          assert.deepStrictEqual(yield* cryptoWeb.aesCbcDecrypt(web, iv, encrypted), Uint8Array.from(data))
          assert.deepStrictEqual(
            yield* cryptoWeb.hmacSha256(web, data),
            Uint8Array.from(yield* cryptoNode.hmacSha256(node, data))
          )
        }
        for (const length of [17, 32]) {
          assert.isUndefined(yield* cryptoNode.aesCbcDecrypt(node, iv, bytes.subarray(0, length)))
          assert.isUndefined(yield* cryptoWeb.aesCbcDecrypt(web, iv, bytes.subarray(0, length)))
        }
        for (const { randomBytes } of [cryptoNode, cryptoWeb]) {
          assert.strictEqual(randomBytes(16).length, 16)
          assert.notDeepEqual(randomBytes(16), randomBytes(16))
        }
      })
  )

  it.effect("read each other's gzip and deflate, within the same limit", () =>
    Effect.gen(function* () {
      for (const algorithm of ["gzip", "deflate"] as const) {
        for (const [from, to] of [
          [zlibNode, zlibWeb],
          [zlibWeb, zlibNode]
        ] as const) {
          assert.isTrue(from.isSupported(algorithm))
          const compressed = yield* from.compress(algorithm, bytes, undefined)
          assert.deepStrictEqual(Uint8Array.from(yield* to.decompress(algorithm, compressed, 1000)), bytes)
          assert.include(yield* Effect.flip(to.decompress(algorithm, compressed, 999)), "999 bytes")
          assert.isString(yield* Effect.flip(to.decompress(algorithm, compressed.subarray(0, 20), 1000)))
        }
      }
      assert.isFalse(zlibWeb.isSupported("zstd"))
      assert.include(yield* Effect.flip(zlibWeb.decompress("brotli", bytes, 1000)), "no brotli")
    })
  )

  it.effect("refuse gzip and deflate that is cut off, damaged or followed by other bytes, small or large", () =>
    Effect.gen(function* () {
      const large = createHash("shake256", { outputLength: 100_000 }).update("noise").digest()
      for (const { compress, decompress } of [zlibNode, zlibWeb]) {
        for (const algorithm of ["gzip", "deflate"] as const) {
          for (const input of [bytes, large]) {
            const whole = yield* compress(algorithm, input, undefined)
            assert.deepStrictEqual(
              Uint8Array.from(yield* decompress(algorithm, whole, 2 ** 20)),
              Uint8Array.from(input)
            )
            const damaged = Uint8Array.from(whole)
            damaged[whole.length - 1]! ^= 1
            const behind = [[0], [0, 0], [1], [0x1f, 0x8b]].map((end) => Uint8Array.of(...whole, ...end))
            const cut = [0, 1, 10, whole.length - 8, whole.length - 1].map((end) => whole.subarray(0, end))
            for (const bad of [damaged, ...behind, ...cut]) {
              assert.isNotEmpty(yield* Effect.flip(decompress(algorithm, bad, 2 ** 20)), `${algorithm} ${bad.length}`)
            }
            assert.include(
              yield* Effect.flip(decompress(algorithm, whole, input.length - 1)),
              "it inflates to more than"
            )
          }
        }
      }
    })
  )

  it.effect("differ for gzip of several members, which Node reads as Python does and browsers refuse", () =>
    Effect.gen(function* () {
      const members = [bytes.subarray(0, 500), bytes.subarray(500)].map((part) => gzipSync(part))
      const whole = Uint8Array.from(Buffer.concat(members))
      assert.deepStrictEqual(Uint8Array.from(yield* zlibNode.decompress("gzip", whole, 1000)), bytes)
      assert.isNotEmpty(yield* Effect.flip(zlibNode.decompress("gzip", whole, 999)))
      assert.isNotEmpty(yield* Effect.flip(zlibWeb.decompress("gzip", whole, 1000)))
    })
  )
})
