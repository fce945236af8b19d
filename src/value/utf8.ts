import * as bytes from "#bytes"

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

export const { encode, length } = bytes

/** Decodes UTF-8 and keeps a byte order mark. Throws if the bytes are not well-formed. */
export const decodeUnsafe = (bytes: Uint8Array): string => decoder.decode(bytes)
