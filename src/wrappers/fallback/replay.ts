import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Calls from "../../driver/Calls.ts"
import type { Driver } from "../../driver/Driver.ts"
import { outcomeOf } from "../../driver/outcome.ts"
import type { Entry } from "../../Entry.ts"
import type { KeyValueError, Operation, Place } from "../../KeyValueError.ts"
import { monotonicMillis } from "../../time/clock.ts"
import type { Pending } from "./Index.ts"
import type { Journal } from "./Journal.ts"
import { lastWrite } from "./lastWrites.ts"

/** The journal could not be read, or a slot not removed. */
export class JournalFailure extends Data.TaggedError("JournalFailure")<{ readonly cause: KeyValueError }> {}

/** Applies the last write of a key to the primary, unless that has a newer entry, and removes the key from the journal. */
export const replay = (
  primary: Driver,
  journal: Journal,
  pending: Pending
): Effect.Effect<void, KeyValueError | JournalFailure> =>
  Effect.suspend(() => {
    const { meters } = journal.config
    const removed = asJournalFailure(journal.remove(pending))
    if (pending.last === undefined || pending.isReplayed) return removed
    return Effect.flatMap(asJournalFailure(lastWrite(journal, pending)), (entry) =>
      entry === "gone"
        ? removed
        : Effect.flatMap(write(primary, journal, pending, entry), (isNewest) => {
            pending.isReplayed = true
            if (isNewest) meters.replayed()
            else meters.conflicts()
            return removed
          })
    )
  })

const asJournalFailure = <A>(effect: Effect.Effect<A, KeyValueError>): Effect.Effect<A, JournalFailure> =>
  Effect.mapError(effect, (cause) => new JournalFailure({ cause }))

/** Returns whether the write was the newest. One that is older than the primary's entry is not applied. */
const write = (
  primary: Driver,
  journal: Journal,
  pending: Pending,
  entry: Entry | undefined
): Effect.Effect<boolean, KeyValueError> => {
  const { collection, key } = pending
  const place = (operation: Operation): Place => ({ operation, collection, keys: [key] })
  const { atomic } = primary
  const read = primary.get(Calls.get(place("get"), { versioned: atomic !== undefined }))
  return Effect.flatMap(read, ([current]): Effect.Effect<boolean, KeyValueError> => {
    const createdAt = current?.createdAt
    journal.config.stamps.see(createdAt)
    if (createdAt !== undefined && createdAt > pending.last!.acceptedAt) return Effect.succeed(false)
    if (entry === undefined && current === undefined) return Effect.succeed(true)
    if (atomic !== undefined) {
      const at = place(entry === undefined ? "delete" : "put")
      const swap = atomic.compareAndPut(Calls.compareAndPut(at, { entry, expected: current?.version }))
      return Effect.flatMap(settling(journal, pending, swap), (isDone) =>
        isDone ? Effect.succeed(true) : write(primary, journal, pending, entry)
      )
    }
    const blind: Effect.Effect<unknown, KeyValueError> =
      entry === undefined
        ? primary.delete(Calls.remove(place("delete")))
        : primary.put(Calls.put(place("put"), [entry]))
    return Effect.as(settling(journal, pending, blind), true)
  })
}

/** After a write that may still be applied, the next attempt waits until it is settled. */
const settling = <A, E>({ config }: Journal, pending: Pending, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.clockWith((clock) =>
    Effect.onExitPrimitive(effect, (exit) => {
      if (outcomeOf(exit) === "unknown") pending.settlesAt = monotonicMillis(clock) + config.settleTime
      return undefined
    })
  )
