/**
 * Compresses values.
 *
 * @since 0.1.0
 */

import type * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as zlib from "#zlib"
import * as compressed from "../codecs/compressed.ts"
import { type Envelope, envelopes, type TooLarge } from "../codecs/envelope.ts"
import { type Wrapper, wrapperEffect } from "../Driver.ts"
import { type EntryMapping, mapEntries } from "../driver/mapEntries.ts"
import * as options from "../driver/options.ts"
import { DecompressionError, EntryTooLargeError, type Place, type StoreSetupError } from "../KeyValueError.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /**
   * Algorithm for compression. Values of all algorithms can always be read. py-key-value reads only `"gzip"`. `"zstd"`
   * needs Node 22.15 or newer, and browsers have only `"gzip"` and `"deflate"`. Default: `"gzip"`.
   */
  readonly algorithm?: compressed.Algorithm | undefined
  /**
   * Compression level of the algorithm, from fast to small. The maximum is 9 for gzip and deflate, 11 for brotli and 22
   * for zstd. Default: 1.
   */
  readonly level?: number | undefined
  /** Size from which values are compressed. Default: `"1 KiB"`. */
  readonly minSize?: ByteSize.Input | undefined
  /**
   * Maximum size of a decompressed value, as JSON in UTF-8 or as bytes. Writing a larger value fails with
   * `EntryTooLargeError`, unless compression would not make it smaller. Default: `"64 MiB"`.
   */
  readonly maxDecompressedSize?: ByteSize.Input | undefined
  /**
   * How compressed values are stored: as `"json"`, which py-key-value reads, or as `"binary"`, without base64. Both
   * forms can always be read. Default: `"json"`.
   */
  readonly envelope?: Envelope | undefined
}

/**
 * Compresses values when they are written, and decompresses them when they are read.
 *
 * **When to use**
 *
 * Use it to save space or bandwidth. Put it outside encryption, because encrypted values do not compress.
 *
 * **Details**
 *
 * A compressed value is stored as JSON, which py-key-value reads, or as bytes (`envelope`). A value that compression would
 * not make smaller is stored uncompressed. A value that looks like a compressed one is always compressed, so that it is
 * read back unchanged. Values above 64 KiB are compressed and decompressed without blocking the event loop.
 *
 * **Errors**
 *
 * - `EntryTooLargeError`: a value that would be compressed is above `maxDecompressedSize`, so that no read could
 *   decompress it. A value that is stored uncompressed may have any size.
 * - `DecompressionError`: a stored value is damaged, has an unknown version or algorithm, or is larger than
 *   `maxDecompressedSize`.
 *
 * Fails to build with `StoreSetupError` when an option is not valid, or when the runtime does not support the
 * algorithm.
 *
 * **Gotchas**
 *
 * An attacker can store JSON that takes 20 times the memory of its text, and blocks the event loop for seconds while it is
 * parsed. For example, 48 KiB that decompress to 64 MiB of `[],` need more than 1 GiB of memory. If others can write to the
 * store, encrypt values, or lower `maxDecompressedSize` to the size of your values.
 *
 * **Example**
 *
 * ```ts
 * import { Compression, Timeout } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(
 *   Timeout.wrap("1 second"),
 *   Compression.wrap({ minSize: "4 KiB", envelope: "binary" })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options = {}): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.gen(function* () {
      const { algorithm, level, envelope, minSize, maxDecompressedSize: maxSize } = yield* described.read(config)
      yield* options.check("Compression", zlib.isSupported(algorithm), `this runtime has no ${algorithm}`)
      const refuse = (place: Place, found: TooLarge) =>
        Effect.fail(new EntryTooLargeError({ ...place, ...found, limitedBy: "Compression" }))
      const encode: EntryMapping["encode"] = (entry, place) => {
        const { size } = entry.payload
        const escape = compressed.isLikeCompressed(entry.payload)
        if (!escape && size < minSize) return Effect.succeed(entry)
        const compress = Effect.catchEager(compressed.encode(entry.payload, algorithm, level, envelope), (found) =>
          escape ? refuse(place, found) : Effect.succeed(entry.payload)
        )
        return Effect.flatMapEager(compress, (payload) => {
          if (!escape && payload.size >= size) return Effect.succeed(entry)
          return size > maxSize ? refuse(place, { size, maxSize }) : Effect.succeed({ ...entry, payload })
        })
      }
      return (driver) => {
        const decodeOptions = { maxSize, exactIntegers: driver.exactIntegers }
        const decode: EntryMapping["decode"] = (entry, place) => {
          if (entry === undefined) return Effect.undefined
          return Effect.mapBothEager(compressed.decode(entry.payload, decodeOptions), {
            onFailure: (reason) => new DecompressionError({ ...place, reason }),
            onSuccess: (payload) => (payload === entry.payload ? entry : { ...entry, payload })
          })
        }
        return mapEntries({ encode, decode, mayHide: false, prefersText: true })(driver)
      }
    })
  )

/** @internal */
export const described = options.of<Options>()(
  "Compression",
  {
    algorithm: options.oneOf(["gzip", "zstd", "brotli", "deflate"], { default: "gzip" }),
    level: options.integer({ min: 0, max: 22, otherwise: "1" }),
    minSize: options.size({ default: "1 KiB" }),
    maxDecompressedSize: options.size({ min: 1, default: "64 MiB" }),
    envelope: options.oneOf(envelopes, { default: "json" })
  },
  ({ algorithm, level }) => {
    const [least, most] = compressed.levels[algorithm]
    return level === undefined || (level >= least && level <= most)
      ? undefined
      : `level must be a whole number of at least ${least} and at most ${most} for ${algorithm}, not ${level}`
  }
)
