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

const magic = Uint8Array.of(0xeb, 0x4b, 0x43, version)

/** Does a frame have this number in the place of its codec? */
export const isCodec = (number: number | undefined): boolean => names.has(number ?? -1)

/**
 * The frame of what a codec made, which begins with the codec's number.
 *
 * @since 0.1.0
 */
export const fromContent = (content: Uint8Array): Payload => Payload.pieces([magic, content])

/**
 * The frame of what a codec made of a value, in as many parts as it likes.
 *
 * @since 0.1.0
 */
export const make = (codec: Codec, ...parts: ReadonlyArray<Uint8Array>): Payload =>
  Payload.pieces([magic, numbers[codec], ...parts])

const numbers = Object.fromEntries(
  Object.entries(codecs).map(([name, number]) => [name, Uint8Array.of(number)])
) as Record<Codec, Uint8Array>

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
  const [first, content] = payload.pieces
  if (first === magic && payload.pieces.length === 2) return openContent(content!)
  const value = payload.value as Uint8Array
  if (value[0] !== magic[0] || value[1] !== magic[1] || value[2] !== magic[2]) return undefined
  return value[3] === version ? openContent(value.subarray(magic.length)) : "an unknown version"
}

/**
 * Can it be opened?
 *
 * @since 0.1.0
 */
export const isFrame = (payload: Payload): boolean =>
  payload.isBytes && (payload.pieces[0] === magic || typeof open(payload) === "object")

const openContent = (content: Uint8Array): Opened => {
  const codec = names.get(content[0] ?? -1)
  return codec === undefined ? "an unknown codec" : { codec, data: content.subarray(1) }
}

/**
 * The codec's number and data of a frame that can be opened, in pieces.
 *
 * @since 0.1.0
 */
export const toContent = ({ pieces }: Payload): ReadonlyArray<Uint8Array> =>
  pieces[0] === magic ? pieces.slice(1) : [pieces[0]!.subarray(magic.length)]
