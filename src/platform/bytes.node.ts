/** Returns the UTF-8 bytes of a string. */
export const encode = (text: string): Uint8Array => Buffer.from(text)

/** Returns the number of bytes that {@link encode} would return, without making them. */
export const length = (text: string): number => Buffer.byteLength(text)

/** Allocates uninitialized bytes, which may share memory with others. The caller must fill all of them, and not keep them. */
export const allocate = (length: number): Uint8Array => Buffer.allocUnsafe(length)
