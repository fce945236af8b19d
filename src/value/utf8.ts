import * as bytes from "#bytes"

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

export const { encode, length } = bytes

/** The string of UTF-8 bytes. Throws when they are not well-formed; keeps a byte order mark. */
export const decodeUnsafe = (bytes: Uint8Array): string => decoder.decode(bytes)
