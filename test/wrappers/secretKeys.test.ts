/** Tests the forms of a secret key that the encrypting wrappers accept: as OpenSSL, Node and Python print them. */
import { randomBytes } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as secretKey from "../../src/codecs/secretKey.ts"
import { Aead, FernetEncryption, HmacNames, KeyValue, Memory } from "../../src/index.ts"
import { buildError } from "../support/faults.ts"

type Key = Redacted.Redacted<string | Uint8Array>

const wrappers = {
  Aead: (key: Key) => Memory.layer().pipe(Aead.wrap({ keys: [{ id: "1", key }] })),
  FernetEncryption: (key: Key) => Memory.layer().pipe(FernetEncryption.wrap({ keys: [key] })),
  HmacNames: (key: Key) => Memory.layer().pipe(HmacNames.wrap({ key }))
}

/** In base64 it has the characters in which the alphabets differ, and padding. */
const bytes = Buffer.from(`fbff3efbff3e${"0123456789abcdef".repeat(3)}0123`, "hex")

const url = (text: string) => text.replaceAll("+", "-").replaceAll("/", "_")

const forms = (bytes: Buffer): ReadonlyArray<string | Uint8Array> => {
  const texts = [bytes.toString("base64"), url(bytes.toString("base64"))]
  const all = texts.flatMap((text) => [text, text.replace(/=+$/, "")])
  return [bytes, Uint8Array.from(bytes), ...all, ...all.flatMap((text) => [`${text}\n`, ` \t${text}\r\n`])]
}

const wrong: ReadonlyArray<readonly [unknown, string]> = [
  [Redacted.make(""), "it is blank"],
  [Redacted.make(" \n"), "it is blank"],
  [Redacted.make(randomBytes(24).toString("base64")), "it is 24 bytes of base64"],
  [Redacted.make(randomBytes(33).toString("base64url")), "it is 33 bytes of base64"],
  [Redacted.make(`${"fbff3e".repeat(10)}0123`), "it is 64 characters of hexadecimal (32 bytes), not base64"],
  [Redacted.make(`${"fbff3e".repeat(5)}01`), "it is 32 characters of hexadecimal (16 bytes), not base64"],
  [Redacted.make("correct horse battery staple"), "it is 28 characters, not base64"],
  [Redacted.make(`"${bytes.toString("base64")}"`), "it is 46 characters, not base64"],
  [Redacted.make(`+_${bytes.toString("base64").slice(2)}`), "it is 44 characters, not base64"],
  [Redacted.make(`${bytes.toString("base64")}=`), "it is 45 characters, not base64"],
  [Redacted.make("🔑".repeat(11)), "it is 11 characters, not base64"],
  [Redacted.make(new Uint8Array(16)), "it is 16 bytes"],
  [Redacted.make(5), "it is neither text nor bytes"],
  [bytes.toString("base64"), "it is not Redacted"]
]

describe("a secret key", () => {
  for (const [name, layer] of Object.entries(wrappers)) {
    it.effect(
      `is accepted by ${name} as 32 bytes or in base64 of either alphabet, with or without padding and white space`,
      () =>
        Effect.gen(function* () {
          for (const form of forms(bytes)) {
            yield* Effect.gen(function* () {
              const kv = yield* KeyValue.KeyValue
              yield* kv.put("k", { n: 1 })
              assert.deepStrictEqual(yield* kv.get("k"), { n: 1 })
            }).pipe(Effect.provide(layer(Redacted.make(form))))
          }
        })
    )

    it.effect(`is rejected by ${name} when it is invalid, with an error that does not show it`, () =>
      Effect.gen(function* () {
        for (const [key, found] of wrong) {
          const error = yield* buildError(layer(key as Key))
          assert.strictEqual(error._tag, "StoreSetupError")
          assert.include(error.message, `must be 32 bytes, as bytes or in base64: ${found}`)
          const text = Redacted.isRedacted(key) ? Redacted.value(key) : key
          if (typeof text === "string" && text.trim() !== "") {
            assert.notInclude(`${error.message} ${JSON.stringify(error)} ${String(error.stack)}`, text)
          }
        }
        assert.match((yield* buildError(layer(undefined as unknown as Key))).message, /must be 32 bytes.*undefined/)
        const wiped = Redacted.make(bytes.toString("base64"))
        Redacted.wipeUnsafe(wiped)
        assert.include((yield* buildError(layer(wiped))).message, "it is neither text nor bytes")
      })
    )
  }

  it.effect("has the same bytes in every form", () =>
    Effect.gen(function* () {
      const texts = new Set(forms(bytes).map((form) => form))
      for (const form of texts) {
        const parsed = secretKey.parse(Redacted.make(form))
        assert.deepStrictEqual(parsed._tag === "Success" && Buffer.from(parsed.success).equals(bytes), true)
      }
    })
  )

  it("is copied from the given bytes", () => {
    const given = Uint8Array.from(bytes)
    const parsed = secretKey.parse(Redacted.make(given))
    given.fill(0)
    assert.deepStrictEqual(parsed._tag === "Success" && Buffer.from(parsed.success).equals(bytes), true)
  })
})
