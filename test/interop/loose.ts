/** Decodes envelopes as loosely as Python does, where effect-kv is strict. */
import { gunzipSync } from "node:zlib"
import { Result } from "effect"
import { isObject, keysOf, openToken, parse, textOf } from "./python.ts"
import type { Stack } from "./vectors.ts"

type Fields = Readonly<Record<string, unknown>>

/** The value that Python returns. Fails where Python raises an error. */
export const answer = (stack: Stack, stored: unknown): Result.Result<unknown, unknown> =>
  Result.try(() => {
    let value = stored
    for (const description of [...stack].reverse()) {
      if (description.wrapper === "compression") value = decompressed(value)
      if (description.wrapper === "fernet") value = decrypted(value, description)
    }
    return value
  })

const decompressed = (value: unknown): unknown => {
  const data = isObject(value) ? value.__compressed_data__ : undefined
  return typeof data === "string"
    ? Result.getOrElse(
        Result.try(() => parse(textOf(gunzipSync(base64(data))))),
        () => value
      )
    : value
}

const decrypted = (value: unknown, description: Fields): unknown => {
  if (!isObject(value) || !Object.hasOwn(value, "__encrypted_data__")) return value
  const token = Buffer.from(String(value.__encrypted_data__), "base64").toString("latin1")
  const standard = token.replaceAll("-", "+").replaceAll("_", "/").replace(notAscii, "")
  return parse(textOf(openToken(base64(standard), keysOf(description))))
}

const notAscii = /[^ -~]/g

/** Decodes like `base64.b64decode`: skips characters outside the alphabet, and everything behind the padding. */
const base64 = (text: string): Buffer => {
  if (!/^[\p{ASCII}]*$/u.test(text)) throw new Error("not ASCII")
  let digits = ""
  let pads = 0
  for (const character of text) {
    if (character === "=") {
      if (digits.length % 4 >= 2 && (digits.length % 4) + ++pads >= 4) return Buffer.from(digits, "base64")
    } else if (/[A-Za-z0-9+/]/.test(character)) {
      digits += character
      pads = 0
    }
  }
  if (digits.length % 4 !== 0) throw new Error("incorrect padding")
  return Buffer.from(digits, "base64")
}
