/** Replaces `src/platform/zlib.web.ts` on the live page: the same functions, synchronous, with the same sizes everywhere. */
import { Effect } from "effect"
import { deflateSync, gunzipSync, gzipSync, inflateSync } from "fflate"

type Algorithm = "gzip" | "zstd" | "brotli" | "deflate"

export const isSupported = (algorithm: Algorithm): boolean => algorithm === "gzip" || algorithm === "deflate"

export const compress = (algorithm: Algorithm, input: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.sync(() => (algorithm === "gzip" ? gzipSync(input, { level: 1, mtime: 0, mem: 2 }) : deflateSync(input, { level: 1, mem: 2 })))

export const tooLarge = (maxSize: number): string => `it inflates to more than ${maxSize} bytes`

export const decompress = (algorithm: Algorithm, input: Uint8Array, maxSize: number): Effect.Effect<Uint8Array, string> =>
  Effect.try({
    try: () => (algorithm === "gzip" ? gunzipSync(input) : inflateSync(input)),
    catch: String
  }).pipe(Effect.filterOrFail((bytes) => bytes.length <= maxSize, () => tooLarge(maxSize)))
