const encoder = new TextEncoder()

/** Returns the UTF-8 bytes of a string. */
export const encode = (text: string): Uint8Array => encoder.encode(text)

/** Returns the number of bytes that {@link encode} would return, without making them. */
export const length = (text: string): number => {
  let length = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) {
      if (unit <= 0x7ff) length += 1
      else if (unit >= 0xd800 && unit <= 0xdbff && isLowSurrogate(text.charCodeAt(i + 1))) {
        length += 2
        i++
      } else length += 2
    }
  }
  return length
}

/** Allocates bytes. The caller must fill all of them, and not keep them. */
export const allocate = (length: number): Uint8Array => new Uint8Array(length)

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff
