/**
 * What codecs make of a value when they write no JSON: one frame of bytes, however many codecs are stacked.
 *
 * **Details**
 *
 * `0xEB 0x4B 0x43` (`\xEBKC`, which is not UTF-8), the version of the format (1), the number of the codec, and what the
 * codec made. When another codec comes on top, the number and the data go into it, and the rest stands once in front
 * (see `content.ts`).
 *
 * @since 0.1.0
 */
import { Payload } from "../Value.ts"

/**
 * The numbers of the codecs. None is a byte that JSON text, or bytes in `content.ts`, can begin with.
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
 * A codec by its name.
 *
 * @since 0.1.0
 */
export type Codec = keyof typeof codecs

const names = new Map(Object.entries(codecs).map(([name, number]) => [number as number, name as Codec]))

/**
 * The version that frames carry.
 *
 * @since 0.1.0
 */
export const version = 1

const magic = [0xeb, 0x4b, 0x43, version] as const

/** Does a frame have this number in the place of its codec? */
export const isCodec = (number: number | undefined): boolean => names.has(number ?? -1)

/**
 * The frame of what a codec made, which begins with the codec's number.
 *
 * @since 0.1.0
 */
export const fromContent = (content: Uint8Array): Payload => {
  const bytes = new Uint8Array(magic.length + content.length)
  bytes.set(magic)
  bytes.set(content, magic.length)
  return Payload.bytes(bytes)
}

/**
 * The frame of what a codec made of a value, in as many parts as it likes.
 *
 * @since 0.1.0
 */
export const make = (codec: Codec, ...parts: ReadonlyArray<Uint8Array>): Payload => {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, magic.length + 1))
  bytes.set(magic)
  bytes[magic.length] = codecs[codec]
  let at = magic.length + 1
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return Payload.bytes(bytes)
}

/**
 * What is in a frame, or why it cannot be read.
 *
 * @since 0.1.0
 */
export type Opened = { readonly codec: Codec; readonly data: Uint8Array } | "an unknown version" | "an unknown codec"

/**
 * Opens a frame. `undefined` for a value that is none.
 *
 * @since 0.1.0
 */
export const open = (payload: Payload): Opened | undefined => {
  if (!payload.isBytes) return undefined
  const value = payload.value as Uint8Array
  if (value[0] !== magic[0] || value[1] !== magic[1] || value[2] !== magic[2]) return undefined
  if (value[3] !== version) return "an unknown version"
  const codec = names.get(value[magic.length] ?? -1)
  return codec === undefined ? "an unknown codec" : { codec, data: value.subarray(magic.length + 1) }
}

/**
 * The codec's number and data of a frame that can be opened.
 *
 * @since 0.1.0
 */
export const toContent = (frame: Uint8Array): Uint8Array => frame.subarray(magic.length)
