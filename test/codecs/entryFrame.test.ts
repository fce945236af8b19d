/** Tests entry frames, the binary form of an entry: their bytes, and which damage is refused. */
import { deepStrictEqual } from "node:assert/strict"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as entryFrame from "../../src/codecs/entryFrame.ts"
import { decode, encode } from "../../src/codecs/managedEntry.ts"
import * as any from "../properties/arbitraries.ts"

const time = Arbitrary.map(any.integer(-1, 4_000_000_000_000), (time) => (time < 0 ? undefined : time))
const names = Arbitrary.map(Arbitrary.all([any.integer(0, 1), any.collection, any.key]), ([there, collection, key]) =>
  there === 1 ? { collection, key } : undefined
)

const head = { createdAt: 1000.5, expiresAt: 2000, names: { collection: "c", key: "é" } }
const content = Uint8Array.of(0, 1, 2)
const whole = entryFrame.encode(head, content)

const changed = (at: number, byte: number): Uint8Array => {
  const bytes = Uint8Array.from(whole)
  bytes[at] = byte
  return bytes
}

const reason = (bytes: Uint8Array): string => Result.getOrThrow(Result.flip(decode(bytes)))

describe("entry frames", () => {
  it.prop(
    "decode to the head and content that were encoded",
    [time, time, names, any.bytes],
    ([createdAt, expiresAt, names, content]) => {
      const bytes = Uint8Array.from(entryFrame.encode({ createdAt, expiresAt, names }, content))
      const { contentAt, contentLength, ...found } = Result.getOrThrow(entryFrame.decodeHead(bytes))
      deepStrictEqual(found, { createdAt, expiresAt, names })
      deepStrictEqual(bytes.subarray(contentAt), content)
      assert.strictEqual(contentLength, content.length)
    }
  )

  it("have exactly these bytes", () => {
    assert.strictEqual(
      Buffer.from(whole).toString("hex"),
      "eb4b56" +
        "01" +
        "07" +
        "408f440000000000" +
        "409f400000000000" +
        "0000000163" +
        "00000002c3a9" +
        "00000003000102"
    )
    assert.strictEqual(
      Buffer.from(
        entryFrame.encode({ createdAt: undefined, expiresAt: undefined, names: undefined }, content)
      ).toString("hex"),
      "eb4b560100" + "00000003000102"
    )
  })

  it("are recognized by their first three bytes", () => {
    assert.isTrue(entryFrame.isFrame(Uint8Array.of(0xeb, 0x4b, 0x56)))
    for (const bytes of [[], [0xeb, 0x4b], [0xeb, 0x4b, 0x43, 1], [0xea, 0x4b, 0x56, 1]]) {
      assert.isFalse(entryFrame.isFrame(Uint8Array.from(bytes)))
    }
  })

  it("are refused with an unknown version or unknown flags", () => {
    for (let byte = 0; byte < 256; byte++) {
      if (byte !== 1) assert.strictEqual(reason(changed(3, byte)), `its frame has the unknown version ${byte}`)
      if (byte > 7) assert.strictEqual(reason(changed(4, byte)), "its frame has unknown flags")
    }
  })

  it("with times beyond the calendar can be written again as JSON", () => {
    const json = new TextEncoder().encode("{}")
    for (const time of [1e300, -1e300, 8.64e15 + 1, -62_135_596_800_001]) {
      const { entry } = Result.getOrThrow(
        decode(entryFrame.encode({ ...head, createdAt: time, expiresAt: time }, json))
      )
      assert.isTrue(Result.isSuccess(decode(encode("c", "k", entry))), String(time))
    }
  })

  it("are refused when names are cut off, too long or not UTF-8", () => {
    assert.strictEqual(reason(whole.subarray(0, 25)), "its frame is truncated")
    for (const length of [0x7fffffff, 0xffffffff, whole.length]) {
      const bytes = Uint8Array.from(whole)
      new DataView(bytes.buffer).setUint32(21, length)
      assert.strictEqual(reason(bytes), "its frame is truncated", String(length))
    }
    assert.strictEqual(reason(changed(25, 0xff)), "its frame is truncated")
  })

  it.prop(
    "are refused at every cut, and a changed byte gives a value or a failure, never a defect",
    [any.bytes, names],
    ([value, names]) => {
      const bytes = entryFrame.encode({ ...head, names }, Uint8Array.of(0, ...value))
      for (let at = 0; at < bytes.length; at++) {
        assert.isTrue(Result.isFailure(decode(bytes.subarray(0, at))), `cut to ${at}`)
        for (const mask of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
          const changed = Uint8Array.from(bytes)
          changed[at]! ^= mask
          const found = decode(changed)
          if (Result.isFailure(found)) assert.isString(found.failure)
          else assert.isDefined(found.success.entry.payload.value)
          if (at < 4) assert.isTrue(Result.isFailure(found), `${at} ^ ${mask}`)
        }
      }
    },
    { arbitrary: { runs: 30 } }
  )
})
