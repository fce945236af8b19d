import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Entry } from "../../Entry.ts"
import { ConflictError, type Place, type ReadError, type WriteError } from "../../KeyValueError.ts"
import { lazy } from "../../platform/lazy.ts"
import { pauses } from "../../time/pauses.ts"
import * as Call from "../Call.ts"
import * as Calls from "../Calls.ts"
import type { Atomic, Driver } from "../Driver.ts"

/** A driver that can write conditionally. */
export type AtomicDriver = Driver & { readonly atomic: Atomic }

/** What happens to an entry. Without `write`, it is kept. With a `write` that has no `entry`, the key is deleted. */
export type Change<A, R = never> =
  | { readonly answer: A; readonly write?: undefined }
  | {
      readonly answer: A
      readonly write: Pick<Call.CompareAndPut, "entry" | "keepsExpiry">
      /** Returns the result if a wrapper drops the write. */
      readonly ifDropped: (drop: Call.Drop) => Effect.Effect<A, ReadError, R>
    }

export interface Options {
  /** How often to start again after another writer came first. */
  readonly maxRetries: number
  /** Whether `f` needs the exact expiry of the entry. */
  readonly expiry: boolean
}

/** Reads a key and writes the change that `f` returns. Retries after a short random pause if another writer came first. */
export const change = <A, E, R = never>(
  driver: AtomicDriver,
  place: Place,
  { maxRetries, expiry }: Options,
  f: (current: Entry | undefined) => Effect.Effect<Change<A, R>, E, R>
): Effect.Effect<A, E | ReadError | WriteError | ConflictError, R> =>
  Effect.gen(function* () {
    const current = yield* find(driver, place, expiry)
    const change = yield* f(current)
    if (change.write === undefined) return change.answer
    const expected = current?.version
    const swapped = yield* driver.atomic.compareAndPut(Calls.compareAndPut(place, { ...change.write, expected }))
    if (swapped === false) return yield* new Lost()
    return swapped === true ? change.answer : yield* change.ifDropped(swapped)
  }).pipe(
    Effect.retry({ schedule: schedule(), times: maxRetries, while: (error) => error instanceof Lost }),
    Effect.mapError((error) =>
      error instanceof Lost ? new ConflictError({ ...place, attempts: maxRetries + 1 }) : error
    )
  )

/** Returns the current entry of the key, with its version. */
export const find = (driver: Driver, place: Place, expiry = false): Effect.Effect<Entry | undefined, ReadError> =>
  Effect.map(driver.get(Calls.get(Call.beforeWriting(place), { expiry, versioned: true })), ([entry]) => entry)

/** Whether the entry is in the store. The default that `DefaultValue` returns for a missing entry has no version. */
export const isStored = (entry: Entry | undefined): entry is Entry => entry?.version !== undefined

/** Another writer changed the key after it was read. */
class Lost extends Data.TaggedError("Lost") {}

const schedule = lazy(() => pauses("1 millis", "50 millis"))
