/**
 * A value as one run of bytes, for codecs that compress or encrypt it.
 *
 * **Details**
 *
 * JSON is its text in UTF-8, as in py-key-value. Bytes are preceded by a zero byte, which no JSON text begins with.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as utf8 from "../internal/utf8.ts"
import { Payload } from "../Value.ts"

/**
 * The bytes of a value.
 *
 * @since 0.1.0
 */
export const encode = (payload: Payload): Uint8Array => {
  if (!(payload.value instanceof Uint8Array)) return utf8.encode(payload.text)
  const bytes = new Uint8Array(payload.value.length + 1)
  bytes.set(payload.value, 1)
  return bytes
}

/**
 * The value of bytes. Fails with the reason.
 *
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array): Result.Result<Payload, string> =>
  bytes[0] === 0
    ? Result.succeed(Payload.bytes(Uint8Array.from(bytes.subarray(1))))
    : Result.mapError(
        Result.flatMap(
          Result.try(() => utf8.decodeUnsafe(bytes)),
          Payload.parse
        ),
        () => "what is inside is not JSON"
      )
