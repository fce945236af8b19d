import { type Entry, isExpired } from "../Entry.ts"
import { Payload } from "../Value.ts"
import type * as Call from "./Call.ts"

/** Whether a value is an integer that a counter can hold: within ±(2^53 − 1), and not `-0`. */
export const isCounter = (value: unknown): value is number => Number.isSafeInteger(value) && !Object.is(value, -0)

/** The integer that an entry holds, or `undefined` if its value is anything else. */
export const counterOf = (entry: Entry): number | undefined => {
  const { payload } = entry
  if (payload.isBytes) return undefined
  const value = payload.toValue(true)
  return isCounter(value) ? value : undefined
}

/** The part of an increment that decides its result. */
export type Step = Pick<Call.Increment, "by" | "initial" | "min" | "max">

/** Returns the result of an increment of a counter, or of a missing counter. It does not write. */
export const incremented = (
  current: number | undefined,
  { by, initial, min, max }: Step
): NonNullable<Call.Incremented> => {
  const value = current ?? initial
  const sum = value + by
  return sum < min || sum > max ? { applied: false, value } : { applied: true, value: sum }
}

/** Makes the entry of a counter. `current` is the entry that it replaces. */
export const entryOf = (
  value: number,
  call: Pick<Call.Increment, "createdAt" | "expiresAt" | "renews">,
  current: Entry | undefined
): Entry => ({
  payload: Payload.json(value),
  createdAt: call.createdAt,
  expiresAt: keepsExpiry(call, current) ? current?.expiresAt : call.expiresAt
})

/** Whether a counter keeps the expiry of the entry that it replaces. */
export const keepsExpiry = ({ renews }: Pick<Call.Increment, "renews">, current: Entry | undefined): boolean =>
  current !== undefined && !renews

/**
 * Decides an increment in a store that has read the current entry in the same atomic step: the result, and the entry to
 * write if there is one. Returns `undefined` if the entry is not a counter, so that the store must not change it.
 */
export const decide = (
  current: Entry | undefined,
  call: Call.Increment,
  now: number
): { readonly result: Call.Incremented; readonly entry: Entry | undefined } | undefined => {
  const live = current === undefined || isExpired(current, now) ? undefined : current
  const counter = live && counterOf(live)
  if (live !== undefined && counter === undefined) return undefined
  const result = incremented(counter, call)
  return { result, entry: result.applied ? entryOf(result.value, call, live) : undefined }
}
