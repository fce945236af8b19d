/**
 * Compressed values, in the envelope of py-key-value or in a frame.
 *
 * **Details**
 *
 * The envelope is
 * `{ "__compressed_data__": base64, "__compression_algorithm__": "gzip", "__compression_version__": 1 }`. py-key-value
 * supports only gzip.
 *
 * @since 0.1.0
 */

import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as base64 from "#base64"
import * as zlib from "#zlib"
import { type ExactIntegersOption, Payload, type Value } from "../Value.ts"
import * as content from "./content.ts"
import { type Envelope, maxEnvelopeBytes, type TooLarge } from "./envelope.ts"
import * as frame from "./frame.ts"

/**
 * The algorithm of compression.
 *
 * @since 0.1.0
 */
export type Algorithm = "gzip" | "zstd" | "brotli" | "deflate"

const algorithms: ReadonlySet<unknown> = new Set<Algorithm>(["gzip", "zstd", "brotli", "deflate"])

const isAlgorithm = (name: unknown): name is Algorithm => algorithms.has(name)

/**
 * The lowest and the highest level of each algorithm.
 *
 * @since 0.1.0
 */
export const levels: Readonly<Record<Algorithm, readonly [lowest: number, highest: number]>> = {
  gzip: [-1, 9],
  zstd: [-131_072, 22],
  brotli: [0, 11],
  deflate: [-1, 9]
}

const version = 1

const fields = ["__compressed_data__", "__compression_algorithm__", "__compression_version__"] as const

/**
 * Returns whether {@link decode} or py-key-value would mistake this value for a compressed one. py-key-value does so
 * for every object with the first field of an envelope.
 *
 * @since 0.1.0
 */
export const isLikeCompressed = (payload: Payload): boolean => {
  const opened = frame.open(payload)
  if (opened === undefined) return payload.hasField(fields[0])
  return typeof opened === "string" || isAlgorithm(opened.codec)
}

/**
 * Compresses a value. The same value always gives the same bytes. Fails if they do not fit into a JSON envelope.
 *
 * @since 0.1.0
 */
export const encode = (
  payload: Payload,
  algorithm: Algorithm,
  level: number | undefined,
  envelope: Envelope
): Effect.Effect<Payload, TooLarge> =>
  Effect.flatMapEager(zlib.compress(algorithm, content.encode(payload), level), (compressed) => {
    if (envelope === "binary") return Effect.succeed(frame.make(algorithm, compressed))
    if (compressed.length > maxEnvelopeBytes) {
      return Effect.fail({ size: compressed.length, maxSize: maxEnvelopeBytes })
    }
    return Effect.succeed(
      Payload.json({
        __compressed_data__: base64.encode(compressed),
        __compression_algorithm__: algorithm,
        __compression_version__: version
      })
    )
  })

/**
 * Options of {@link decode}.
 *
 * @since 0.1.0
 */
export interface DecodeOptions extends ExactIntegersOption {
  /** Maximum size of the decompressed value in bytes: of its JSON text, or of the value if it is bytes. */
  readonly maxSize: number
}

/**
 * Decompresses an envelope or frame. Returns any other value unchanged. Fails with the reason.
 *
 * @since 0.1.0
 */
export const decode = (payload: Payload, options: DecodeOptions): Effect.Effect<Payload, string> => {
  const opened = open(payload)
  if (opened === undefined) return Effect.succeed(payload)
  if (Result.isFailure(opened)) return Effect.fail(opened.failure)
  const { algorithm, data } = opened.success
  const tooLarge = zlib.tooLarge(options.maxSize)
  // The content may begin with a byte that is not part of the value.
  const maxLength = options.maxSize + 1
  const inflated = Effect.mapErrorEager(zlib.decompress(algorithm, data, maxLength), (reason) =>
    reason === zlib.tooLarge(maxLength) ? tooLarge : reason
  )
  return Effect.flatMapEager(inflated, (bytes) =>
    content.sizeOf(bytes) > options.maxSize ? Effect.fail(tooLarge) : Effect.fromResult(content.decode(bytes, options))
  )
}

type Opened = Result.Result<{ readonly algorithm: Algorithm; readonly data: Uint8Array }, string>

const open = (payload: Payload): Opened | undefined => {
  const opened = frame.open(payload)
  if (opened === undefined) return openJson(payload.value)
  if (typeof opened === "string") return Result.fail(`a frame with ${opened}`)
  return isAlgorithm(opened.codec) ? Result.succeed({ algorithm: opened.codec, data: opened.data }) : undefined
}

/** An envelope has no other fields, so that a value of the application may contain one of them. */
const openJson = (value: Value): Opened | undefined => {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== fields.length) return undefined
  if (!fields.every((field) => Object.hasOwn(value, field))) return undefined
  const [data, algorithm, written] = fields.map((field) => (value as Readonly<Record<string, unknown>>)[field])
  if (written !== version) return Result.fail("an unknown version of the format")
  if (!isAlgorithm(algorithm)) return Result.fail("an unknown algorithm")
  const compressed = typeof data === "string" ? base64.decode(data) : Result.fail("the data is not base64")
  return Result.map(compressed, (data) => ({ algorithm, data }))
}
