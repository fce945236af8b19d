import * as Effect from "effect/Effect"
import { mapOperations } from "../../driver/around.ts"
import type * as Call from "../../driver/Call.ts"
import type { Driver, Maintenance } from "../../driver/Driver.ts"
import { idsOf } from "../../driver/ids.ts"
import { inTime } from "../../driver/inTime.ts"
import { layerClosed } from "../../driver/layerClosed.ts"
import { clearByListing } from "../../driver/listing/clearByListing.ts"
import { mayBeApplied } from "../../driver/outcome.ts"
import { type KeyValueError, StoreUnavailableError, type WriteError } from "../../KeyValueError.ts"
import { accept } from "./accept.ts"
import type { Journal } from "./Journal.ts"
import { listing } from "./listing.ts"
import type { Parts } from "./Parts.ts"
import { reading } from "./reading.ts"

/** The primary store as it will be when the whole journal is replayed. */
export const journaling = (parts: Parts): Driver => {
  const { fallback, journal } = parts
  const primary = noticing(parts)
  const driver = {
    ...primary,
    get: reading(parts),
    put: (call: Call.Put) => write(parts, call, () => parts.primary.put(call), Effect.void),
    delete: (call: Call.Delete) => write(parts, call, () => parts.primary.delete(call), journal.countOf(call)),
    listing: primary.listing && listing(primary.listing, journal),
    atomic: undefined
  }
  return {
    ...driver,
    maintenance: fallback.maintenance &&
      primary.maintenance && {
        ...primary.maintenance,
        clear: clearing(journal, primary.maintenance.clear, driver)
      }
  }
}

/** The primary, which tells the replayer of an outage. */
const noticing = ({ primary, replayer, fallbackOn }: Parts): Driver =>
  mapOperations(
    primary,
    (next) => (call) =>
      Effect.tapError(next(call), (error) =>
        Effect.sync(() => fallbackOn(error as KeyValueError) && replayer.noteOutage())
      )
  )

/**
 * Writes to the primary, or to the journal while the primary is down or the journal has an earlier write of a key. `answer`
 * is the result of a write to the journal.
 */
const write = <A>(
  { journal, replayer, lanes, fallbackOn }: Parts,
  call: Call.Put | Call.Delete,
  direct: () => Effect.Effect<A, WriteError>,
  answer: Effect.Effect<A>
): Effect.Effect<A, WriteError> => {
  const journaled = (mayBeUnderWay: boolean) =>
    Effect.flatMap(answer, (value) => Effect.as(accept(journal, call, mayBeUnderWay), value))
  return lanes.run(
    idsOf(call),
    inTime(call, (): Effect.Effect<A, WriteError> => {
      if (journal.isClosed) return Effect.fail(layerClosed(call.place, false))
      // The clock may have been set back since the entries were made. Later writes must not seem to be older.
      if (call._tag === "put") for (const { createdAt } of call.entries) journal.config.stamps.see(createdAt)
      if (replayer.isDown || journal.concerns(call)) return journaled(false)
      return Effect.catchIf(direct(), fallbackOn, (error) => {
        replayer.noteOutage()
        const mayBeUnderWay = mayBeApplied(error)
        const accepted = inTime(call, () => journaled(mayBeUnderWay))
        // If the journal does not accept the write either, the primary may have applied it all the same.
        return Effect.mapError(accepted, (other) => (mayBeUnderWay ? error : other))
      })
    })
  )
}

/** Clears as the primary does, or by listing while the journal is not empty. */
const clearing =
  (journal: Journal, whole: Maintenance["clear"], { listing, ...driver }: Driver) =>
  (call: Call.Clear): Effect.Effect<Call.Removed, WriteError> =>
    Effect.suspend(() => {
      const at = call.cursor as { readonly byListing: boolean; readonly inner: Call.Cursor } | undefined
      const byListing = at?.byListing ?? journal.size > 0
      if (byListing && listing === undefined) {
        const reason = "what is in the journal cannot be cleared before it is replayed"
        return Effect.fail(new StoreUnavailableError({ ...call.place, reason, sent: false }))
      }
      const clear = byListing ? clearByListing({ ...driver, listing: listing! }) : whole
      return Effect.map(clear({ ...call, cursor: at?.inner }), ({ count, next }) => ({
        count,
        next: next === undefined ? undefined : { byListing, inner: next }
      }))
    })
