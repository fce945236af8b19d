/**
 * The names from `from` on and before `to`, in the order of their UTF-8 bytes, which is the order of SQLite's `BINARY`
 * collation. A `from` may be their bytes, which need not be UTF-8. A `to` of bytes is after all names, as SQLite orders
 * every blob after every text.
 */
export interface Range {
  readonly from: string | Uint8Array
  readonly to: string | Uint8Array
}

const afterAllNames = new Uint8Array(0)

const lastCodePoint = 0x10ffff

/** The names that start with a prefix, as `String.startsWith` sees it; `undefined` when no name can. */
export const startingWith = (prefix: string): Range | undefined => {
  if (prefix.isWellFormed()) return { from: prefix, to: firstAfter(prefix) }
  const head = prefix.slice(0, -1)
  const high = prefix.charCodeAt(prefix.length - 1)
  if (!head.isWellFormed() || high > 0xdbff) return undefined
  const first = 0x10000 + (high - 0xd800) * 0x400
  return { from: head + String.fromCodePoint(first), to: firstAfter(head + String.fromCodePoint(first + 0x3ff)) }
}

/** The least name that comes after a name. */
export const next = (name: string): string => `${name}\0`

/** The bytes of the least name that comes after a name. */
export const nextBytes = (name: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(name.length + 1)
  bytes.set(name)
  return bytes
}

/** The least text that comes after everything that starts with a prefix. */
const firstAfter = (prefix: string): string | Uint8Array => {
  const points = Array.from(prefix)
  while (points.length > 0) {
    const point = points.pop()!.codePointAt(0)!
    if (point < lastCodePoint) return points.join("") + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1)
  }
  return afterAllNames
}
