import * as Result from "effect/Result"

const kindOf = getterOf(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)

const byteLengthOf = getterOf(ArrayBuffer.prototype, "byteLength")

/** Unlike `instanceof`, these getters check internal slots, which work for objects of every realm. */
function getterOf(prototype: object, name: PropertyKey): () => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)!.get!
}

/** Returns whether a value is a `Uint8Array` of any realm (an iframe, jsdom, `node:vm`). A `Buffer` is one. */
export const isBytes = (value: unknown): value is Uint8Array =>
  ArrayBuffer.isView(value) && kindOf.call(value) === "Uint8Array"

/** Returns whether a value is an `ArrayBuffer` of any realm. */
export const isBuffer = (value: unknown): value is ArrayBuffer =>
  typeof value === "object" && value !== null && Result.isSuccess(Result.try(() => byteLengthOf.call(value)))

/** Returns the total length of the pieces. */
export const lengthOf = (pieces: ReadonlyArray<Uint8Array>): number => {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length
}

/** Writes the pieces one after another, and returns the index after the last byte. */
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
