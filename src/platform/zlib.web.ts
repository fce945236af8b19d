import * as Effect from "effect/Effect"
import type { Algorithm } from "./Algorithm.ts"

const formats: Partial<Record<Algorithm, "gzip" | "deflate">> = { gzip: "gzip", deflate: "deflate" }

/** Whether the Compression Streams standard has the algorithm. */
export const isSupported = (algorithm: Algorithm): boolean => formats[algorithm] !== undefined

/** Compresses a value with the level that the runtime chooses. */
export const compress = (
  algorithm: Algorithm,
  input: Uint8Array,
  _level: number | undefined
): Effect.Effect<Uint8Array> =>
  Effect.orDie(pipe(input, new CompressionStream(formats[algorithm]!), Number.POSITIVE_INFINITY))

/** The reason for not decompressing a value that would be too large. */
export const tooLarge = (maxSize: number): string => `it inflates to more than ${maxSize} bytes`

/** Decompresses a value, or fails with the reason why that is not possible. */
export const decompress = (
  algorithm: Algorithm,
  input: Uint8Array,
  maxSize: number
): Effect.Effect<Uint8Array, string> =>
  formats[algorithm] === undefined
    ? Effect.fail(`this runtime has no ${algorithm}`)
    : pipe(input, new DecompressionStream(formats[algorithm]), maxSize)

/** Stops reading as soon as the output is larger than `maxSize`. */
const pipe = (
  input: Uint8Array,
  through: CompressionStream | DecompressionStream,
  maxSize: number
): Effect.Effect<Uint8Array, string> =>
  Effect.gen(function* () {
    const reader = new Blob([input as Uint8Array<ArrayBuffer>]).stream().pipeThrough(through).getReader()
    const chunks: Array<Uint8Array> = []
    let size = 0
    while (true) {
      const { done, value } = yield* Effect.tryPromise({ try: () => reader.read(), catch: String })
      if (done) return yield* Effect.promise(() => new Blob(chunks as Array<Uint8Array<ArrayBuffer>>).bytes())
      chunks.push(value)
      size += value.length
      if (size > maxSize) {
        yield* Effect.promise(() => reader.cancel())
        return yield* Effect.fail(tooLarge(maxSize))
      }
    }
  })
