/**
 * Removing a file that was looked at, and no other.
 */
import * as Effect from "effect/Effect"
import { type Entry, isExpired } from "../../Entry.ts"
import type { Files } from "./Files.ts"
import type { Header } from "./header.ts"
import type { Found } from "./layout.ts"

export const hasExpired = (entry: Pick<Entry, "expiresAt">): Effect.Effect<boolean> =>
  Effect.clockWith((clock) => Effect.succeed(isExpired(entry, clock.currentTimeMillisUnsafe())))

/** Removes a file if it is the right one, and answers whether there was an entry in it that had not expired. */
export const removeFile = (
  files: Files,
  file: string,
  isRight: (header: Header | "unknown") => boolean,
  onRemoved: Effect.Effect<void>
) =>
  files.inTurn(
    file,
    Effect.gen(function* () {
      const header = yield* files.header(file)
      if (header === undefined || !isRight(header)) return false
      const removed = yield* files.remove(file)
      if (removed) yield* onRemoved
      return removed && (header === "unknown" || !(yield* hasExpired(header)))
    })
  )

export const removeIfExpired = (files: Files, found: Found, onRemoved: Effect.Effect<void>) =>
  Effect.clockWith((clock) => {
    const now = clock.currentTimeMillisUnsafe()
    return isExpired(found, now)
      ? Effect.tap(
          files.reclaim(found.file, (header) => isExpired(header, now)),
          (removed) => (removed ? onRemoved : Effect.void)
        )
      : Effect.succeed(false)
  })
