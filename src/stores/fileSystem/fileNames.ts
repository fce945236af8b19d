/**
 * Encodes any name as a file name that works on every file system.
 *
 * - Lower-case letters, digits and `_ - . @ + = ,` are unchanged.
 * - An upper-case letter becomes `!` and the lower-case letter, because file systems may ignore the case.
 * - Any other character becomes `%XX` for each byte of its UTF-8. So do a dot at the beginning or end, and the first
 *   letter of a device name (`con`, `nul`, …), because Windows would interpret them.
 * - The empty name becomes `%`.
 * - A file name that is too long is truncated, and ends with `~` and the SHA-256 of the name.
 */
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as utf8 from "../../value/utf8.ts"

/** File systems allow 255 bytes, and the extension needs some of them. */
const maxLength = 200

const hashLength = 64

const percent = (text: string): string =>
  Array.from(utf8.encode(text), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("")

const device = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/

const escape = (name: string): string =>
  name === ""
    ? "%"
    : name
        .replace(/[^a-z0-9_@+=,.-]/gu, (character) =>
          /[A-Z]/.test(character) ? `!${character.toLowerCase()}` : percent(character)
        )
        .replace(/^\.|\.$/g, percent)
        .replace(device, (match) => percent(match.charAt(0)) + match.slice(1))

const unescape = (file: string): Result.Result<string, unknown> =>
  file === "%"
    ? Result.succeed("")
    : Result.try(() =>
        file
          .replace(/!([a-z])/g, (_, letter: string) => letter.toUpperCase())
          .replace(/(?:%[0-9A-F]{2})+/g, decodeURIComponent)
      )

/**
 * Decodes a file name. Returns `undefined` for a truncated name, and for a file name that `makeEncode` never returns.
 */
export const decode = (file: string): string | undefined => {
  const name = Result.getOrElse(unescape(file), () => undefined)
  return name !== undefined && file.length <= maxLength && escape(name) === file ? name : undefined
}

const cut = new RegExp(`~[0-9a-f]{${hashLength}}$`)

/** Returns whether the name was truncated, so that only the content of the file contains the name. */
export const isCut = (file: string): boolean => file.length === maxLength && cut.test(file)

/** Encodes a name as a file name. No two names have the same file name. */
export type Encode = (name: string) => Effect.Effect<string>

export const makeEncode: Effect.Effect<Encode> = Effect.map(
  Layer.build(Digest.layerWebCrypto),
  (context): Encode =>
    (name) => {
      const escaped = escape(name)
      return escaped.length <= maxLength
        ? Effect.succeed(escaped)
        : Effect.map(
            Context.get(context, Digest.Digest).digestHex(Digest.sha256, utf8.encode(name)),
            (hash) => `${escaped.slice(0, maxLength - hashLength - 1)}~${hash}`
          )
    }
).pipe(Effect.scoped)
