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
import { type ExactOption, Payload } from "../Value.ts"
import * as bytes from "../value/bytes.ts"
import * as utf8 from "../value/utf8.ts"
import * as frame from "./frame.ts"

/**
 * The bytes of a value.
 *
 * @since 0.1.0
 */
export const encode = (payload: Payload): Uint8Array => {
  const pieces = toPieces(payload)
  return pieces.length === 1 ? pieces[0]! : bytes.concat(pieces)
}

/**
 * The same bytes in pieces, for a caller that puts them after others.
 *
 * @since 0.1.0
 */
export const toPieces = (payload: Payload): ReadonlyArray<Uint8Array> => {
  if (!payload.isBytes) return [utf8.encode(payload.text)]
  return frame.isFrame(payload) ? frame.toContent(payload) : [zero, ...payload.pieces]
}

const zero = Uint8Array.of(0)

/**
 * How many of the bytes are the value's: all but the one that says what they are.
 *
 * @since 0.1.0
 */
export const sizeOf = (stored: Uint8Array): number =>
  stored[0] === 0 || frame.isCodec(stored[0]) ? stored.length - 1 : stored.length

/**
 * The value of bytes. Fails with the reason.
 *
 * @since 0.1.0
 */
export const decode = (stored: Uint8Array, options?: ExactOption): Result.Result<Payload, string> => {
  if (stored[0] === 0) return Result.succeed(Payload.bytes(new Uint8Array(stored.subarray(1))))
  if (frame.isCodec(stored[0])) return Result.succeed(frame.fromContent(stored))
  return Result.mapError(
    Result.flatMap(
      Result.try(() => utf8.decodeUnsafe(stored)),
      (text) => Payload.parse(text, options)
    ),
    () => "what is inside is not JSON"
  )
}
