/** The UTF-8 bytes of a string. */
export const encode = (text: string): Uint8Array => Buffer.from(text)

/** How many bytes {@link encode} makes of a string, without making them. */
export const length = (text: string): number => Buffer.byteLength(text)

/** Uninitialized bytes of a shared pool, for a caller that fills all of them. */
export const allocate = (length: number): Uint8Array => Buffer.allocUnsafe(length)
