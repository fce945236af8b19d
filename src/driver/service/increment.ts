import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Entry } from "../../Entry.ts"
import {
  type ConflictError,
  CounterRangeError,
  DeserializationError,
  InvalidIncrementError,
  InvalidTtlError,
  type Place,
  type ReadError,
  type WriteError
} from "../../KeyValueError.ts"
import { atNow } from "../../time/atNow.ts"
import type * as Call from "../Call.ts"
import * as Calls from "../Calls.ts"
import { counterOf, entryOf, incremented, isCounter, keepsExpiry } from "../counter.ts"
import { expiry } from "../ttl.ts"
import { type AtomicDriver, type Change, change, find, isStored } from "./change.ts"

/** What an increment does, as the application asked for it. */
export interface Request {
  readonly by: number
  readonly initial: number
  readonly min: number
  readonly max: number
  readonly ttl: Duration.Input | undefined
  readonly renew: boolean
  /** How often to start again after another writer came first, in a stack without a native increment. */
  readonly maxRetries: number
}

type Errors = ReadError | WriteError | ConflictError | InvalidIncrementError | CounterRangeError

/**
 * Adds to a counter: in one step of the driver if it has a native increment that can decide this one, else by a read and a
 * conditional write. Returns the counter afterwards.
 */
export const increment = (driver: AtomicDriver, place: Place, asked: Request): Effect.Effect<number, Errors> => {
  const { by, initial, min, max } = asked
  const request = { ...asked, by: plain(by), initial: plain(initial), min: plain(min), max: plain(max) }
  const reason = problemOf(request)
  if (reason !== undefined) return Effect.fail(new InvalidIncrementError({ ...place, reason }))
  const { increment: native } = driver.atomic
  return atNow((now) =>
    Effect.flatMap(stepAt(place, request, now), (step) =>
      native === undefined
        ? derived(driver, place, request)
        : Effect.flatMap(native(Calls.increment(place, step)), (result) =>
            result === undefined ? derived(driver, place, request) : answerOf(place, request, result)
          )
    )
  )
}

/** A program that subtracts 0 passes `-0`, which no counter can hold. */
const plain = (number: number): number => (number === 0 ? 0 : number)

const problemOf = ({ by, initial, min, max, ttl, renew }: Request): string | undefined => {
  for (const [name, value] of Object.entries({ by, initial, min, max })) {
    if (!isCounter(value)) return `${name} must be an integer within ±(2^53 − 1)`
  }
  if (min > max) return "min is above max"
  return renew && ttl === undefined ? "renew needs a ttl" : undefined
}

type Step = Parameters<typeof Calls.increment>[1]

const stepAt = (place: Place, request: Request, now: number): Effect.Effect<Step, InvalidTtlError> => {
  const { ttl, renew, by, initial, min, max } = request
  const expiresAt = expiry(ttl, now)
  return Result.isFailure(expiresAt)
    ? Effect.fail(new InvalidTtlError({ ...place, ttl, reason: expiresAt.failure }))
    : Effect.succeed({ by, initial, min, max, createdAt: now, expiresAt: expiresAt.success, renews: renew })
}

const answerOf = (
  place: Place,
  { by, min, max }: Request,
  { applied, value }: NonNullable<Call.Incremented>
): Effect.Effect<number, CounterRangeError> =>
  applied ? Effect.succeed(value) : Effect.fail(new CounterRangeError({ ...place, value, by, min, max }))

const derived = (driver: AtomicDriver, place: Place, request: Request): Effect.Effect<number, Errors> => {
  const { maxRetries, initial } = request
  /** The counter after a write that a limit of the stack dropped. A missing counter counts as `initial`. */
  const ifDropped = (drop: Call.Drop): Effect.Effect<number, ReadError> =>
    drop === "delete"
      ? Effect.succeed(initial)
      : Effect.flatMap(find(driver, place), (entry) => Effect.map(valueOf(place, entry), (value) => value ?? initial))
  return change(driver, place, { maxRetries, expiry: true }, (current) =>
    Effect.flatMap(valueOf(place, current), (value) =>
      Effect.flatMap(answerOf(place, request, incremented(value, request)), (answer) =>
        Effect.map(
          atNow((now) => stepAt(place, request, now)),
          (step): Change<number> => {
            const stored = isStored(current) ? current : undefined
            const entry = entryOf(answer, step, stored)
            return { answer, write: { entry, keepsExpiry: keepsExpiry(step, stored) }, ifDropped }
          }
        )
      )
    )
  )
}

/** The default of a `DefaultValue` is the value of a missing counter if it is an integer. Otherwise, `initial` is. */
const valueOf = (place: Place, entry: Entry | undefined): Effect.Effect<number | undefined, DeserializationError> => {
  const value = entry && counterOf(entry)
  return value === undefined && isStored(entry)
    ? Effect.fail(new DeserializationError({ ...place, reason: notACounter }))
    : Effect.succeed(value)
}

const notACounter = "its value is not an integer within ±(2^53 − 1), so it is not a counter"
