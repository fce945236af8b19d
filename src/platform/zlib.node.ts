import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Algorithm } from "./Algorithm.ts"
import { builtin } from "./builtin.ts"

const zlib = builtin("node:zlib")

/** The largest input that is processed on the event loop. For small inputs, a round trip to a thread takes longer. */
const syncLimit = 64 * 1024

/** Whether this version of Node has the algorithm. */
export const isSupported = (algorithm: Algorithm): boolean => algorithm !== "zstd" || "zstdCompressSync" in zlib()

/**
 * The size of the output buffers, from the expected size of the output. For a small value, Node's default of 16 KiB would
 * take as long to allocate as the work itself.
 */
const chunksFor = (outputLength: number) => ({ chunkSize: Math.min(Math.max(outputLength, 256), 64 * 1024) })

type Callback = (error: Error | null, result: Buffer) => void

const run = <Options>(
  input: Uint8Array,
  options: Options,
  sync: (input: Uint8Array, options: Options) => Buffer,
  async: (input: Uint8Array, options: Options, callback: Callback) => void
): Effect.Effect<Buffer, Error> =>
  input.length <= syncLimit
    ? Effect.fromResult(Result.try({ try: () => sync(input, options), catch: (cause) => cause as Error }))
    : Effect.callback((resume) =>
        async(input, options, (error, result) => resume(error === null ? Effect.succeed(result) : Effect.fail(error)))
      )

const compressors: Record<
  Algorithm,
  (input: Uint8Array, level: number | undefined) => Effect.Effect<Uint8Array, Error>
> = {
  gzip: (input, level = 1) => run(input, { level, ...chunksFor(input.length) }, zlib().gzipSync, zlib().gzip),
  deflate: (input, level = 1) => run(input, { level, ...chunksFor(input.length) }, zlib().deflateSync, zlib().deflate),
  brotli: (input, level = 1) =>
    run(
      input,
      {
        params: {
          [zlib().constants.BROTLI_PARAM_QUALITY]: level,
          [zlib().constants.BROTLI_PARAM_SIZE_HINT]: input.length
        },
        ...chunksFor(input.length)
      },
      zlib().brotliCompressSync,
      zlib().brotliCompress
    ),
  zstd: (input, level = 1) =>
    run(
      input,
      { params: { [zlib().constants.ZSTD_c_compressionLevel]: level }, ...chunksFor(input.length) },
      zlib().zstdCompressSync,
      zlib().zstdCompress
    )
}

/** The smallest limit that any supported version of Node has for the size of a buffer. */
const largestBuffer = 2 ** 32

/** With `info`, the result is an `Inflated`, although Node's types say that it is a buffer. */
interface Options {
  readonly maxOutputLength: number
  readonly info: true
}

interface Inflated {
  readonly buffer: Uint8Array
  /** The number of input bytes that were used. All engines stop at the end of the stream and ignore bytes after it. */
  readonly engine: { readonly bytesWritten: number }
}

const decompressors: Record<Algorithm, (input: Uint8Array, options: Options) => Effect.Effect<Buffer, Error>> = {
  gzip: (input, options) => run(input, options, zlib().gunzipSync, zlib().gunzip),
  deflate: (input, options) => run(input, options, zlib().inflateSync, zlib().inflate),
  brotli: (input, options) => run(input, options, zlib().brotliDecompressSync, zlib().brotliDecompress),
  zstd: (input, options) => run(input, options, zlib().zstdDecompressSync, zlib().zstdDecompress)
}

/** Compresses a value. It can fail only if memory runs out, which is a defect. */
export const compress = (
  algorithm: Algorithm,
  input: Uint8Array,
  level: number | undefined
): Effect.Effect<Uint8Array> => Effect.orDie(compressors[algorithm](input, level))

/** The reason for not decompressing a value that would be too large. */
export const tooLarge = (maxSize: number): string => `it inflates to more than ${maxSize} bytes`

/** Decompresses a value, or fails with the reason why that is not possible. */
export const decompress = (
  algorithm: Algorithm,
  input: Uint8Array,
  maxSize: number
): Effect.Effect<Uint8Array, string> => {
  if (!isSupported(algorithm)) return Effect.fail(`this runtime has no ${algorithm}`)
  const options = {
    maxOutputLength: Math.min(maxSize, largestBuffer),
    info: true,
    ...chunksFor(4 * input.length)
  } as const
  const inflated = Effect.mapErrorEager(decompressors[algorithm](input, options), (error) =>
    "code" in error && error.code === "ERR_BUFFER_TOO_LARGE" ? tooLarge(maxSize) : error.message
  )
  return Effect.flatMapEager(inflated, (result) => {
    const { buffer, engine } = result as unknown as Inflated
    return engine.bytesWritten === input.length
      ? Effect.succeed(buffer)
      : Effect.fail(`there are ${input.length - engine.bytesWritten} bytes after the end of the compressed data`)
  })
}
