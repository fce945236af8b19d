import * as Effect from "effect/Effect"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { inTime } from "../../driver/inTime.ts"
import type { Entry } from "../../Entry.ts"
import type { ReadError } from "../../KeyValueError.ts"
import type { Pending } from "./Index.ts"
import type { Journal } from "./Journal.ts"
import { lastWrites } from "./lastWrites.ts"
import type { Parts } from "./Parts.ts"

type Answers = ReadonlyArray<Entry | undefined>

/** Reads keys that are in the journal from there, and all others from the primary. */
export const reading =
  (parts: Parts): Driver["get"] =>
  (call) =>
    Effect.suspend(() => {
      const { journal } = parts
      if (journal.size === 0) return direct(parts, call)
      const pending = call.keys.map((key) => toRead(journal, call.collection, key))
      const own = pending.flatMap((it, i) => (it === undefined ? [] : [i]))
      if (own.length === 0) return direct(parts, call)
      const lasts = own.map((i) => pending[i]!.last)
      const read = lastWrites(
        journal,
        Call.pick(call, own),
        own.map((i) => pending[i]!)
      )
      return Effect.flatMap(read, (entries) => {
        const answers = new Array<Entry | undefined>(call.keys.length)
        const others = pending.flatMap((it, i) => (it === undefined ? [i] : []))
        const changed: Array<number> = []
        entries.forEach((entry, i) => {
          const index = own[i]!
          if (entry !== "gone") answers[index] = entry
          else if (pending[index]!.last === lasts[i]) others.push(index)
          else changed.push(index)
        })
        const fill = (indices: ReadonlyArray<number>, get: (call: Call.Get) => Effect.Effect<Answers, ReadError>) =>
          indices.length === 0
            ? Effect.void
            : Effect.map(get(Call.pick(call, indices)), (found) => {
                for (const [i, index] of indices.entries()) answers[index] = found[i]
              })
        // A write that is gone was replayed, or a later write has replaced it while it was read.
        return fill(others, (call) => direct(parts, call)).pipe(
          Effect.andThen(fill(changed, reading(parts))),
          Effect.as(answers)
        )
      })
    })

/** The pending writes of a key that must be read from the journal. */
const toRead = (journal: Journal, collection: string, key: string): Pending | undefined => {
  const pending = journal.index.get(collection, key)
  return pending?.last === undefined || pending.isReplayed ? undefined : pending
}

/** In an outage, the fallback's own entries are returned. A key that it does not have may still be in the primary. */
const direct = (
  { primary, fallback, replayer, journal, fallbackOn }: Parts,
  call: Call.Get
): Effect.Effect<Answers, ReadError> => {
  const { stamps, slots } = journal.config
  // A caller that has read an entry writes later than that entry, whatever the clocks of processes say.
  const seen = Effect.mapEager(primary.get(call), (entries) => {
    for (const entry of entries) stamps.see(entry?.createdAt)
    return entries
  })
  return Effect.catchIf(seen, fallbackOn, (error) => {
    replayer.noteOutage()
    if (call.collection === slots.config.collection) return Effect.fail(error)
    return Effect.filterOrFail(
      Effect.mapError(inTime(call, fallback.get), () => error),
      (found) => !found.includes(undefined),
      () => error
    )
  })
}
