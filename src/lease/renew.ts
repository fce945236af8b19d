import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { LeaseLostReason, ReadError, WriteError } from "../KeyValueError.ts"
import { waitAtMost } from "../time/waitAtMost.ts"
import type { Claim } from "./Claim.ts"
import { read, write } from "./entries.ts"
import { pause } from "./pause.ts"

/** Renews a lease every third of its TTL. Ends when the lease is lost, with the reason. */
export const renewing = Effect.fnUntraced(function* (claim: Claim): Effect.fn.Return<LeaseLostReason> {
  const { place } = claim
  for (;;) {
    yield* Effect.sleep(Math.max(1, Math.min(claim.renewsIn, claim.timeLeft)))
    // After a pause of the process, the time may be over. The lease is then lost, whatever the store says.
    const { timeLeft } = claim
    if (timeLeft <= 0) return "expired"
    const lost = yield* Effect.withFiber((fiber) => waitAtMost(fiber, timeLeft, renewed(claim), { place })).pipe(
      Effect.orElseSucceed(() => "expired" as const)
    )
    if (lost !== undefined) return lost
  }
})

/** Renews a lease once, and tries again while the store fails. Returns why the lease was lost, or `undefined`. */
const renewed = (claim: Claim): Effect.Effect<LeaseLostReason | undefined> =>
  Effect.withFiber((fiber) =>
    Effect.gen(function* () {
      const { place, config } = claim
      for (;;) {
        // Half of the time that is left: a request without a reply must leave time for another one.
        const limit = Math.max(claim.timeLeft / 2, config.ttl / 20)
        const renewal = yield* Effect.result(waitAtMost(fiber, limit, renewOnce(claim), { place }))
        if (Result.isFailure(renewal)) {
          if (renewal.failure._tag === "StoreUnavailableError" && renewal.failure.isClosed) return "closed"
          yield* pause(config.ttl / 50, config.ttl)
        } else if (renewal.success !== "conflict") {
          return renewal.success === "renewed" ? undefined : renewal.success
        }
      }
    })
  )

const renewOnce = Effect.fnUntraced(function* (
  claim: Claim
): Effect.fn.Return<"renewed" | "conflict" | LeaseLostReason, ReadError | WriteError> {
  const { entry, record } = yield* read(claim)
  if (record === undefined) return "gone"
  if (!claim.rules.isOwn(record, claim.owner)) return "taken"
  // An earlier renewal may have been applied although its reply was lost.
  claim.confirm(record)
  const next = claim.next(record.token)
  if (!(yield* write(claim, entry, next, claim.config.forgetHeldAfter))) return "conflict"
  claim.confirm(next)
  return "renewed"
})
