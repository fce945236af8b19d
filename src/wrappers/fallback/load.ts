import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Call from "../../driver/Call.ts"
import type { Entry } from "../../Entry.ts"
import type { ReadError } from "../../KeyValueError.ts"
import { monotonicMillis } from "../../time/clock.ts"
import { byAcceptance, type Pending } from "./Index.ts"
import type { Journal } from "./Journal.ts"
import { decode, slotOf } from "./journalEntry.ts"

/** How many keys are put in order in one step. */
const chunkSize = 5000

/**
 * Reads the index of a journal from its store. What is found is replayed only after `settleTime`: the writes of the process
 * that has ended may still be applied to the primary.
 */
export const load = (journal: Journal): Effect.Effect<void, ReadError> =>
  Effect.gen(function* () {
    const { slots, settleTime } = journal.config
    const settlesAt = monotonicMillis(yield* Clock.Clock) + settleTime
    const found = new Set<Pending>()
    let cursor: Call.Cursor
    do {
      const page: Call.Page = yield* slots.list(cursor)
      if (page.names.length > 0) add(journal, page.names, yield* slots.read(page.names), found)
      cursor = page.next
    } while (cursor !== undefined)
    for (const chunk of Arr.chunksOf(byAcceptance([...found]), chunkSize)) {
      for (const pending of chunk) {
        pending.settlesAt = settlesAt
        journal.index.moveToEnd(pending)
      }
      yield* Effect.yieldNow
    }
    if (found.size > 0) journal.isReplayNeeded.openUnsafe()
  })

const add = (
  { config: { stamps }, index, extra }: Journal,
  names: ReadonlyArray<string>,
  slots: ReadonlyArray<Entry | undefined>,
  found: Set<Pending>
): void => {
  names.forEach((name, i) => {
    const write = slots[i] && decode(slots[i])
    if (write === undefined) return
    // Slots of this process get later names than those that it finds, although it counts from zero.
    stamps.see(write.acceptedAt + 1)
    stamps.see(write.entry?.createdAt)
    const { collection, key } = write
    const pending = index.get(collection, key) ?? index.add(collection, key)
    found.add(pending)
    const { last } = pending
    const isLast = last === undefined || last.name < name
    if (isLast) pending.last = slotOf(name, write)
    if (last !== undefined) extra.addReplaced(pending, isLast ? last.name : name)
  })
}
