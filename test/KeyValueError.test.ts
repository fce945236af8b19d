import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as KeyValueError from "../src/KeyValueError.ts"

const read = { operation: "get", collection: "users", keys: ["a"] } as const
const write = { operation: "put", collection: "users", keys: ["a"] } as const
const second = Duration.seconds(1)

const E = KeyValueError

/** Each error as a read and as a write: tag, retryable, outcome. */
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
    it(`${error._tag} of a ${error.operation}: retryable ${retryable}, outcome ${outcome}`, () => {
      assert.strictEqual(error.retryable, retryable)
      assert.strictEqual("outcome" in error ? error.outcome : undefined, outcome)
      assert.isTrue(error.message.startsWith(`${error.operation} of "a" in collection "users": `), error.message)
      assert.strictEqual(error.name, error._tag)
      assert.instanceOf(error, Error)
    })
  }

  const message = (operation: KeyValueError.Operation, keys: ReadonlyArray<string>, collection = "c") =>
    new E.StoreError({ operation, collection, keys, reason: "no" }).message

  it("messages say what, where and why", () => {
    assert.strictEqual(message("get", ["a"]), 'get of "a" in collection "c": the store refused (no).')
    assert.strictEqual(message("keys", []), 'keys in collection "c": the store refused (no).')
    assert.strictEqual(message("clear", [], ""), "clear: the store refused (no).")
    assert.strictEqual(message("getMany", ["a", "b"]), 'getMany of "a", "b" in collection "c": the store refused (no).')
    assert.include(message("getMany", ["a", "b", "c", "d", "e"]), '"a", "b", "c" and 2 more')
  })

  it("messages cut long names and escape strange ones", () => {
    assert.include(message("get", ["k".repeat(1000)]), `"${"k".repeat(64)}…"`)
    assert.include(message("get", ['a"\n\u0000']), '"a\\"\\n\\u0000"')
  })

  it("a timed-out write warns that it may still be applied", () => {
    assert.include(new E.TimeoutError({ ...write, duration: second }).message, "may still be applied")
    assert.notInclude(new E.TimeoutError({ ...read, duration: second }).message, "may still be applied")
    assert.include(new E.TimeoutError({ ...read, duration: second }).message, "no answer within 1s")
  })

  it("a policy says when to try again, and what it waited for", () => {
    const open = (retryAfter: Duration.Duration) => new E.CircuitOpenError({ ...read, retryAfter }).message
    assert.include(open(second), "the circuit is open. Try again after 1s.")
    assert.include(open(Duration.zero), "the circuit is half-open. Try again when it is known")
    assert.include(new E.RateLimitedError({ ...read, retryAfter: second }).message, "Try again after 1s.")
    assert.include(new E.BulkheadFullError({ ...read, limit: 10 }).message, "10 calls are running or waiting already")
    const waited = new E.BulkheadFullError({ ...read, limit: 10, waited: second }).message
    assert.include(waited, "it was not its turn within 1s")
  })

  it("a setup error names the module", () => {
    const error = new E.StoreSetupError({ module: "Redis", reason: "nobody answers" })
    assert.strictEqual(error.message, "Redis: nobody answers")
    assert.isFalse(error.retryable)
  })

  it("a missing key is not retryable", () => {
    const error = new E.MissingKeyError({ ...read, key: "a" })
    assert.strictEqual(error.message, 'get of "a" in collection "users": there is no such key.')
    assert.isFalse(error.retryable)
  })

  it("keeps its cause", () => {
    const cause = new Error("socket")
    assert.strictEqual(new E.StoreError({ ...read, reason: "x", cause }).cause, cause)
  })
})
