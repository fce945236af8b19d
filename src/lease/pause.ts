import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** Waits for about `millis`: 80 to 120 %, so that contenders do not all ask at the same time. At most `max`. */
export const pause = (millis: number, max: number): Effect.Effect<void> =>
  Effect.flatMap(Random.next, (random) => Effect.sleep(Math.max(1, Math.min(max, millis * (0.8 + 0.4 * random)))))

/** The pause before each look at a lease of another holder: 10 ms, growing to a second. */
export const lookAgainIn = (round: number): number => Math.min(1000, 10 * 1.5 ** Math.min(round, 20))

/** The shortest limit for one request, in milliseconds, even of an attempt that does not want to wait. */
const shortestLook = 5000

/**
 * How long an attempt with `left` milliseconds to wait waits for one reply of the store. A request without a reply must leave
 * time for another one.
 */
export const lookFor = (left: number, ttl: number): number =>
  Math.min(ttl, Math.max(shortestLook, Math.min(left, ttl / 3)))
