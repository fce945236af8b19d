/** Tests value frames, the binary envelopes of compressed and encrypted values. */
import { assert, describe, it } from "@effect/vitest"
import * as frame from "../../src/codecs/frame.ts"
import { Payload } from "../../src/Value.ts"
import * as any from "../properties/arbitraries.ts"

const bytes = (...values: ReadonlyArray<number>): Payload => Payload.bytes(Uint8Array.from(values))

const contentOf = (payload: Payload): Uint8Array => Buffer.concat(frame.toContent(payload))

describe("value frames", () => {
  it.prop(
    "open to the codec and data that they were made of, also from their content",
    [any.pick(...(Object.keys(frame.codecs) as Array<frame.Codec>)), any.bytes, any.bytes],
    ([codec, first, second]) => {
      const made = frame.make(codec, first, second)
      const expected = { codec, data: Uint8Array.of(...first, ...second) }
      assert.deepStrictEqual(frame.open(made), expected)
      assert.deepStrictEqual(frame.open(frame.fromContent(contentOf(made))), expected)
      assert.deepStrictEqual([...contentOf(made)], [frame.codecs[codec], ...first, ...second])
    }
  )

  it("have exactly these bytes", () => {
    assert.deepStrictEqual(frame.make("gzip", Uint8Array.of(7)).value, Uint8Array.of(0xeb, 0x4b, 0x43, 1, 1, 7))
    assert.deepStrictEqual(frame.codecs, {
      gzip: 1,
      zstd: 2,
      brotli: 3,
      deflate: 4,
      fernet: 16,
      "aes-256-gcm": 17,
      "xchacha20-poly1305": 18
    })
  })

  it("are reported as unknown with any other version or codec", () => {
    for (let version = 0; version < 256; version++) {
      if (version === 1) continue
      assert.strictEqual(frame.open(bytes(0xeb, 0x4b, 0x43, version, 1, 9)), "an unknown version")
    }
    const known = new Set<number>(Object.values(frame.codecs))
    for (let codec = 0; codec < 256; codec++) {
      const opened = frame.open(bytes(0xeb, 0x4b, 0x43, 1, codec, 9))
      assert.strictEqual(opened === "an unknown codec", !known.has(codec), String(codec))
    }
  })

  it("are recognized by three bytes, and reported as damaged when they are cut off behind them", () => {
    assert.isUndefined(frame.open(bytes()))
    assert.isUndefined(frame.open(bytes(0xeb, 0x4b)))
    assert.strictEqual(frame.open(bytes(0xeb, 0x4b, 0x43)), "an unknown version")
    assert.strictEqual(frame.open(bytes(0xeb, 0x4b, 0x43, 1)), "an unknown codec")
    assert.deepStrictEqual(frame.open(bytes(0xeb, 0x4b, 0x43, 1, 16)), { codec: "fernet", data: new Uint8Array() })
  })

  it("are recognized in a payload of other pieces", () => {
    const payload = Payload.pieces([Uint8Array.of(0xeb, 0x4b, 0x43, 1, 1, 7), Uint8Array.of(8)])
    assert.isTrue(frame.isFrame(payload))
    assert.deepStrictEqual([...contentOf(payload)], [1, 7, 8])
  })

  it("are not confused with JSON or other bytes", () => {
    for (const value of [null, "\u00ebKC", [0xeb, 0x4b, 0x43, 1, 1], { 0: 0xeb, 1: 0x4b, 2: 0x43 }]) {
      assert.isUndefined(frame.open(Payload.json(value)))
    }
    for (let at = 0; at < 3; at++) {
      const value = Uint8Array.of(0xeb, 0x4b, 0x43, 1, 1)
      value[at]! ^= 1
      assert.isUndefined(frame.open(Payload.bytes(value)), String(at))
    }
  })

  it("have codec numbers with which no JSON text begins", () => {
    const starts = new Set(Array.from(' \t\n\r{["-0123456789tfnNI', (character) => character.charCodeAt(0)))
    for (const number of Object.values(frame.codecs)) assert.isFalse(starts.has(number))
    assert.isTrue(frame.isCodec(1))
    for (const number of [undefined, 0, 5, 15, 19, 0x7b]) assert.isFalse(frame.isCodec(number))
  })
})
