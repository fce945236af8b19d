/** Tests how a secret key is parsed. */
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as secretKey from "../../src/codecs/secretKey.ts"

describe("a secret key", () => {
  it("may be bytes of another realm", () => {
    const foreign = runInNewContext("new Uint8Array(32).fill(7)") as Uint8Array
    assert.notInstanceOf(foreign, Uint8Array)
    assert.deepStrictEqual(secretKey.parse(Redacted.make(foreign)), Result.succeed(new Uint8Array(32).fill(7)))
  })
})
