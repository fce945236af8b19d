/** Characters that end a line or change how the rest of the line is shown: control characters and direction marks. */
const disruptive = /[\p{Cc}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

const escape = (character: string): string =>
  named[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

/** Escapes and shortens untrusted text for a line of a log, a label or a message. */
export const oneLine = (text: string, maxLength: number): string =>
  (text.length > maxLength ? `${text.slice(0, maxLength)}…` : text).replace(disruptive, escape)

/** The maximum number of characters of a name that are shown. */
export const maxNameLength = 256

/** Escapes and shortens the name of a key, a collection or a store for a line of a log or a label. */
export const shownName = (name: string): string => oneLine(name, maxNameLength)
