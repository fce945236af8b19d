/**
 * Tests the errors: `retryable`, `outcome`, their messages, and that keys and causes are only in fields, never in
 * printed text.
 */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as KeyValueError from "../src/KeyValueError.ts"

const read = { operation: "get", collection: "users", keys: ["a"] } as const
const write = { operation: "put", collection: "users", keys: ["a"] } as const
const second = Duration.seconds(1)

const E = KeyValueError

/** Errors of reads and of writes, each with the expected `retryable` and `outcome`. */
const table: ReadonlyArray<readonly [KeyValueError.KeyValueError, boolean, KeyValueError.Outcome | undefined]> = [
  [new E.StoreUnavailableError({ ...read, reason: "refused", sent: true }), true, undefined],
  [new E.StoreUnavailableError({ ...write, reason: "refused", sent: true }), true, "unknown"],
  [new E.StoreUnavailableError({ ...write, reason: "refused", sent: false }), true, "not-applied"],
  [new E.StoreError({ ...read, reason: "wrong type" }), false, undefined],
  [new E.StoreError({ ...write, reason: "out of memory" }), false, "not-applied"],
  [new E.StoreError({ ...write, reason: "half-way", maybeApplied: true }), false, "unknown"],
  [new E.TimeoutError({ ...read, duration: second }), true, undefined],
  [new E.TimeoutError({ ...write, duration: second }), true, "unknown"],
  [new E.TimeoutError({ ...write, duration: Duration.zero, sent: false }), true, "not-applied"],
  [new E.TimeoutError({ ...read, duration: Duration.zero, sent: false }), true, undefined],
  [new E.InvalidKeyError({ ...read, reason: "too long" }), false, undefined],
  [new E.InvalidKeyError({ ...write, reason: "too long" }), false, "not-applied"],
  [new E.InvalidTtlError({ ...write, ttl: 0, reason: "the TTL is not positive" }), false, "not-applied"],
  [new E.SerializationError({ ...write, path: "$.a", reason: "NaN" }), false, "not-applied"],
  [new E.DeserializationError({ ...read, reason: "not JSON" }), false, undefined],
  [new E.DeserializationError({ ...write, reason: "not JSON" }), false, "not-applied"],
  [new E.ReadOnlyError(write), false, "not-applied"],
  [new E.EntryTooLargeError({ ...write, size: 2, maxSize: 1 }), false, "not-applied"],
  [new E.EntryTooSmallError({ ...write, size: 1, minSize: 2 }), false, "not-applied"],
  [new E.EncryptionError({ ...write, reason: "no key" }), false, "not-applied"],
  [new E.DecryptionError({ ...read, reason: "wrong-key" }), false, undefined],
  [new E.DecryptionError({ ...write, reason: "wrong-key" }), false, "not-applied"],
  [new E.DecompressionError({ ...read, reason: "damaged" }), false, undefined],
  [new E.ConflictError({ ...write, attempts: 3 }), true, "not-applied"],
  [new E.CircuitOpenError({ ...read, retryAfter: second }), true, undefined],
  [new E.CircuitOpenError({ ...write, retryAfter: second }), true, "not-applied"],
  [new E.BulkheadFullError({ ...write, limit: 10 }), true, "not-applied"],
  [new E.RateLimitedError({ ...write, retryAfter: second }), true, "not-applied"]
]

describe("KeyValueError", () => {
  for (const [error, retryable, outcome] of table) {
    it(`${error._tag} of a ${error.operation} has retryable ${retryable} and outcome ${outcome}`, () => {
      assert.strictEqual(error.retryable, retryable)
      assert.strictEqual("outcome" in error ? error.outcome : undefined, outcome)
      assert.isTrue(error.message.startsWith(`${error.operation} in collection "users": `), error.message)
      assert.strictEqual(error.name, error._tag)
      assert.instanceOf(error, Error)
    })
  }

  const message = (operation: KeyValueError.Operation, keys: ReadonlyArray<string>, collection = "c") =>
    new E.StoreError({ operation, collection, keys, reason: "no" }).message

  it("says in its message what failed, where and why", () => {
    assert.strictEqual(message("get", ["a"]), 'get in collection "c": the store refused the operation (no).')
    assert.strictEqual(message("keys", []), 'keys in collection "c": the store refused the operation (no).')
    assert.strictEqual(message("clear", [], ""), "clear: the store refused the operation (no).")
    assert.strictEqual(
      message("getMany", ["a", "b"]),
      'getMany of 2 keys in collection "c": the store refused the operation (no).'
    )
  })

  it("shortens long names of collections in messages, and escapes control characters", () => {
    assert.include(message("get", ["a"], "c".repeat(1000)), `"${"c".repeat(64)}…"`)
    assert.include(message("get", ["a"], 'a"\n\u0000'), '"a\\"\\n\\u0000"')
  })

  for (const [error] of table) {
    it(`${error._tag} of a ${error.operation} does not print its key or cause`, () => {
      const cause = new Error("hunter2")
      const secret = { ...error, operation: error.operation, keys: ["hunter2"], key: "hunter2", ttl: "hunter2", cause }
      const same = new (error.constructor as new (fields: object) => Error)(secret)
      const { stack = "" } = same
      for (const shown of [same.message, String(same), JSON.stringify(same), inspect(same), stack]) {
        assert.notInclude(shown, "hunter2")
      }
      assert.include(JSON.stringify(same), JSON.stringify(same.message))
      assert.deepStrictEqual((same as typeof error).keys, ["hunter2"])
      assert.strictEqual(same.cause, cause)
    })
  }

  it("turns into JSON of its tag, message, place, retryable and outcome", () => {
    const error = new E.StoreError({ operation: "putMany", collection: "c", keys: ["a", "b"], reason: "no" })
    assert.deepStrictEqual(JSON.parse(JSON.stringify(error)), {
      _tag: "StoreError",
      message: 'putMany of 2 keys in collection "c": the store refused the operation (no).',
      operation: "putMany",
      collection: "c",
      keyCount: 2,
      retryable: false,
      outcome: "not-applied"
    })
    assert.deepStrictEqual(JSON.parse(JSON.stringify(new E.StoreSetupError({ module: "Redis", reason: "no" }))), {
      _tag: "StoreSetupError",
      message: "Redis: no",
      module: "Redis",
      retryable: false
    })
  })

  it("hides fields of a path that may be data, such as ids and long names", () => {
    const at = (path: string) =>
      new E.SerializationError({ ...write, path, reason: "NaN" }).message.split(" at ").at(-1)?.slice(0, -1)
    assert.strictEqual(at("$"), "$")
    assert.strictEqual(at("$.user.tags[2].line2"), "$.user.tags[2].line2")
    assert.strictEqual(at("$.sessions.a81f30c2b7.value"), "$.sessions[…].value")
    assert.strictEqual(at('$.sessions["4be1-9c"]["a]\\"b"].x'), "$.sessions[…][…].x")
    assert.strictEqual(at(`$.${"x".repeat(33)}`), "$[…]")
    assert.strictEqual(at(`$.élan.…`), "$[…].…")
  })

  for (const error of [
    new E.StoreUnavailableError({ ...read, reason: "refused", sent: true }),
    new E.CircuitOpenError({ ...read, retryAfter: second }),
    new E.RateLimitedError({ ...read, retryAfter: second })
  ]) {
    it(`${error._tag} gives no advice that may have been taken already`, () => {
      assert.notMatch(error.message, /try again|wrap|retry|fallback/i)
    })
  }

  it("warns that a timed-out write may still be applied", () => {
    assert.include(new E.TimeoutError({ ...write, duration: second }).message, "may still be applied")
    assert.notInclude(new E.TimeoutError({ ...read, duration: second }).message, "may still be applied")
    assert.include(new E.TimeoutError({ ...read, duration: second }).message, "no answer within 1s")
  })

  it("says when a policy allows the next call, and how long the call waited", () => {
    const open = (retryAfter: Duration.Duration) => new E.CircuitOpenError({ ...read, retryAfter }).message
    assert.include(open(second), "the circuit is open for another 1s.")
    assert.include(open(Duration.zero), "the circuit is half-open while a probe checks")
    assert.include(new E.RateLimitedError({ ...read, retryAfter: second }).message, "The next call is allowed in 1s.")
    assert.include(new E.BulkheadFullError({ ...read, limit: 10 }).message, "10 calls are running or waiting already")
    const waited = new E.BulkheadFullError({ ...read, limit: 10, waited: second }).message
    assert.include(waited, "this one could not start within 1s")
  })

  it("names the module in StoreSetupError", () => {
    const error = new E.StoreSetupError({ module: "Redis", reason: "nobody answers" })
    assert.strictEqual(error.message, "Redis: nobody answers")
    assert.isFalse(error.retryable)
  })

  it("is not retryable when the key is missing", () => {
    const error = new E.MissingKeyError({ ...read, key: "a" })
    assert.strictEqual(error.message, 'get in collection "users": there is no such key.')
    assert.isFalse(error.retryable)
  })

  it("has an outcome in every member of the union, which is undefined for reads", () => {
    const outcomeOf = (error: KeyValueError.KeyValueError) => error.outcome
    assert.isUndefined(outcomeOf(new E.MissingKeyError({ ...read, key: "a" })))
  })

  it("keeps its cause", () => {
    const cause = new Error("socket")
    assert.strictEqual(new E.StoreError({ ...read, reason: "x", cause }).cause, cause)
  })
})
