/**
 * Returns free space to the file system after a removal in bulk, and empties the log, which contains removed values.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Cursor, Removed } from "../../driver/Call.ts"
import { lazy } from "../../platform/lazy.ts"
import { pauses } from "../../time/pauses.ts"
import { isLogInUseUnsafe } from "./database.ts"
import type { Statements } from "./statements.ts"

/** The cursor after the last page of a removal. */
export const shrinking: Cursor = Object.freeze({ shrinking: true })

const schedule = lazy(() => pauses("1 millis", "25 millis"))

/**
 * Frees some pages of the file, or finally empties the log. Never fails: if another connection blocks it, such as by a
 * long read, the next removal does the work.
 */
export const shrink = (statements: Statements): Effect.Effect<Removed> =>
  Effect.flatMap(
    Effect.sync(() => shrinkSome(statements)),
    (more) =>
      more
        ? Effect.as(Effect.yieldNow, { count: 0, next: shrinking })
        : Effect.as(Effect.repeat(emptyLog(statements), { schedule: schedule(), times: 5, while: (busy) => busy }), {
            count: 0,
            next: undefined
          })
  )

/** Returns whether there is more to do. */
const shrinkSome = (statements: Statements): boolean =>
  Result.getOrElse(
    Result.try(() => {
      const before = freePages(statements)
      if (before === 0) return false
      statements.shrink.all()
      const after = freePages(statements)
      return after > 0 && after < before
    }),
    () => false
  )

const freePages = (statements: Statements): number => (statements.freePages.get() as unknown as [number])[0]

/** Empties the log, and returns whether another connection blocked this. */
const emptyLog = (statements: Statements): Effect.Effect<boolean> =>
  Effect.sync(() =>
    Result.getOrElse(
      Result.try(() => isLogInUseUnsafe(statements.checkpoint)),
      () => false
    )
  )
