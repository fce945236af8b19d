import * as Base64 from "effect/encoding/Base64"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"

const strict =
  (alphabet: RegExp, decode: typeof Base64.decode) =>
  (text: string): Result.Result<Uint8Array, string> =>
    text.length % 4 === 0 && alphabet.test(text)
      ? Result.mapError(decode(text), () => "it is not base64")
      : Result.fail("it is not base64")

export const encode: (bytes: Uint8Array) => string = Base64.encode
export const decode = strict(/^[A-Za-z0-9+/]*={0,2}$/, Base64.decode)

/** Encodes with padding, as Fernet does. */
export const encodeUrl: (bytes: Uint8Array) => string = Base64Url.encodePadded
export const decodeUrl = strict(/^[A-Za-z0-9_-]*={0,2}$/, Base64Url.decode)
