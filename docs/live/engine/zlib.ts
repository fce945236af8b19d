/**
 * Replaces `src/platform/zlib.web.ts` on the live page. It has the same functions, but they are synchronous, so that virtual
 * time does not have to wait for them. The sizes are the same in all browsers.
 */
import { Effect } from "effect"
import { gunzipSync, gzipSync, unzlibSync, zlibSync } from "fflate"

type Algorithm = "gzip" | "zstd" | "brotli" | "deflate"

export const isSupported = (algorithm: Algorithm): boolean => algorithm === "gzip" || algorithm === "deflate"

export const compress = (algorithm: Algorithm, input: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.sync(() =>
    remembered(algorithm, input, () => {
      const level = isRandom(input) ? 0 : 1
      const output = algorithm === "gzip" ? gzipSync(input, { level, mtime: 0 }) : zlibSync(input, { level })
      // Most of what is compressed is decompressed later.
      remember(inverse(algorithm), output, input.slice())
      return output
    })
  )

export const tooLarge = (maxSize: number): string => `it inflates to more than ${maxSize} bytes`

export const decompress = (
  algorithm: Algorithm,
  input: Uint8Array,
  maxSize: number
): Effect.Effect<Uint8Array, string> =>
  Effect.try({
    try: () =>
      remembered(inverse(algorithm), input, () => (algorithm === "gzip" ? gunzipSync(input) : unzlibSync(input))),
    catch: String
  }).pipe(
    Effect.filterOrFail(
      (output) => output.length <= maxSize,
      () => tooLarge(maxSize)
    )
  )

/** Encrypted values take longest, and never become smaller. Half of 512 bytes are different if they are random. */
const isRandom = (bytes: Uint8Array): boolean => new Set(bytes.subarray(0, 512)).size > 160

const inverse = (algorithm: Algorithm): string => `un-${algorithm}`

/**
 * What was computed before. The page runs similar scenarios again and again, and each compression takes as long as a
 * request with ten wrappers.
 */
interface Known {
  readonly input: Uint8Array
  readonly output: Uint8Array
}

const known = new Map<string, Known>()

/** With values of 4 KB, about 40 MB. */
const maxKnown = 8000

const remembered = (name: string, input: Uint8Array, compute: () => Uint8Array): Uint8Array => {
  const found = known.get(keyOf(name, input))
  if (found !== undefined && isEqual(found.input, input)) return found.output.slice()
  const output = compute()
  remember(name, input.slice(), output)
  return output.slice()
}

const remember = (name: string, input: Uint8Array, output: Uint8Array): void => {
  if (known.size >= maxKnown) known.delete(known.keys().next().value!)
  known.set(keyOf(name, input), { input, output })
}

const keyOf = (name: string, bytes: Uint8Array): string => {
  let hash = 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return `${name} ${bytes.length} ${hash}`
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
