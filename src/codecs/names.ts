/**
 * Encodes a pair of names (a collection and a key, or a prefix and a name) as one name, so that no two pairs share it.
 *
 * @since 0.1.0
 */

/**
 * Escapes `%` and each character of `special` (which must be ASCII) as `%XX`.
 *
 * @since 0.1.0
 */
export const escape = (name: string, special: string): string => {
  let escaped = name.includes("%") ? name.replaceAll("%", "%25") : name
  for (const character of special) {
    if (escaped.includes(character)) escaped = escaped.replaceAll(character, percent(character))
  }
  return escaped
}

const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`

/**
 * Reverses {@link escape}.
 *
 * @since 0.1.0
 */
export const unescape = (name: string): string =>
  name.includes("%")
    ? name.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : name

/**
 * Returns whether the first separator in `name + separator + anything` always follows `name`.
 *
 * **Details**
 *
 * This is false if the name contains the separator or ends with a part of it. For example, with the separator `__`, the
 * first names `a_` and `a` can both give `a___`.
 *
 * @since 0.1.0
 */
export const isUnambiguous = (name: string, separator: string): boolean =>
  (name + separator).indexOf(separator) === name.length

/**
 * An encoding of two names as one: `first + separator + second`.
 *
 * @since 0.1.0
 */
export interface Compound {
  /** Encodes the first name, without the separator. */
  readonly encodeFirst: (first: string) => string
  readonly encode: (first: string, second: string) => string
  /** Returns `undefined` for a name without the separator. */
  readonly decode: (name: string) => readonly [first: string, second: string] | undefined
}

/**
 * Joins two names with a separator and does not escape them, like py-key-value. If a first name contains the separator,
 * two pairs may share a name.
 *
 * @since 0.1.0
 */
export const joined = (separator: string): Compound => ({
  encodeFirst: (first) => first,
  encode: (first, second) => first + separator + second,
  decode: (name) => {
    const at = name.indexOf(separator)
    return at < 0 ? undefined : [name.slice(0, at), name.slice(at + separator.length)]
  }
})

/**
 * Joins two names with a separator, like py-key-value, but escapes a first name that would be ambiguous.
 *
 * **Details**
 *
 * The first name is escaped (`%` and the first character of the separator, as `%XX`) if it contains a `%` or is
 * ambiguous (see {@link isUnambiguous}). With `strict`, it is also escaped if it contains the first character of the
 * separator. All other names are the same as in py-key-value.
 *
 * **Gotchas**
 *
 * The separator must start with an ASCII character that is not a digit, a letter or `%`.
 *
 * @since 0.1.0
 */
export const compound = (separator: string, options?: { readonly strict?: boolean }): Compound => {
  const special = separator.charAt(0)
  const isPlain = options?.strict
    ? (name: string) => !name.includes("%") && !name.includes(special)
    : (name: string) => !name.includes("%") && isUnambiguous(name, separator)
  const encodeFirst = (first: string) => (isPlain(first) ? first : escape(first, special))
  return {
    encodeFirst,
    encode: (first, second) => encodeFirst(first) + separator + second,
    decode: (name) => {
      const at = name.indexOf(separator)
      return at < 0 ? undefined : [unescape(name.slice(0, at)), name.slice(at + separator.length)]
    }
  }
}
