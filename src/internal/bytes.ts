/** How many bytes the pieces have together. */
export const lengthOf = (pieces: ReadonlyArray<Uint8Array>): number => {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length
}

/** Writes the pieces one behind the other, and answers where they end. */
export const fill = (target: Uint8Array, from: number, pieces: ReadonlyArray<Uint8Array>): number => {
  let at = from
  for (const piece of pieces) {
    target.set(piece, at)
    at += piece.length
  }
  return at
}

export const concat = (pieces: ReadonlyArray<Uint8Array>): Uint8Array => {
  const bytes = new Uint8Array(lengthOf(pieces))
  fill(bytes, 0, pieces)
  return bytes
}
