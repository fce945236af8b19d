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
  entry: { payload: Result.getOrThrow(Value.Payload.from(value, { exact })), createdAt: 3, expiresAt: 9 }
})

describe("entries of the journal", () => {
  it("are the JSON that docs/wire-format.md shows", () => {
    const names = { version: 1, collection: "c", key: "k", acceptedAt: 5 }
    const times = { createdAt: 3, expiresAt: 9 }
    const valueOf = (entry: Parameters<typeof encode>[0]) => encode(entry).payload.value
    assert.deepStrictEqual(valueOf(write({ a: 1 })), { ...names, operation: "put", json: '{"a":1}', ...times })
    assert.deepStrictEqual(valueOf(write(Uint8Array.of(255))), { ...names, operation: "put", bytes: "/w==", ...times })
    assert.deepStrictEqual(valueOf({ ...write(0), entry: undefined }), { ...names, operation: "delete" })
    assert.isUndefined(encode(write(1)).expiresAt)
  })

  it.effect.prop("come back as they were", [any.value], ([value]) =>
    Effect.sync(() => {
      const read = decode(encode(write(value)))
      assert.deepStrictEqual(read?.entry?.payload.value, value)
      assert.deepStrictEqual([read?.collection, read?.key, read?.acceptedAt], ["c", "k", 5])
    })
  )

  it("large integers, too, where these are exact", () => {
    assert.deepStrictEqual(decode(encode(write(2n ** 64n, true)))?.entry?.payload.toValue(true), (2n ** 64n) as never)
  })

  it("of another form are none", () => {
    const stored = encode(write(1)).payload.value as Record<string, unknown>
    for (const change of [{ version: 2 }, { operation: "other" }, { json: "{" }, { json: undefined }, { key: 1 }]) {
      const value = Object.fromEntries(Object.entries({ ...stored, ...change }).filter(([, it]) => it !== undefined))
      const payload = Result.getOrThrow(Value.Payload.from(value))
      assert.isUndefined(decode({ payload, createdAt: 0, expiresAt: undefined }), JSON.stringify(change))
    }
  })
})
