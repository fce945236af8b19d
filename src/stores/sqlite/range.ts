/**
 * The names from `from` (included) to `to` (excluded), in the order of their UTF-8 bytes, which is SQLite's `BINARY`
 * collation. `from` is bytes for a name that is not UTF-8. If `to` is bytes, the range has no end, since SQLite orders
 * blobs after texts.
 */
export interface Range {
  readonly from: string | Uint8Array
  readonly to: string | Uint8Array
}

const afterAllNames = new Uint8Array(0)

const lastCodePoint = 0x10ffff

/** Returns the range of the names that start with a prefix. The prefix must be well-formed. */
export const startingWith = (prefix: string): Range => ({ from: prefix, to: firstAfter(prefix) })

/** Returns the range of a single name. */
export const only = (name: string): Range => ({ from: name, to: `${name}\0` })

/** Returns the rest of a range, from the cursor of the previous page. */
export const resumed = (range: Range, cursor: unknown): Range =>
  cursor === undefined ? range : { ...range, from: cursor as Range["from"] }

/** Returns the bytes of the first name after a name. */
export const nextBytes = (name: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(name.length + 1)
  bytes.set(name)
  return bytes
}

/** Returns the first text after all texts that start with a prefix. */
const firstAfter = (prefix: string): string | Uint8Array => {
  const points = Array.from(prefix)
  while (points.length > 0) {
    const point = points.pop()!.codePointAt(0)!
    // The code points between U+D7FF and U+E000 are surrogates, which well-formed text does not contain.
    if (point < lastCodePoint) return points.join("") + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1)
  }
  return afterAllNames
}
