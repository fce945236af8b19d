import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { LeaseLostError, ReadError, WriteError } from "../KeyValueError.ts"
import { waitAtMost } from "../time/waitAtMost.ts"
import type { Json } from "../Value.ts"
import type { Claim } from "./Claim.ts"
import { read, write } from "./entries.ts"
import { pause } from "./pause.ts"

type Errors = ReadError | WriteError | LeaseLostError

/** How long a release may take, in milliseconds. A note is worth more patience: without it, its work is done again. */
const longestRelease = 5000

/**
 * Releases a lease if it is still that of this attempt. Leaves a note if there is one. If the store does not accept the note,
 * the lease is released without it.
 */
export const settle = Effect.fnUntraced(function* (claim: Claim): Effect.fn.Return<void, Errors> {
  const settling = yield* Effect.result(settleWith(claim, claim.note))
  if (Result.isSuccess(settling)) return
  const { failure } = settling
  const isRefused = claim.note !== undefined && failure._tag !== "LeaseLostError" && !failure.retryable
  if (isRefused) yield* Effect.ignore(settleWith(claim, undefined))
  return yield* failure
})

const settleWith = (claim: Claim, note: Json | undefined) =>
  Effect.withFiber((fiber) => {
    const { place, config } = claim
    const limit = note === undefined ? Math.min(longestRelease, config.ttl) : config.ttl
    // A request without a reply must leave time for another one.
    const attempt = waitAtMost(fiber, limit / 3, settleOnce(claim, note), { place })
    return waitAtMost(fiber, limit, settled(claim, attempt), { place })
  })

const settled = Effect.fnUntraced(function* (
  claim: Claim,
  attempt: Effect.Effect<boolean, Errors>
): Effect.fn.Return<void, Errors> {
  const { ttl } = claim.config
  for (;;) {
    const isDone = yield* Effect.result(attempt)
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
  claim: Claim,
  note: Json | undefined
): Effect.fn.Return<boolean, Errors> {
  const { entry, record } = yield* read(claim)
  if (record === undefined || !claim.rules.isOwn(record, claim.owner)) {
    // The reply to an earlier attempt of this release was lost, or there is nothing to release.
    if (note === undefined || (record?.owner === undefined && record?.token === claim.token)) return true
    return yield* claim.lostBecause(record === undefined ? "gone" : "taken")
  }
  const released = { token: record.token, owner: undefined, beat: record.beat, ttl: record.ttl, note }
  return yield* write(claim, entry, released, claim.config.forgetAfter)
})
