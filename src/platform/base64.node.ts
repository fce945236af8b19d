import * as Result from "effect/Result"

/**
 * Makes a strict decoder. `Buffer` accepts both alphabets, whichever it is given (the given one is faster), and skips invalid
 * characters. Hence the checks for characters of the other alphabet, and for the number of bytes.
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

/** Encodes with padding, as Fernet does. */
export const encodeUrl = (bytes: Uint8Array): string => encode(bytes).replaceAll("+", "-").replaceAll("/", "_")
export const decodeUrl = decoder("base64url", "+", "/")

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
