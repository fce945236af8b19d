/**
 * Removes files that other processes may change at the same time.
 */
import * as Effect from "effect/Effect"
import { hasExpired } from "../common/hasExpired.ts"
import type { Files } from "./Files.ts"
import type { Header } from "./header.ts"
import type { Found } from "./layout.ts"

/**
 * Removes a file if it is selected. Returns whether it contained an entry that had not expired. The file is moved aside
 * first, so that the removed file is the same as the one that was read.
 */
export const removeFile = (
  files: Files,
  file: string,
  isSelected: (header: Header | "unknown") => boolean,
  onRemoved: Effect.Effect<void>
) =>
  files
    .take(
      file,
      Effect.fnUntraced(function* (aside, putBack) {
        yield* onRemoved
        const header = yield* files.header(aside)
        if (header === undefined) return false
        if (!isSelected(header)) return yield* Effect.as(putBack, false)
        return header === "unknown" || !(yield* hasExpired(header))
      })
    )
    .pipe(
      Effect.map((removed) => removed ?? false),
      Effect.uninterruptible
    )

export const removeIfExpired = Effect.fnUntraced(function* (
  files: Files,
  found: Found,
  onRemoved: Effect.Effect<void>
) {
  if (!(yield* hasExpired(found))) return false
  const removed = yield* files.reclaim(found.file)
  if (removed) yield* onRemoved
  return removed
}, Effect.uninterruptible)
