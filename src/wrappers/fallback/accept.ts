import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Call from "../../driver/Call.ts"
import { layerClosed } from "../../driver/layerClosed.ts"
import { outcomeOf } from "../../driver/outcome.ts"
import { StoreUnavailableError, type WriteError } from "../../KeyValueError.ts"
import { now } from "../../time/clock.ts"
import type { Pending, Slot } from "./Index.ts"
import type { Journal } from "./Journal.ts"
import { encode, type JournalEntry, slotOf } from "./journalEntry.ts"

/** How many slots one key may have, beside its last one, before its writes are refused. */
const maxOfKey = 1000

/**
 * Writes a call to the journal. `mayBeUnderWay` tells that the primary may still apply the call, too.
 *
 * Callers take turns: there are no two calls about the same key at a time.
 */
export const accept = (
  journal: Journal,
  call: Call.Put | Call.Delete,
  mayBeUnderWay: boolean
): Effect.Effect<void, WriteError> =>
  Effect.suspend(() => {
    const { slots, stamps, settleTime, meters } = journal.config
    let taken: ReadonlyArray<readonly [Pending, Slot]> = []
    // Slots are taken inside of what notes how their write ended: a fiber can be interrupted between any two steps.
    const put = Effect.withFiber((fiber) => {
      const at = now(fiber)
      const refusal = refusalOf(journal, call, at)
      if (refusal !== undefined) return Effect.fail(refusal)
      const acceptedAt = stamps.next(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe())
      const once = Call.lastOfEachKey(call)
      const { collection } = once
      const writes = once.keys.map((key, i): JournalEntry => {
        const entry = once._tag === "put" ? once.entries[i] : undefined
        return { collection, key, acceptedAt, entry }
      })
      const names = writes.map(() => slots.nextName(acceptedAt))
      taken = writes.map((write, i) => [journal.open(collection, write.key, at), slotOf(names[i]!, write)])
      return slots.put(once, names, writes.map(encode))
    })
    return Effect.onExitPrimitive(put, (exit) =>
      taken.length === 0
        ? undefined
        : Effect.withFiber((fiber) => {
            const outcome = outcomeOf(exit)
            const settlesAt = now(fiber) + settleTime
            for (const [pending, slot] of taken) {
              if (mayBeUnderWay || outcome === "unknown") pending.settlesAt = Math.max(pending.settlesAt, settlesAt)
              journal.note(pending, slot, outcome)
            }
            if (outcome === "applied") meters.journaled(taken.length)
            // Another process, or the layer that is built next, may have read the journal already.
            return outcome === "applied" && journal.isClosed ? Effect.fail(layerClosed(call.place, true)) : Effect.void
          })
    )
  })

const refusalOf = (
  { isClosed, config, index, size, extra }: Journal,
  { place, collection, keys }: Call.Put | Call.Delete,
  at: number
): StoreUnavailableError | undefined => {
  if (isClosed) return layerClosed(place, false)
  const { maxEntries } = config
  const known = index.in(collection)
  const added = new Set(keys.filter((key) => !known.has(key))).size
  const hasTooMany = (key: string) => {
    const pending = known.get(key)
    return pending !== undefined && extra.keptOf(pending, at) >= maxOfKey
  }
  return size + added > maxEntries || extra.size >= Math.max(maxEntries, maxOfKey) || keys.some(hasTooMany)
    ? new StoreUnavailableError({ ...place, reason: "the journal is full", sent: false })
    : undefined
}
