import * as Effect from "effect/Effect"
import type * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { clearByListing } from "../../internal/clearByListing.ts"
import { idsOf } from "../../internal/ids.ts"
import type { Lanes } from "../../internal/Lanes.ts"
import { type KeyValueError, StoreUnavailableError, type WriteError } from "../../KeyValueError.ts"
import type { Journal } from "./Journal.ts"
import { listing } from "./listing.ts"
import type { Recovery } from "./Recovery.ts"
import { reading } from "./reading.ts"

export interface Parts {
  readonly primary: Driver
  readonly fallback: Driver
  readonly journal: Journal
  readonly recovery: Recovery
  /** Writes about the same key wait for each other here, and so do replays. */
  readonly lanes: Lanes
  readonly journalCollection: string
  readonly fallbackOn: (error: KeyValueError) => boolean
}

/** The primary store as it will be when all that is in the journal is replayed. */
export const recovering = (parts: Parts): Driver => {
  const { primary, fallback, journal } = parts
  const { compareAndPut: _, ...kept } = primary
  const driver = {
    ...kept,
    ...listing(primary, journal),
    get: reading(parts),
    put: (call: Call.Put) => write(parts, call, primary.put(call), Effect.void),
    delete: (call: Call.Delete) => write(parts, call, primary.delete(call), journal.countOf(call))
  }
  return {
    ...driver,
    clear: primary.clear && fallback.clear && clearing(journal, primary.clear, driver),
    removeExpired: fallback.removeExpired && primary.removeExpired
  } as Driver
}

/**
 * Writes to the primary, or to the journal while the primary is down or an earlier write of a key is in there. `answer` is
 * what a write to the journal answers.
 */
const write = <A>(
  { journal, recovery, lanes, fallbackOn }: Parts,
  call: Call.Put | Call.Delete,
  direct: Effect.Effect<A, WriteError>,
  answer: Effect.Effect<A>
): Effect.Effect<A, WriteError> => {
  const ids = idsOf(call)
  const accept = (mayBeUnderWay: boolean) =>
    Effect.flatMap(answer, (value) => Effect.as(journal.accept(call, mayBeUnderWay), value))
  return lanes.run(
    ids,
    Effect.suspend(() => {
      if (recovery.isDown || ids.some((id) => journal.get(id) !== undefined)) return accept(false)
      return Effect.catchIf(direct, fallbackOn, (error) => {
        recovery.begin()
        const mayBeUnderWay = !("outcome" in error) || error.outcome !== "not-applied"
        // If neither accepts the write, it may have been applied all the same.
        return Effect.mapError(accept(mayBeUnderWay), (other) => (mayBeUnderWay ? error : other))
      })
    })
  )
}

/** As the primary clears, unless there is something in the journal. */
const clearing =
  (journal: Journal, whole: NonNullable<Driver["clear"]>, { keys, collections, ...driver }: Driver) =>
  (call: Call.Clear): Effect.Effect<Call.Removed, WriteError> =>
    Effect.suspend(() => {
      const at = call.cursor as { readonly byListing: boolean; readonly inner: Call.Cursor } | undefined
      const byListing = at?.byListing ?? journal.size > 0
      if (byListing && (keys === undefined || collections === undefined)) {
        const reason = "what is in the journal cannot be cleared before it is replayed"
        return Effect.fail(new StoreUnavailableError({ ...call.place, reason, sent: false }))
      }
      const clear = byListing ? clearByListing({ ...driver, keys: keys!, collections: collections! }) : whole
      return Effect.map(clear({ ...call, cursor: at?.inner }), ({ count, next }) => ({
        count,
        next: next === undefined ? undefined : { byListing, inner: next }
      }))
    })
