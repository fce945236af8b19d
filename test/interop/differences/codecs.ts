/** Finds the codec of a stack that cannot decode a value. */
import { Result } from "effect"
import { is } from "../answers.ts"
import { compare } from "../compare.ts"
import * as loose from "../loose.ts"
import * as python from "../python.ts"
import * as tokens from "../tokens.ts"
import type { Reading } from "./Difference.ts"

export type Fields = Readonly<Record<string, unknown>>

/** A codec and its input, an object that breaks the rules of its envelope. */
export interface Stuck extends python.Step {
  readonly fields: Fields
}

/** What was decoded, since every difference looks at it. */
const known = new WeakMap<Uint8Array, { readonly stack: Reading["stack"]; readonly peeled: python.Peeled }>()

/** Decodes the stored value with the codecs of the stack. */
export const peeled = ({ stack, stored }: Reading): python.Peeled => {
  const before = known.get(stored)
  if (before?.stack === stack) return before.peeled
  const peeled = python.peel(stack, storedValue(stored))
  known.set(stored, { stack, peeled })
  return peeled
}

/** The value in an entry, which may be text. */
export const storedValue = (stored: Uint8Array): unknown => {
  const entry = tokens.parse(stored)
  const value = python.isObject(entry) ? entry.value : undefined
  return typeof value === "string" ? tokens.parse(value) : value
}

/** Whether Python's result is the value that its own rules give for the stored data. */
export const isByItsRules = ({ stack, stored, python: theirs }: Reading): boolean => {
  const expected = loose.answer(stack, storedValue(stored))
  return Result.isSuccess(expected) && is("Found")(theirs) && compare(expected.success, theirs.value) === undefined
}

export const stuck = (reading: Reading): Stuck | undefined => {
  const { steps, violation } = peeled(reading)
  const last = steps.at(-1)
  return last === undefined || violation === undefined || !python.isObject(last.input)
    ? undefined
    : { ...last, fields: last.input }
}

export const standard = /^[A-Za-z0-9+/]*={0,2}$/

export const urlSafe = /^[A-Za-z0-9_-]*={0,2}$/

/** Whether the text is base64 for a strict decoder. */
export const isStrict = (text: unknown, alphabet: RegExp): text is string =>
  typeof text === "string" && text.length % 4 === 0 && alphabet.test(text)
