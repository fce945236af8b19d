/** Finds secrets in errors, log lines and spans, in any form in which bytes can be printed. */
import { createHash } from "node:crypto"

const keyBytes = (name: string): Buffer => createHash("sha256").update(name).digest()

const urlSafe = (bytes: Buffer): string => `${bytes.toString("base64url")}=`

/** Keys and passphrases of the stacks. */
export const fernetKey = urlSafe(keyBytes("fernet"))
export const olderFernetKey = urlSafe(keyBytes("older fernet"))
export const aeadKey = urlSafe(keyBytes("aead"))
export const olderAeadKey = urlSafe(keyBytes("older aead"))
export const passphrase = "passphrase-Vr7xQm2KpZ"
export const password = "password-Jw4nTb9LcD"

/** A text in all values of the damaged key, and one in all values of the other key. */
export const ownText = "plaintext-Hs6dYk3FgN"
export const otherText = "of-the-other-Xe8rUv5BmA"

/** The bytes in hexadecimal, in Base64 at any offset, and as `inspect` and JSON print arrays of bytes. */
const formsOf = (bytes: Buffer): ReadonlyArray<string> => {
  const hex = bytes.toString("hex")
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .slice(offset === 0 ? 0 : 4, -4)
  )
  const some = [...bytes.subarray(0, 10)]
  return [
    hex,
    hex.toUpperCase(),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
    some.map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
    some.join(",")
  ]
}

const ofText = (text: string) => [text, encodeURIComponent(text), ...formsOf(Buffer.from(text))]

const ofKey = (text: string) => {
  const bytes = Buffer.from(text, "base64url")
  // Fernet uses each half as a separate key.
  return [...ofText(text), ...formsOf(bytes), ...formsOf(bytes.subarray(0, 16)), ...formsOf(bytes.subarray(16))]
}

const secrets: Readonly<Record<string, ReadonlyArray<string>>> = {
  "a Fernet key": [...ofKey(fernetKey), ...ofKey(olderFernetKey)],
  "an Aead key": [...ofKey(aeadKey), ...ofKey(olderAeadKey)],
  "the passphrase": ofText(passphrase),
  "the password": ofText(password),
  "the plaintext": ofText(ownText),
  "the plaintext of the other key": ofText(otherText)
}

const forms = Object.entries(secrets).flatMap(([name, all]) => [...new Set(all)].map((form) => [name, form] as const))

/** The secret in a text, with the surrounding text. */
export const leakIn = (text: string): string | undefined => leakAsItIs(text) ?? leakAsItIs(withoutSpaces(text))

const leakAsItIs = (text: string): string | undefined => {
  for (const [name, form] of forms) {
    const at = text.indexOf(form)
    if (at >= 0) return `${name} in: ${text.slice(Math.max(0, at - 200), at + form.length + 50)}`
  }
  return undefined
}

/** `inspect` prints arrays of numbers in columns. */
const withoutSpaces = (text: string): string => (/\d,\s+\d/.test(text) ? text.replace(/(\d,)\s+(?=\d)/g, "$1") : "")
