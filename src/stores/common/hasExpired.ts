import * as Effect from "effect/Effect"
import { type Entry, isExpired } from "../../Entry.ts"

/** Returns whether the entry has expired according to the fiber's clock. */
export const hasExpired = (entry: Pick<Entry, "expiresAt">): Effect.Effect<boolean> =>
  Effect.clockWith((clock) => Effect.succeed(isExpired(entry, clock.currentTimeMillisUnsafe())))
