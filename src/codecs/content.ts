/**
 * A value as one run of bytes, for codecs that compress or encrypt it, and for entries that are not JSON.
 *
 * **Details**
 *
 * JSON is its text in UTF-8, as in py-key-value. Bytes are preceded by a zero byte, and what another codec made by the
 * codec's number: no JSON text begins with either.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as utf8 from "../internal/utf8.ts"
import { type ExactOption, Payload } from "../Value.ts"
import * as frame from "./frame.ts"

/**
 * The bytes of a value.
 *
 * @since 0.1.0
 */
export const encode = (payload: Payload): Uint8Array => {
  if (!payload.isBytes) return utf8.encode(payload.text)
  const value = payload.value as Uint8Array
  if (typeof frame.open(payload) === "object") return frame.toContent(value)
  const bytes = new Uint8Array(value.length + 1)
  bytes.set(value, 1)
  return bytes
}

/**
 * The value of bytes. Fails with the reason.
 *
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array, options?: ExactOption): Result.Result<Payload, string> => {
  if (bytes[0] === 0) return Result.succeed(Payload.bytes(new Uint8Array(bytes.subarray(1))))
  if (frame.isCodec(bytes[0])) return Result.succeed(frame.fromContent(bytes))
  return Result.mapError(
    Result.flatMap(
      Result.try(() => utf8.decodeUnsafe(bytes)),
      (text) => Payload.parse(text, options)
    ),
    () => "what is inside is not JSON"
  )
}
