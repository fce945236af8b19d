import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** Waits for about `millis`: 80 to 120 %, so that contenders do not all ask at the same time. At most `max`. */
export const pause = (millis: number, max: number): Effect.Effect<void> =>
  Effect.flatMap(Random.next, (random) => Effect.sleep(Math.max(1, Math.min(max, millis * (0.8 + 0.4 * random)))))

/** The pause before each look at a lease of another holder: 10 ms, growing to a second. */
export const lookAgainIn = (round: number): number => Math.min(1000, 10 * 1.5 ** Math.min(round, 20))
