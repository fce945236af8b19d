/** Stored bytes as a broken disk, a network, an older version or an attacker could make them. */
import type { Dice } from "./Dice.ts"
import * as jsonMutations from "./jsonMutations.ts"

/** Makes bytes from valid ones, or from two valid inputs if it uses `other`. */
export type Mutation = (dice: Dice, bytes: Uint8Array, other: Uint8Array) => Uint8Array

const concat = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => Uint8Array.from(Buffer.concat(parts))

const replaced = (bytes: Uint8Array, at: number, by: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  copy.set(by.subarray(0, Math.max(0, bytes.length - at)), at)
  return copy
}

const flipBits: Mutation = (dice, bytes) => {
  const copy = Uint8Array.from(bytes)
  for (let i = dice.below(4); i >= 0; i--) copy[dice.below(copy.length)]! ^= 1 << dice.below(8)
  return copy
}

const truncate: Mutation = (dice, bytes) => bytes.slice(0, dice.below(bytes.length))

const behead: Mutation = (dice, bytes) => bytes.slice(dice.below(bytes.length))

const splice: Mutation = (dice, bytes, other) =>
  concat(bytes.subarray(0, dice.below(bytes.length)), other.subarray(dice.below(other.length)))

const duplicate: Mutation = (dice, bytes) => {
  const from = dice.below(bytes.length)
  const to = from + dice.below(bytes.length - from) + 1
  return concat(bytes.subarray(0, to), bytes.subarray(from, to), bytes.subarray(to))
}

const cutOut: Mutation = (dice, bytes) => {
  const from = dice.below(bytes.length)
  return concat(bytes.subarray(0, from), bytes.subarray(from + 1 + dice.below(16)))
}

const append: Mutation = (dice, bytes) => concat(bytes, dice.bytes(1 + dice.below(32)))

/** Changes the head of a frame: magic bytes, version, codec number, flags, lengths of names and key ids. */
const changeHead: Mutation = (dice, bytes) =>
  replaced(bytes, dice.below(Math.min(24, bytes.length)), Uint8Array.of(dice.pick(byteEdges)))

const byteEdges = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 18, 0x43, 0x56, 0x7f, 0x80, 0xeb, 0xfe, 0xff]

const numberEdges: ReadonlyArray<Uint8Array> = [
  ...[0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff].map((number) => {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setUint32(0, number)
    return bytes
  }),
  ...[0, -0, 1, -1, 1e308, -1e308, 5e-324, 2 ** 53, Infinity, -Infinity, NaN, 8.64e15, 253_402_300_800_000].map(
    (number) => {
      const bytes = new Uint8Array(8)
      new DataView(bytes.buffer).setFloat64(0, number)
      return bytes
    }
  )
]

/** Writes an extreme length or time. */
const changeNumber: Mutation = (dice, bytes) =>
  replaced(bytes, dice.below(dice.oneIn(2) ? Math.min(40, bytes.length) : bytes.length), dice.pick(numberEdges))

const badUtf8 = [
  [0xff],
  [0xc3],
  [0xe2, 0x82],
  [0xed, 0xa0, 0x80],
  [0xc0, 0xaf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xef, 0xbb, 0xbf],
  [0]
]

const damageUtf8: Mutation = (dice, bytes) => {
  const at = dice.oneIn(4) ? 0 : dice.below(bytes.length)
  return concat(bytes.subarray(0, at), Uint8Array.from(dice.pick(badUtf8)), bytes.subarray(at))
}

const random: Mutation = (dice) => dice.bytes(dice.pick([0, 1, 2, 4, 8, 33, 64, 200, 1000]))

/** Random bytes behind the beginning of a valid form. */
const randomTail: Mutation = (dice, bytes) =>
  concat(bytes.subarray(0, 1 + dice.below(Math.min(bytes.length, 12))), dice.bytes(dice.below(100)))

const bytewise: ReadonlyArray<Mutation> = [
  flipBits,
  flipBits,
  truncate,
  behead,
  splice,
  splice,
  duplicate,
  cutOut,
  append,
  changeHead,
  changeHead,
  changeNumber,
  changeNumber,
  damageUtf8,
  random,
  randomTail
]

/** Applies one mutation that the bytes allow. */
export const mutate: Mutation = (dice, bytes, other) => {
  if (bytes.length === 0) return random(dice, bytes, other)
  const json = dice.oneIn(2) ? jsonMutations.mutate(dice, bytes, (inner) => mutate(dice, inner, inner)) : undefined
  return json ?? dice.pick(bytewise)(dice, bytes, other)
}

/** Mutates one of the valid forms once or a few times. */
export const damaged = (dice: Dice, corpus: ReadonlyArray<Uint8Array>): Uint8Array => {
  let bytes = dice.pick(corpus)
  for (let i = dice.pick([0, 0, 0, 1, 2]); i >= 0; i--) bytes = mutate(dice, bytes, dice.pick(corpus))
  return bytes
}
