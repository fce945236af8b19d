import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Driver } from "../driver/Driver.ts"
import type { Entry } from "../Entry.ts"
import { callAt } from "../KeyValue.ts"
import { ConflictError, type Place, type ReadError, type WriteError } from "../KeyValueError.ts"
import { beforeWrite } from "./beforeWrite.ts"
import { lazy } from "./lazy.ts"
import { pauses } from "./pauses.ts"

export type AtomicDriver = Driver & Required<Pick<Driver, "compareAndPut">>

/** What becomes of an entry. */
export interface Change<A> {
  readonly answer: A
  /** The entry to write, or `undefined` to delete the key. Without it, nothing is written. */
  readonly write?: { readonly entry: Entry | undefined } | undefined
}

export interface Options {
  /** How often to start again. */
  readonly maxRetries: number
  /** Whether `f` needs the exact expiry of the entry. */
  readonly expiry: boolean
}

/** Reads a key and writes what `f` makes of it; again, after a short random pause, if another writer came between. */
export const change = <A, E>(
  driver: AtomicDriver,
  place: Place,
  { maxRetries, expiry }: Options,
  f: (current: Entry | undefined) => Effect.Effect<Change<A>, E>
): Effect.Effect<A, E | ReadError | WriteError | ConflictError> =>
  Effect.gen(function* () {
    const [current] = yield* Effect.mapError(
      driver.get({ _tag: "get", ...callAt(place), expiry, versioned: true }),
      beforeWrite
    )
    const { answer, write } = yield* f(current)
    if (write === undefined) return answer
    const { entry } = write
    const expected = current?.version
    const done = yield* driver.compareAndPut({ _tag: "compareAndPut", ...callAt(place), entry, expected })
    if (!done) return yield* new Lost()
    return answer
  }).pipe(
    Effect.retry({ schedule: schedule(), times: maxRetries, while: (error) => error instanceof Lost }),
    Effect.mapError((error) =>
      error instanceof Lost ? new ConflictError({ ...place, attempts: maxRetries + 1 }) : error
    )
  )

/** Another writer came between. */
class Lost extends Data.TaggedError("Lost") {}

const schedule = lazy(() => pauses("1 millis", "50 millis"))
