import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { LeaseLostError, ReadError, WriteError } from "../KeyValueError.ts"
import { waitAtMost } from "../time/waitAtMost.ts"
import type { Claim } from "./Claim.ts"
import { read, write } from "./entries.ts"
import { pause } from "./pause.ts"

/** How long a release may take, in milliseconds. */
const longestRelease = 5000

/** Releases a lease if it is still that of this attempt. Leaves a note if there is one. */
export const settle = (claim: Claim): Effect.Effect<void, ReadError | WriteError | LeaseLostError> =>
  Effect.withFiber((fiber) => {
    const limit = Math.min(longestRelease, claim.config.ttl)
    return waitAtMost(fiber, limit, settled(claim), { place: claim.place })
  })

const settled = Effect.fnUntraced(function* (
  claim: Claim
): Effect.fn.Return<void, ReadError | WriteError | LeaseLostError> {
  const { ttl } = claim.config
  for (;;) {
    const isDone = yield* Effect.result(settleOnce(claim))
    if (Result.isSuccess(isDone)) {
      if (isDone.success) return
    } else {
      const { failure } = isDone
      if (failure._tag === "LeaseLostError" || !failure.retryable) return yield* failure
    }
    yield* pause(Math.min(50, ttl / 50), ttl)
  }
})

const settleOnce = Effect.fnUntraced(function* (
  claim: Claim
): Effect.fn.Return<boolean, ReadError | WriteError | LeaseLostError> {
  const { note } = claim
  const { entry, record } = yield* read(claim)
  if (record === undefined || !claim.rules.isOwn(record, claim.owner)) {
    // The reply to an earlier attempt of this release was lost, or there is nothing to release.
    if (note === undefined || (record?.owner === undefined && record?.token === claim.token)) return true
    return yield* claim.lostBecause(record === undefined ? "gone" : "taken")
  }
  const released = { token: record.token, owner: undefined, beat: record.beat, ttl: record.ttl, note }
  return yield* write(claim, entry, released, claim.config.forgetAfter)
})
