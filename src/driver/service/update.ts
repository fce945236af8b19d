import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Entry } from "../../Entry.ts"
import type {
  ConflictError,
  InvalidTtlError,
  Place,
  ReadError,
  SerializationError,
  WriteError
} from "../../KeyValueError.ts"
import type { Value } from "../../Value.ts"
import { encode, valueOf } from "../boundary.ts"
import type { Drop } from "../Call.ts"
import type { Driver } from "../Driver.ts"
import { type AtomicDriver, change, find, isStored } from "./change.ts"

export interface Options {
  /** The new TTL of the entry. Default: the entry keeps its expiry. */
  readonly ttl: Duration.Input | undefined
  readonly maxRetries: number
}

/**
 * Replaces the value of a key. `f` returns `Some` with the new value, `Some(undefined)` to delete the key, or `None` to
 * write nothing. Returns the value that the key has afterwards.
 */
export const update = (
  driver: AtomicDriver,
  place: Place,
  { ttl, maxRetries }: Options,
  f: (value: Value | undefined) => Option.Option<Value | undefined>
): Effect.Effect<Value | undefined, ReadError | WriteError | ConflictError> => {
  const ifDropped = (drop: Drop) =>
    drop === "delete" ? Effect.undefined : Effect.map(find(driver, place), (entry) => entry && valueOf(driver, entry))
  return change(
    driver,
    place,
    { maxRetries, expiry: true },
    Effect.fnUntraced(function* (current) {
      const value = current && valueOf(driver, current)
      const made = f(value)
      if (Option.isNone(made)) return { answer: value }
      if (made.value === undefined) {
        return isStored(current) ? { answer: undefined, write: { entry: undefined }, ifDropped } : { answer: undefined }
      }
      const entry = yield* replacement(driver, place, current, made.value, ttl)
      const write = { entry, keepsExpiry: ttl === undefined && isStored(current) }
      return { answer: entry.payload.copy().value, write, ifDropped }
    })
  )
}

/** Makes the entry that replaces the current one. Without a TTL, it keeps the expiry of the current entry. */
export const replacement = (
  driver: Driver,
  place: Place,
  current: Entry | undefined,
  value: Value,
  ttl: Duration.Input | undefined
): Effect.Effect<Entry, SerializationError | InvalidTtlError> =>
  Effect.map(encode(driver, place, [value], ttl), ([entry]) =>
    ttl === undefined ? { ...entry!, expiresAt: current?.expiresAt } : entry!
  )
