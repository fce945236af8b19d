/** The UTF-8 bytes of a string. */
export const encode = (text: string): Uint8Array => Buffer.from(text)

/** How many bytes {@link encode} makes of a string, without making them. */
export const length = (text: string): number => Buffer.byteLength(text)

/** Bytes that hold anything, in memory that they may share with others: for those who fill them and let them go. */
export const allocate = (length: number): Uint8Array => Buffer.allocUnsafe(length)
