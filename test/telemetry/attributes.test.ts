/** Tests which code of a failure goes into spans and metrics. */
import { assert, describe, it } from "@effect/vitest"
import * as PlatformError from "effect/PlatformError"
import { InvalidKeyError, StoreUnavailableError } from "../../src/KeyValueError.ts"
import * as telemetry from "../../src/telemetry/attributes.ts"

const place = { operation: "get", collection: "users", keys: ["secret-key"] } as const

const codeOf = (cause: unknown) =>
  telemetry.codeOf(new StoreUnavailableError({ ...place, reason: "EQUOTED 'secret-value'", sent: true, cause }))

const withCode = (code: unknown) => Object.assign(new Error("secret-value"), { code })

describe("the code of a failure", () => {
  it("is the code of its cause, or of that cause's cause", () => {
    assert.strictEqual(codeOf(withCode("ECONNREFUSED")), "ECONNREFUSED")
    assert.strictEqual(codeOf(new Error("outer", { cause: withCode("ERR_SQLITE_ERROR") })), "ERR_SQLITE_ERROR")
    const busy = PlatformError.systemError({
      _tag: "Busy",
      module: "FileSystem",
      method: "open",
      pathOrDescriptor: "/secret-key.json",
      cause: withCode("EBUSY")
    })
    assert.strictEqual(codeOf(busy), "EBUSY")
  })

  it("is undefined for anything that is not a code", () => {
    for (const cause of [undefined, null, "ECONNREFUSED", new Error("E"), withCode(5), withCode("secret-key")]) {
      assert.isUndefined(codeOf(cause))
    }
    assert.isUndefined(codeOf(withCode("A".repeat(65))))
    assert.isUndefined(telemetry.codeOf(new InvalidKeyError({ ...place, reason: "the key is too long" })))
  })

  it("is found in bounded time, and does not throw", () => {
    const cyclic = new Error("cyclic")
    cyclic.cause = cyclic
    assert.isUndefined(codeOf(cyclic))
    const throwing = {
      get code() {
        throw new Error("a bug")
      }
    }
    assert.isUndefined(codeOf(throwing))
  })
})
