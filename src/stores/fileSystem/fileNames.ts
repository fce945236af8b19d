/**
 * Names of files for any names, on any file system.
 *
 * Lower-case letters, digits and `_ - . @ + = ,` stay themselves. An upper-case letter becomes `!` and the lower-case
 * one, since file systems may not tell them apart. Everything else becomes `%XX` for each byte of its UTF-8, and so do
 * a dot at either end and the first letter of a device's name (`con`, `nul`, …), which Windows would take for something
 * else. The empty name is `%`. A name that gets too long is cut and ends in `~` and its SHA-256.
 */
import * as Context from "effect/Context"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as utf8 from "../../value/utf8.ts"

/** File systems allow 255 bytes, of which the extension takes some. */
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
 * The name that a file's name stands for. `undefined` for a name that was cut, and for one that no name gives.
 */
export const decode = (file: string): string | undefined => {
  const name = Result.getOrElse(unescape(file), () => undefined)
  return name !== undefined && file.length <= maxLength && escape(name) === file ? name : undefined
}

const cut = new RegExp(`~[0-9a-f]{${hashLength}}$`)

/** Was the name cut, so that only the file's content tells it? */
export const isCut = (file: string): boolean => file.length === maxLength && cut.test(file)

/** The file's name for a name. No two names have the same. */
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
