import * as Result from "effect/Result"

/**
 * `Buffer` reads either alphabet, whichever it is told (but its own faster), and leaves out what is in none, so that there are
 * fewer bytes than there should be.
 */
const decoder =
  (alphabet: "base64" | "base64url", ...others: ReadonlyArray<string>) =>
  (text: string): Result.Result<Uint8Array, string> => {
    const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0
    const length = (text.length / 4) * 3 - padding
    const bytes = Number.isInteger(length) && length >= 0 ? Buffer.from(text, alphabet) : undefined
    return bytes?.length === length && !others.some((character) => text.includes(character))
      ? Result.succeed(bytes)
      : Result.fail("it is not base64")
  }

export const encode = (bytes: Uint8Array): string => view(bytes).toString("base64")
export const decode = decoder("base64", "-", "_")

/** With padding, as Fernet has it. */
export const encodeUrl = (bytes: Uint8Array): string => encode(bytes).replaceAll("+", "-").replaceAll("/", "_")
export const decodeUrl = decoder("base64url", "+", "/")

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
