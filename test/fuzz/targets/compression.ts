/** Compressed values, and values that inflate to more than the limit. */
import * as zlib from "node:zlib"
import { Effect } from "effect"
import { Compression, Value } from "effect-kv"
import type { Algorithm } from "../../../src/codecs/compressed.ts"
import type { Envelope } from "../../../src/codecs/envelope.ts"
import * as frame from "../../../src/codecs/frame.ts"
import type { Dice } from "../Dice.ts"
import { mutate } from "../mutations.ts"
import * as raw from "../raw.ts"
import { damagedContent, entryOf } from "../sealed.ts"
import { instance } from "../stack.ts"
import type { Target } from "../target.ts"

const compressors: Record<Algorithm, (bytes: Uint8Array) => Uint8Array> = {
  gzip: (bytes) => zlib.gzipSync(bytes, { level: 1 }),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
  brotli: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }),
  deflate: (bytes) => zlib.deflateSync(bytes, { level: 1 })
}

const enveloped = (algorithm: Algorithm, envelope: Envelope, data: Uint8Array): Uint8Array =>
  entryOf(
    envelope === "binary"
      ? frame.make(algorithm, data)
      : Value.Payload.json({
          __compressed_data__: Buffer.from(data).toString("base64"),
          __compression_algorithm__: algorithm,
          __compression_version__: 1
        })
  )

const maxDecompressedSize = 2 ** 20

/** Large inputs that compress to a few bytes: JSON, and bytes that are not JSON. */
const bombs = (compress: (bytes: Uint8Array) => Uint8Array): ReadonlyArray<Uint8Array> =>
  [
    Buffer.alloc(maxDecompressedSize),
    Buffer.alloc(maxDecompressedSize + 1),
    Buffer.alloc(16 * maxDecompressedSize, " "),
    Buffer.from(`"${"x".repeat(maxDecompressedSize - 2)}"`),
    Buffer.from(`[${"[],".repeat(maxDecompressedSize / 4)}0]`),
    Buffer.from("[".repeat(maxDecompressedSize - 1)),
    Buffer.from(`["\\n":${" ".repeat(maxDecompressedSize - 1000)}`)
  ].map(compress)

const special = (algorithm: Algorithm, envelope: Envelope) => {
  const compress = compressors[algorithm]
  const all = bombs(compress)
  return (dice: Dice): Uint8Array => {
    const data = dice.oneIn(20) ? dice.pick(all) : compress(damagedContent(dice))
    return enveloped(algorithm, envelope, dice.oneIn(4) ? mutate(dice, data, data) : data)
  }
}

const target = (algorithm: Algorithm, envelope: Envelope): Target => ({
  name: `compression ${algorithm}, ${envelope}`,
  weight: 3,
  make: Effect.suspend(() =>
    instance({
      raw: raw.memory(),
      wrap: Compression.wrap({ algorithm, envelope, maxDecompressedSize }),
      special: special(algorithm, envelope)
    })
  )
})

export const compression: ReadonlyArray<Target> = [
  target("gzip", "json"),
  target("gzip", "binary"),
  target("zstd", "json"),
  target("brotli", "binary"),
  target("deflate", "binary")
]
