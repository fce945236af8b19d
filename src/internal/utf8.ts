import * as utf8 from "#utf8"

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

export const { encode, length } = utf8

/** The string of UTF-8 bytes. Throws when they are not well-formed; keeps a byte order mark. */
export const decodeUnsafe = (bytes: Uint8Array): string => decoder.decode(bytes)
