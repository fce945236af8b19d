import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { Entry } from "../../Entry.ts"
import {
  type ConflictError,
  InvalidTtlError,
  type Place,
  type ReadError,
  type WriteError
} from "../../KeyValueError.ts"
import { atNow } from "../../time/atNow.ts"
import * as Calls from "../Calls.ts"
import type { Driver } from "../Driver.ts"
import { expiry } from "../ttl.ts"
import { type AtomicDriver, type Change, change, find, isStored } from "./change.ts"
import { defaultRetries } from "./retries.ts"

/**
 * Gives the entry of a key a new TTL, or none. The entry keeps its value and its time of writing. Returns whether the entry
 * has the new TTL: `false` if the key is missing, or if a wrapper drops the write.
 */
export const touch = (
  driver: Driver,
  place: Place,
  ttl: Duration.Input | undefined
): Effect.Effect<boolean, ReadError | WriteError | ConflictError> =>
  // An invalid TTL fails even if the key is missing.
  Effect.andThen(
    expiring(place, ttl, (expiresAt) => Effect.succeed(expiresAt)),
    driver.atomic === undefined
      ? readThenWrite(driver, place, ttl)
      : change(driver as AtomicDriver, place, { maxRetries: defaultRetries, expiry: false }, (current) =>
          isStored(current)
            ? expiring(place, ttl, (expiresAt) =>
                Effect.succeed<Change<boolean>>({
                  answer: true,
                  write: { entry: withExpiry(current, expiresAt) },
                  ifDropped: () => Effect.succeed(false)
                })
              )
            : Effect.succeed<Change<boolean>>({ answer: false })
        )
  )

/** The read asks for a version, which this driver does not have, so that no cache answers with an older value. */
const readThenWrite = (
  driver: Driver,
  place: Place,
  ttl: Duration.Input | undefined
): Effect.Effect<boolean, ReadError | WriteError> =>
  Effect.flatMap(find(driver, place), (current) =>
    current === undefined || current.isDefault
      ? Effect.succeed(false)
      : expiring(place, ttl, (expiresAt) =>
          Effect.as(driver.put(Calls.put(place, [withExpiry(current, expiresAt)])), true)
        )
  )

const withExpiry = ({ payload, createdAt }: Entry, expiresAt: number | undefined): Entry => ({
  payload,
  createdAt,
  expiresAt
})

/** Computes the expiry from the time at which the effect runs, which may be after a pause. */
const expiring = <A, E>(
  place: Place,
  ttl: Duration.Input | undefined,
  run: (expiresAt: number | undefined) => Effect.Effect<A, E>
): Effect.Effect<A, E | InvalidTtlError> =>
  atNow((now): Effect.Effect<A, E | InvalidTtlError> => {
    const expiresAt = expiry(ttl, now)
    return Result.isSuccess(expiresAt)
      ? run(expiresAt.success)
      : Exit.fail(new InvalidTtlError({ ...place, ttl, reason: expiresAt.failure }))
  })
