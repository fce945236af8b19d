import * as Result from "effect/Result"

const standard = /^[A-Za-z0-9+/]*={0,2}$/
const urlSafe = /^[A-Za-z0-9_-]*={0,2}$/

const decoder =
  (alphabet: RegExp) =>
  (text: string): Result.Result<Uint8Array, string> =>
    text.length % 4 === 0 && alphabet.test(text)
      ? Result.succeed(Buffer.from(text, "base64"))
      : Result.fail("it is not base64")

export const encode = (bytes: Uint8Array): string => view(bytes).toString("base64")
export const decode = decoder(standard)

/** With padding, as Fernet has it. */
export const encodeUrl = (bytes: Uint8Array): string => encode(bytes).replaceAll("+", "-").replaceAll("/", "_")
export const decodeUrl = decoder(urlSafe)

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
