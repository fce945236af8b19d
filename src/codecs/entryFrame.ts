/**
 * The binary frame of entries whose value is bytes.
 *
 * **Details**
 *
 * A frame consists of `0xEB 0x4B 0x56` (`\xEBKV`, which is not UTF-8), the version of the format (1), a byte of flags,
 * the fields of the flags that are set, the length of the content (32 bits) and the content (see `content.ts`). Numbers
 * are big-endian.
 *
 * | flag | field |
 * |---|---|
 * | 1 | time when the entry was written: milliseconds since the epoch, a 64-bit float |
 * | 2 | time when the entry expires: the same |
 * | 4 | collection and key: each with its length in bytes (32 bits), in UTF-8 |
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import { allocate } from "#bytes"
import * as bytes from "../value/bytes.ts"
import * as utf8 from "../value/utf8.ts"

/**
 * The part of a frame before its content.
 *
 * @since 0.1.0
 */
export interface Head {
  readonly createdAt: number | undefined
  readonly expiresAt: number | undefined
  readonly names: { readonly collection: string; readonly key: string } | undefined
}

const version = 1
const magic = [0xeb, 0x4b, 0x56] as const
const flags = { createdAt: 1, expiresAt: 2, names: 4 } as const
const start = 5

/**
 * Writes the frame of an entry.
 *
 * @since 0.1.0
 */
export const encode = ({ createdAt, expiresAt, names }: Head, ...content: ReadonlyArray<Uint8Array>): Uint8Array => {
  const texts = names === undefined ? [] : [utf8.encode(names.collection), utf8.encode(names.key)]
  const contentLength = bytes.lengthOf(content)
  const times = (createdAt === undefined ? 0 : 1) + (expiresAt === undefined ? 0 : 1)
  const frame = allocate(start + 8 * times + 4 * (texts.length + 1) + bytes.lengthOf(texts) + contentLength)
  const view = new DataView(frame.buffer, frame.byteOffset)
  frame.set(magic)
  frame[3] = version
  frame[4] =
    (createdAt === undefined ? 0 : flags.createdAt) |
    (expiresAt === undefined ? 0 : flags.expiresAt) |
    (names === undefined ? 0 : flags.names)
  let at = start
  for (const time of [createdAt, expiresAt]) {
    if (time === undefined) continue
    view.setFloat64(at, time)
    at += 8
  }
  for (const text of texts) {
    view.setUint32(at, text.length)
    at = bytes.fill(frame, at + 4, [text])
  }
  view.setUint32(at, contentLength)
  bytes.fill(frame, at + 4, content)
  return frame
}

/**
 * Returns whether the bytes are the frame of an entry, of any version.
 *
 * @since 0.1.0
 */
export const isFrame = (stored: Uint8Array): boolean =>
  stored[0] === magic[0] && stored[1] === magic[1] && stored[2] === magic[2]

/**
 * The head of a frame, with the position and length of the content that follows.
 *
 * @since 0.1.0
 */
export interface Decoded extends Head {
  readonly contentAt: number
  readonly contentLength: number
}

/**
 * Reads the head of a frame. The content may be missing. Fails with the reason.
 *
 * @since 0.1.0
 */
export const decodeHead = (frame: Uint8Array): Result.Result<Decoded, string> => {
  if (frame.length > 3 && frame[3] !== version) return Result.fail(`its frame has the unknown version ${frame[3]}`)
  if (frame.length > 4 && frame[4]! > 7) return Result.fail("its frame has unknown flags")
  const decoded = Result.try(() => decodeHeadUnsafe(frame))
  if (Result.isFailure(decoded)) return Result.fail("its frame is truncated")
  const { createdAt = 0, expiresAt = 0 } = decoded.success
  return Number.isFinite(createdAt) && Number.isFinite(expiresAt)
    ? Result.succeed(decoded.success)
    : Result.fail("its frame has a time that is not a number")
}

const decodeHeadUnsafe = (frame: Uint8Array): Decoded => {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const set = view.getUint8(4)
  let at: number = start
  const time = (): number => {
    at += 8
    return view.getFloat64(at - 8)
  }
  const length = (): number => {
    at += 4
    return view.getUint32(at - 4)
  }
  const text = (): string => {
    const from = at + 4
    at = from + length()
    return utf8.decodeUnsafe(frame.subarray(from, at))
  }
  const createdAt = (set & flags.createdAt) === 0 ? undefined : time()
  const expiresAt = (set & flags.expiresAt) === 0 ? undefined : time()
  const names = (set & flags.names) === 0 ? undefined : { collection: text(), key: text() }
  const contentLength = length()
  return { createdAt, expiresAt, names, contentAt: at, contentLength }
}
