/** Tests how journal entries of Fallback are encoded and decoded. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Value } from "../../../src/index.ts"
import { decode, encode } from "../../../src/wrappers/fallback/journalEntry.ts"
import * as any from "../../properties/arbitraries.ts"

const write = (value: unknown, exact = false) => ({
  collection: "c",
  key: "k",
  acceptedAt: 5,
  entry: { payload: Result.getOrThrow(Value.Payload.from(value, { exactIntegers: exact })), createdAt: 3, expiresAt: 9 }
})

describe("journal entries", () => {
  it("are encoded as docs/reference/wire-format.md shows", () => {
    const names = { version: 1, collection: "c", key: "k", acceptedAt: 5 }
    const times = { createdAt: 3, expiresAt: 9 }
    const valueOf = (entry: Parameters<typeof encode>[0]) => encode(entry).payload.value
    assert.deepStrictEqual(valueOf(write({ a: 1 })), { ...names, operation: "put", json: '{"a":1}', ...times })
    assert.deepStrictEqual(valueOf(write(Uint8Array.of(255))), { ...names, operation: "put", bytes: "/w==", ...times })
    assert.deepStrictEqual(valueOf({ ...write(0), entry: undefined }), { ...names, operation: "delete" })
    assert.isUndefined(encode(write(1)).expiresAt)
  })

  it.effect.prop("are decoded to the values that were encoded", [any.value], ([value]) =>
    Effect.sync(() => {
      const read = decode(encode(write(value)))
      assert.deepStrictEqual(read?.entry?.payload.value, value)
      assert.deepStrictEqual([read?.collection, read?.key, read?.acceptedAt], ["c", "k", 5])
    })
  )

  it("keep large integers when the store is exact", () => {
    assert.deepStrictEqual(decode(encode(write(2n ** 64n, true)))?.entry?.payload.toValue(true), (2n ** 64n) as never)
  })

  it("are ignored when they have another form", () => {
    const stored = encode(write(1)).payload.value as Record<string, unknown>
    for (const change of [{ version: 2 }, { operation: "other" }, { json: "{" }, { json: undefined }, { key: 1 }]) {
      const value = Object.fromEntries(Object.entries({ ...stored, ...change }).filter(([, it]) => it !== undefined))
      const payload = Result.getOrThrow(Value.Payload.from(value))
      assert.isUndefined(decode({ payload, createdAt: 0, expiresAt: undefined }), JSON.stringify(change))
    }
  })
})
