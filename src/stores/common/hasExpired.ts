import * as Effect from "effect/Effect"
import { type Entry, isExpired } from "../../Entry.ts"

/** Has the entry expired by the fiber's clock? */
export const hasExpired = (entry: Pick<Entry, "expiresAt">): Effect.Effect<boolean> =>
  Effect.clockWith((clock) => Effect.succeed(isExpired(entry, clock.currentTimeMillisUnsafe())))
