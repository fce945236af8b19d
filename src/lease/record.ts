import * as Predicate from "effect/Predicate"
import type { Json, Value } from "../Value.ts"

/** A lease as it is stored, in a JSON object. */
export interface LeaseRecord {
  /** The fencing token of the holder, or of the last holder. */
  readonly token: number
  /** The id of the attempt that holds the lease, or `undefined` if it was released. Each attempt has an id of its own. */
  readonly owner: string | undefined
  /** Another number in each write of one holder. So an entry that has not changed was not renewed. */
  readonly beat: number
  /** How long the lease lives after each renewal, in milliseconds. */
  readonly ttl: number
  /** What the last holder left behind when it ended, such as the outcome of its work. */
  readonly note?: Json | undefined
}

export const toValue = ({ token, owner, beat, ttl, note }: LeaseRecord): Value => {
  const fields = { token, owner: owner ?? null, beat, ttl }
  return note === undefined ? fields : { ...fields, note }
}

/** Reads a stored lease. Returns `undefined` for a value that is not a lease. */
export const fromValue = (value: unknown): LeaseRecord | undefined => {
  if (!Predicate.isObject(value)) return undefined
  const { token, owner, beat, ttl, note } = value as { readonly [field: string]: unknown }
  if (!isCount(token) || !isCount(beat) || typeof ttl !== "number" || !(ttl > 0 && ttl < Number.POSITIVE_INFINITY)) {
    return undefined
  }
  if (owner !== null && typeof owner !== "string") return undefined
  return { token, owner: owner ?? undefined, beat, ttl, note: note as Json | undefined }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
