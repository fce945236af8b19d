/**
 * A value as bytes, for codecs that compress or encrypt it, and for entries whose value is not JSON.
 *
 * **Details**
 *
 * A JSON value is its text in UTF-8, as in py-key-value. If the value is bytes, they follow a zero byte. If it is the
 * frame of another codec, the data of that codec follows the number of that codec. No JSON text begins with any of
 * these bytes.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { type ExactIntegersOption, Payload } from "../Value.ts"
import * as bytes from "../value/bytes.ts"
import * as utf8 from "../value/utf8.ts"
import * as frame from "./frame.ts"

/**
 * Encodes a value as bytes.
 *
 * @since 0.1.0
 */
export const encode = (payload: Payload): Uint8Array => {
  const pieces = toPieces(payload)
  return pieces.length === 1 ? pieces[0]! : bytes.concat(pieces)
}

/**
 * Encodes a value like {@link encode}, but in pieces, so that a caller can write them after other bytes without a copy.
 *
 * @since 0.1.0
 */
export const toPieces = (payload: Payload): ReadonlyArray<Uint8Array> => {
  if (!payload.isBytes) return [utf8.encode(payload.text)]
  return frame.isFrame(payload) ? frame.toContent(payload) : [zero, ...payload.pieces]
}

const zero = Uint8Array.of(0)

/**
 * Returns the number of bytes without the leading byte that tells the kind of the value, if there is one.
 *
 * @since 0.1.0
 */
export const sizeOf = (stored: Uint8Array): number =>
  stored[0] === 0 || frame.isCodec(stored[0]) ? stored.length - 1 : stored.length

/**
 * Decodes a value from bytes. Fails with the reason.
 *
 * @since 0.1.0
 */
export const decode = (stored: Uint8Array, options?: ExactIntegersOption): Result.Result<Payload, string> => {
  if (stored[0] === 0) return Result.succeed(Payload.bytes(new Uint8Array(stored.subarray(1))))
  if (frame.isCodec(stored[0])) return Result.succeed(frame.fromContent(stored))
  return Result.mapError(
    Result.flatMap(
      Result.try(() => utf8.decodeUnsafe(stored)),
      (text) => Payload.parse(text, options)
    ),
    () => "its content is not JSON"
  )
}
