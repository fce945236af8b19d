import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { LeaseUnavailableError, type ReadError, type WriteError } from "../KeyValueError.ts"
import { waitAtMost } from "../time/waitAtMost.ts"
import type { AcquireError, Claim, Grant } from "./Claim.ts"
import { read, write } from "./entries.ts"
import { lookAgainIn, lookFor, pause } from "./pause.ts"
import type { Sightings } from "./Sightings.ts"

/** The result of one look: granted, or how long the lease of another holder lasts if it is not renewed. */
type Look = Grant | { readonly _tag: "other"; readonly lapsesIn: number } | { readonly _tag: "conflict" }

/**
 * Acquires the lease: at once if it is free, or when it is released or lapses. Fails when `wait` is over, or when the store
 * has failed for the TTL of the lease.
 */
export const contend = (claim: Claim, sightings: Sightings): Effect.Effect<Grant, AcquireError> =>
  Effect.withFiber((fiber) =>
    Effect.gen(function* () {
      const { place, config } = claim
      const deadline = claim.startedAt + config.wait
      let failingSince: number | undefined
      let conflicts = 0
      for (let round = 0; ; round++) {
        const sentAt = claim.now
        claim.lookedAt = sentAt
        const limit = lookFor(deadline - sentAt, config.ttl)
        const looked = yield* Effect.result(waitAtMost(fiber, limit, look(claim, sightings), { place }))
        const { now } = claim
        let next = lookAgainIn(round)
        if (Result.isFailure(looked)) {
          failingSince ??= sentAt
          const { failure } = looked
          if (!failure.retryable || now >= deadline || now - failingSince >= config.ttl) return yield* failure
        } else {
          const found = looked.success
          failingSince = undefined
          if (found._tag === "held" || found._tag === "note") return found
          const isBusy = found._tag === "other" || ++conflicts >= maxConflicts
          const lapsesIn = found._tag === "other" ? found.lapsesIn : 0
          if (isBusy && now >= deadline) {
            return yield* new LeaseUnavailableError({ ...place, retryAfter: Duration.millis(Math.max(1, lapsesIn)) })
          }
          next = found._tag === "conflict" ? conflicts : Math.min(next, lapsesIn)
        }
        yield* pause(next, now >= deadline ? Number.POSITIVE_INFINITY : deadline - now)
      }
    })
  )

/** How many lost races in a row count as a lease that another holder has. */
const maxConflicts = 10

/** Reads the lease once, and takes it if that is allowed. */
const look = Effect.fnUntraced(function* (
  claim: Claim,
  sightings: Sightings
): Effect.fn.Return<Look, ReadError | WriteError> {
  const { config, rules } = claim
  const { entry, record } = yield* read(claim)
  const isOwn = record !== undefined && record.owner === claim.owner
  // The reply to an earlier write was lost.
  if (isOwn && claim.confirm(record)) return { _tag: "held", token: record.token }
  if (record !== undefined && record.owner === undefined && record.note !== undefined && config.readsNotes) {
    return { _tag: "note", note: record.note }
  }
  if (record?.owner !== undefined && !isOwn) {
    const { now, wallNow } = claim
    const since = sightings.see(claim.id, record, now)
    const lapsesIn = rules.lapsesIn({ record, since, now, wall: { writtenAt: entry!.createdAt ?? 0, now: wallNow } })
    if (lapsesIn > 0) return { _tag: "other", lapsesIn }
  }
  const next = claim.next(isOwn ? record.token : rules.nextToken(record?.token, claim.wallNow))
  if (!(yield* write(claim, entry, next, config.forgetHeldAfter))) return { _tag: "conflict" }
  sightings.forget(claim.id)
  return claim.confirm(next) ? { _tag: "held", token: next.token } : { _tag: "conflict" }
})
