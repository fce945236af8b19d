import * as Effect from "effect/Effect"
import * as Call from "../../driver/Call.ts"
import * as Calls from "../../driver/Calls.ts"
import { type Entry, isExpired } from "../../Entry.ts"
import { DeserializationError, type ReadError } from "../../KeyValueError.ts"
import type { Pending } from "./Index.ts"
import type { Journal } from "./Journal.ts"
import { decode } from "./journalEntry.ts"

/**
 * The last write of a key: its entry, or `undefined` for a deletion or an entry that has expired. It is `"gone"` when another
 * process has replayed it and removed its slot: then the key is not pending any more.
 */
export type LastWrite = Entry | undefined | "gone"

/** Reads the last writes of the keys of a call. */
export const lastWrites = (
  { config: { slots } }: Journal,
  call: Call.Get,
  pending: ReadonlyArray<Pending>,
  from?: "background"
): Effect.Effect<ReadonlyArray<LastWrite>, ReadError> =>
  Effect.clockWith((clock) => {
    const at = clock.currentTimeMillisUnsafe()
    const lasts = pending.map(({ last }) => last!)
    const asked = lasts.flatMap((slot, i) => (slot.isDelete || isExpired(slot, at) ? [] : [i]))
    const answers: Array<LastWrite> = lasts.map(() => undefined)
    if (asked.length === 0) return Effect.succeed(answers)
    const names = asked.map((i) => lasts[i]!.name)
    return Effect.flatMap(slots.get(call, names, from), (found) => {
      for (const [i, index] of asked.entries()) {
        const slot = found[i]
        const write = slot && decode(slot)
        if (slot !== undefined && write === undefined) {
          return Effect.fail(
            new DeserializationError({ ...Call.placeOf(call, index), reason: "its entry in the journal is damaged" })
          )
        }
        answers[index] = write === undefined ? "gone" : write.entry
      }
      return Effect.succeed(answers)
    })
  })

/** Reads the last write of a key in the background. */
export const lastWrite = (journal: Journal, pending: Pending): Effect.Effect<LastWrite, ReadError> => {
  const call = Calls.get(journal.config.slots.place("get", [pending.key]))
  return Effect.map(lastWrites(journal, call, [pending], "background"), ([write]) => write)
}
