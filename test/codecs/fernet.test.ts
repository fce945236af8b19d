/** Tests Fernet tokens and keys against those of Python's cryptography. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fernet from "../../src/codecs/fernet.ts"
import { pyKeyValue } from "../vectors/pyKeyValue.ts"

const tokens = pyKeyValue.fernet_deterministic

describe("fernet", () => {
  it.effect("makes the tokens that Python's cryptography makes, and reads them", () =>
    Effect.gen(function* () {
      assert.isAbove(tokens.length, 5)
      for (const { key, timestamp, iv_hex, plaintext_base64, token } of tokens) {
        const parsed = fernet.parseKey(key)!
        const message = Buffer.from(plaintext_base64, "base64")
        const made = yield* fernet.encrypt(parsed, message, timestamp * 1000 + 999, Buffer.from(iv_hex, "hex"))
        assert.strictEqual(fernet.format(made), token)
        const decrypted = yield* fernet.decrypt([parsed], fernet.parse(token)!)
        assert.deepStrictEqual(Buffer.from(decrypted.message), message)
      }
    })
  )

  it("parseKey accepts 32 bytes in base64 or base64url, padded or not, with white space around them", () => {
    const key = tokens[0]!.key
    assert.strictEqual(fernet.formatKey(Buffer.from(key, "base64url")), key)
    for (const text of [
      key,
      key.slice(0, -1),
      `${key}\n`,
      ` ${key}`,
      Buffer.from(key, "base64url").toString("base64")
    ]) {
      assert.isDefined(fernet.parseKey(text), JSON.stringify(text))
    }
    for (const text of [
      "",
      key.slice(1),
      ` ${key.slice(1)}`,
      key.replace("=", "=="),
      `${key.slice(0, 9)} ${key.slice(9)}`
    ]) {
      assert.isUndefined(fernet.parseKey(text), JSON.stringify(text))
    }
  })
})
