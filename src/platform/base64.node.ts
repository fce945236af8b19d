import * as Result from "effect/Result"

/**
 * `Buffer` accepts both alphabets, whichever is named, and skips all other characters: then there are fewer bytes than the
 * length of the text implies.
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
