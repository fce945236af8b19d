/** Compares values as JSON with `NaN`, infinities, `-0` and `bigint`s. */

/** Where and how a value differs from the expected one, if it does. */
export const compare = (expected: unknown, found: unknown, path = "$"): string | undefined => {
  if (isObject(expected) && isObject(found) && Array.isArray(expected) === Array.isArray(found)) {
    return compareFields(expected, found, path)
  }
  return Object.is(expected, found) ? undefined : `${path}: expected ${show(expected)}, found ${show(found)}`
}

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null

const compareFields = (expected: Fields, found: Fields, path: string): string | undefined => {
  for (const field of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const at = `${path}[${Array.isArray(expected) ? field : JSON.stringify(field)}]`
    if (!Object.hasOwn(found, field)) return `${at}: expected ${show(expected[field])}, found nothing`
    if (!Object.hasOwn(expected, field)) return `${at}: expected nothing, found ${show(found[field])}`
    const difference = compare(expected[field], found[field], at)
    if (difference !== undefined) return difference
  }
  return undefined
}

/** A value as short text. */
export const show = (value: unknown): string => {
  const text = Object.is(value, -0) ? "-0" : typeof value === "bigint" ? `${value}n` : textOf(value)
  return text.length > 120 ? `${text.slice(0, 120)}… (${text.length} characters)` : text
}

const textOf = (value: unknown): string =>
  typeof value === "number" || value === undefined
    ? String(value)
    : JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}n` : part))
