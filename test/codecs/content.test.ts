/** Tests the content codec: how JSON, bytes and frames are written inside an entry frame. */
import { deepStrictEqual } from "node:assert/strict"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as content from "../../src/codecs/content.ts"
import * as frame from "../../src/codecs/frame.ts"
import { Payload } from "../../src/Value.ts"
import * as any from "../properties/arbitraries.ts"

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const encode = (value: unknown): Uint8Array => content.encode(Result.getOrThrow(Payload.from(value)))
const decode = (bytes: Uint8Array): Result.Result<unknown, string> =>
  Result.map(content.decode(bytes), (it) => it.value)

describe("contents", () => {
  it.prop("decode to the value that was encoded", [any.value], ([value]) => {
    deepStrictEqual(decode(encode(value)), Result.succeed(value))
  })

  it("are the text of JSON, bytes behind a zero, and a frame without its magic bytes and version", () => {
    assert.deepStrictEqual(encode({ a: "é" }), utf8('{"a":"é"}'))
    assert.deepStrictEqual(encode(Uint8Array.of(1, 2)), Uint8Array.of(0, 1, 2))
    assert.deepStrictEqual(encode(new Uint8Array()), Uint8Array.of(0))
    const made = frame.make("zstd", Uint8Array.of(9))
    assert.deepStrictEqual(content.encode(made), Uint8Array.of(2, 9))
    assert.deepStrictEqual(Result.getOrThrow(content.decode(Uint8Array.of(2, 9))).value, made.value)
  })

  it("of bytes that only begin like a frame are encoded as bytes", () => {
    for (const value of [
      [0xeb, 0x4b, 0x43],
      [0xeb, 0x4b, 0x43, 2, 1],
      [0xeb, 0x4b, 0x43, 1, 0x7f],
      [0xeb, 0x4b, 0x56, 1, 0]
    ]) {
      assert.deepStrictEqual(encode(Uint8Array.from(value)), Uint8Array.of(0, ...value))
    }
  })

  it("share nothing with the bytes that they were read from", () => {
    for (const bytes of [Uint8Array.of(0, 1, 2), Uint8Array.of(1, 1, 2)]) {
      const value = Result.getOrThrow(decode(bytes)) as Uint8Array
      const before = [...value]
      bytes.fill(255)
      assert.deepStrictEqual([...value], before)
    }
  })

  it("fail with a reason when they are damaged", () => {
    const bad: ReadonlyArray<readonly [string, Uint8Array]> = [
      ["nothing", new Uint8Array()],
      ["an unknown codec", Uint8Array.of(5, 1, 2)],
      ["text that is not JSON", utf8("hello")],
      ["a byte order mark", utf8('\uFEFF{"a":1}')],
      ["text behind the end", utf8("{}{}")],
      ["not UTF-8", Uint8Array.of(0x22, 0xff, 0x22)],
      ["too deep", utf8("[".repeat(100_000) + "]".repeat(100_000))]
    ]
    for (const [name, bytes] of bad) assert.deepStrictEqual(decode(bytes), Result.fail("its content is not JSON"), name)
  })
})
