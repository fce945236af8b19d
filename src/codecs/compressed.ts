/**
 * Compressed values, in py-key-value's envelope.
 *
 * **Details**
 *
 * `{ "__compressed_data__": base64, "__compression_algorithm__": "gzip", "__compression_version__": 1 }`, where
 * py-key-value knows gzip only.
 *
 * @since 0.1.0
 */

import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as base64 from "#base64"
import * as zlib from "#zlib"
import { Payload, type Value } from "../Value.ts"
import { matchFields } from "./envelope.ts"
import * as plaintext from "./plaintext.ts"

/**
 * How to compress.
 *
 * @since 0.1.0
 */
export type Algorithm = "gzip" | "zstd" | "brotli" | "deflate"

const algorithms: ReadonlySet<unknown> = new Set<Algorithm>(["gzip", "zstd", "brotli", "deflate"])
const version = 1

const fields = ["__compressed_data__", "__compression_algorithm__", "__compression_version__"] as const

/**
 * Would {@link decode} take this value for a compressed one?
 *
 * @since 0.1.0
 */
export const isEnvelope = (value: Value): boolean => matchFields(value, fields) !== undefined

/**
 * The envelope of a value. The same value gives the same envelope.
 *
 * @since 0.1.0
 */
export const encode = (payload: Payload, algorithm: Algorithm, level: number | undefined): Effect.Effect<Payload> =>
  Effect.mapEager(zlib.compress(algorithm, plaintext.encode(payload), level), (compressed) =>
    Payload.json({
      __compressed_data__: base64.encode(compressed),
      __compression_algorithm__: algorithm,
      __compression_version__: version
    })
  )

/**
 * The value of an envelope; any other value as it is. Fails with the reason.
 *
 * @since 0.1.0
 */
export const decode = (payload: Payload, maxSize: number): Effect.Effect<Payload, string> => {
  const envelope = matchFields(payload.value, fields)
  if (envelope === undefined) return Effect.succeed(payload)
  const { __compressed_data__: data, __compression_algorithm__: algorithm } = envelope
  if (envelope.__compression_version__ !== version) return Effect.fail("a version of the format that is not known")
  if (!algorithms.has(algorithm)) return Effect.fail(`the algorithm ${JSON.stringify(algorithm)} is not known`)
  const compressed = typeof data === "string" ? base64.decode(data) : Result.fail("the data is not base64")
  if (Result.isFailure(compressed)) return Effect.fail(compressed.failure)
  return Effect.flatMapEager(zlib.decompress(algorithm as Algorithm, compressed.success, maxSize), (bytes) =>
    Effect.fromResult(plaintext.decode(bytes))
  )
}
