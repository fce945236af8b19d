import type * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import { millisOf } from "../time/duration.ts"

/** The first moment after the year 9999. The stored formats use ISO 8601, which has four digits for the year. */
const endOfTime = Date.UTC(10_000, 0, 1)

/** The longest TTL: 1,000 years, in milliseconds. An entry that is written now with this TTL ends before the year 9999. */
export const longestTtl = 1000 * 365 * 86_400_000

/** Limits a time to what stores can keep. An infinite one stays infinite. */
export const withinStores = (millis: number): number =>
  millis === Number.POSITIVE_INFINITY ? millis : Math.min(millis, longestTtl)

/** Returns when an entry that is written now expires (`undefined`: never), or why the TTL is not valid. */
export const expiry = (ttl: Duration.Input | undefined, now: number): Result.Result<number | undefined, string> => {
  if (ttl === undefined) return Result.succeed(undefined)
  const millis = millisOf(ttl)
  if (millis === Number.POSITIVE_INFINITY) return Result.succeed(undefined)
  if (Number.isNaN(millis)) return Result.fail("the TTL is not a duration")
  if (millis <= 0) return Result.fail("the TTL is not positive")
  if (millis < 1) return Result.fail("the TTL is shorter than a millisecond")
  if (now + millis >= endOfTime) return Result.fail("the TTL ends after the year 9999")
  return Result.succeed(after(now, Math.floor(millis)))
}

/** Adds in whole microseconds if `now` has a fraction, because sums of fractions are inexact. */
const after = (now: number, millis: number): number =>
  Number.isInteger(now) ? now + millis : (Math.round(now * 1000) + millis * 1000) / 1000
