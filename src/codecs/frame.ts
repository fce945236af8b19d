/**
 * The binary frame in which codecs store data, unless they use a JSON envelope.
 *
 * **Details**
 *
 * A frame consists of `0xEB 0x4B 0x43` (`\xEBKC`, which is not UTF-8), the version of the format (1), the number of the
 * codec, and the data of the codec. A stack of codecs writes a single frame: the number and data of the inner codec are
 * the input of the outer codec (see `content.ts`).
 *
 * @since 0.1.0
 */
import { Payload } from "../Value.ts"

/**
 * The numbers of the codecs. Neither JSON text nor bytes in `content.ts` can begin with one of these numbers.
 *
 * @since 0.1.0
 */
export const codecs = {
  gzip: 0x01,
  zstd: 0x02,
  brotli: 0x03,
  deflate: 0x04,
  fernet: 0x10,
  "aes-256-gcm": 0x11,
  "xchacha20-poly1305": 0x12
} as const

/**
 * The name of a codec.
 *
 * @since 0.1.0
 */
export type Codec = keyof typeof codecs

const names = new Map(Object.entries(codecs).map(([name, number]) => [number as number, name as Codec]))

/**
 * The version of the format, which each frame contains.
 *
 * @since 0.1.0
 */
export const version = 1

const magic = Uint8Array.of(0xeb, 0x4b, 0x43, version)

/** Returns whether this is the number of a codec. */
export const isCodec = (number: number | undefined): boolean => names.has(number ?? -1)

/**
 * Makes a frame from the number and data of a codec.
 *
 * @since 0.1.0
 */
export const fromContent = (content: Uint8Array): Payload => Payload.frame([magic, content])

/**
 * Makes a frame from the data of a codec, which may be in several parts.
 *
 * @since 0.1.0
 */
export const make = (codec: Codec, ...parts: ReadonlyArray<Uint8Array>): Payload =>
  Payload.frame([magic, numbers[codec], ...parts])

const numbers = Object.fromEntries(
  Object.entries(codecs).map(([name, number]) => [name, Uint8Array.of(number)])
) as Record<Codec, Uint8Array>

/**
 * The codec and data of a frame, or why the frame cannot be read.
 *
 * @since 0.1.0
 */
export type Opened = { readonly codec: Codec; readonly data: Uint8Array } | "an unknown version" | "an unknown codec"

/**
 * Opens a frame. Returns `undefined` for a value that is not a frame.
 *
 * @since 0.1.0
 */
export const open = (payload: Payload): Opened | undefined => {
  if (!payload.isBytes) return undefined
  if (payload.isFrame && payload.pieces.length === 2) return openContent(payload.pieces[1]!)
  const value = payload.value as Uint8Array
  if (value[0] !== magic[0] || value[1] !== magic[1] || value[2] !== magic[2]) return undefined
  return value[3] === version ? openContent(value.subarray(magic.length)) : "an unknown version"
}

/**
 * Returns whether a value is a frame that can be opened.
 *
 * @since 0.1.0
 */
export const isFrame = (payload: Payload): boolean => payload.isFrame || typeof open(payload) === "object"

const openContent = (content: Uint8Array): Opened => {
  const codec = names.get(content[0] ?? -1)
  return codec === undefined ? "an unknown codec" : { codec, data: content.subarray(1) }
}

/**
 * Returns the number and data of the codec, in pieces. The frame must be one that can be opened.
 *
 * @since 0.1.0
 */
export const toContent = (payload: Payload): ReadonlyArray<Uint8Array> =>
  payload.isFrame ? payload.pieces.slice(1) : [(payload.value as Uint8Array).subarray(magic.length)]
