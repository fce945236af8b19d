/**
 * Names inside names: how a collection and a key, or a prefix and a name, become one string that can belong to no other
 * pair.
 *
 * @since 0.1.0
 */

/**
 * Writes the characters of `special` (one ASCII character each) and `%` as `%XX`.
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
 * The inverse of {@link escape}.
 *
 * @since 0.1.0
 */
export const unescape = (name: string): string =>
  name.includes("%")
    ? name.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : name

/**
 * Can `name + separator + anything` be split in one way only, at the first separator?
 *
 * **Details**
 *
 * It can't if the name contains the separator, nor if it ends with a part of it: `a_` and `__` make `a___`, which is
 * also what `a`, `__` and `_` make.
 *
 * @since 0.1.0
 */
export const isUnambiguous = (name: string, separator: string): boolean =>
  (name + separator).indexOf(separator) === name.length

/**
 * A pair of names as one: `first + separator + second`.
 *
 * @since 0.1.0
 */
export interface Compound {
  /** The first name as it is written, without the separator. */
  readonly encodeFirst: (first: string) => string
  readonly encode: (first: string, second: string) => string
  /** `undefined` for a name without the separator. */
  readonly decode: (name: string) => readonly [first: string, second: string] | undefined
}

/**
 * Pairs of names joined by a separator as they are, as py-key-value writes them: pairs whose first name holds the
 * separator may share a name with others.
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
 * Pairs of names joined by a separator, as py-key-value writes them, except that a first name that would be ambiguous
 * is escaped.
 *
 * **Details**
 *
 * The first name is escaped (`%` and the separator's first character as `%XX`) when it holds a `%` or could be mistaken
 * (see {@link isUnambiguous}), or always when it holds the separator's first character if `strict` is set. Nothing else
 * changes, so that other names are byte for byte py-key-value's.
 *
 * **Gotchas**
 *
 * The separator must start with an ASCII character that is neither a digit, a letter nor `%`.
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
