/** How errors of node:sqlite become errors of effect-kv. */
import { tmpdir } from "node:os"
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import type { Call } from "../../../src/driver/Call.ts"
import { reasonOf, toError } from "../../../src/stores/sqlite/errors.ts"

const place = { operation: "put", collection: "c", keys: ["k"] } as const

const sqliteError = (errcode: number) =>
  Object.assign(new Error("SQLite's words"), { code: "ERR_SQLITE_ERROR", errcode })

describe("errors", () => {
  it.each([
    [5, "BUSY"],
    [261, "BUSY_RECOVERY"],
    [517, "BUSY_SNAPSHOT"],
    [6, "LOCKED"],
    [262, "LOCKED_SHAREDCACHE"],
    [15, "PROTOCOL"]
  ])("become StoreUnavailableError with outcome not-applied for code %d (%s)", (code) => {
    const error = toError({ place }, sqliteError(code))
    assert.strictEqual(error._tag, "StoreUnavailableError")
    assert.isTrue(error.retryable)
    assert.strictEqual(error.outcome, "not-applied")
  })

  it.each([
    [3, "permission"],
    [7, "memory"],
    [8, "read-only"],
    [1032, "read-only"],
    [10, "disk"],
    [778, "disk"],
    [11, "damaged"],
    [13, "full"],
    [14, "cannot be opened"],
    [18, "larger"],
    [23, "denied"],
    [26, "not a SQLite database"]
  ])("become StoreError for code %d, whose reason says %s and quotes SQLite", (code, word) => {
    const cause = sqliteError(code)
    const error = toError({ place }, cause)
    assert.strictEqual(error._tag, "StoreError")
    assert.isFalse(error.retryable)
    assert.include(error.reason, word)
    assert.include(error.reason, "SQLite's words")
    assert.strictEqual(error.outcome, word === "disk" ? "unknown" : "not-applied")
    assert.strictEqual(error.cause, cause)
    assert.deepInclude({ ...error }, { ...place })
  })

  it("have an unknown outcome for a call whose first page was applied", () => {
    const call = { _tag: "clear", place, deadline: undefined, collection: { prefix: "" }, keyPrefix: "" } as const
    for (const code of [5, 13]) {
      assert.strictEqual(toError({ ...call, cursor: undefined } as Call, sqliteError(code)).outcome, "not-applied")
      assert.strictEqual(toError({ ...call, cursor: "b" } as Call, sqliteError(code)).outcome, "unknown")
    }
  })

  it("keep the message of an unknown error", () => {
    assert.strictEqual(reasonOf(sqliteError(1)), "SQLite's words")
    assert.strictEqual(reasonOf(new TypeError("not bound")), "not bound")
    assert.strictEqual(reasonOf("thrown"), "thrown")
    assert.strictEqual(toError({ place }, "thrown")._tag, "StoreError")
  })

  it("are recognized by the codes of node:sqlite", () => {
    const failure = Result.getFailure(Result.try(() => new DatabaseSync(tmpdir())))
    assert.include(reasonOf((failure as { readonly value?: unknown }).value), "cannot be opened")
  })
})
