import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { TimeoutError } from "../KeyValueError.ts"
import { now } from "../time/clock.ts"
import type { Next } from "./around.ts"
import type { Call } from "./Call.ts"

/**
 * Runs an operation that has waited, unless its deadline has passed meanwhile: then it fails with `TimeoutError`, and is
 * not sent.
 *
 * **When to use**
 *
 * Use it in a filter for whatever comes after a wait. The timer of the deadline need not have run yet: after a stall of the
 * event loop many timers are due at once.
 *
 * @since 0.2.0
 */
export const inTime = <C extends Call, A, E>(call: C, next: Next<C, A, E>): Effect.Effect<A, E | TimeoutError> =>
  Effect.withFiber(
    (fiber): Effect.Effect<A, E | TimeoutError> =>
      call.deadline !== undefined && now(fiber) >= call.deadline
        ? Effect.fail(new TimeoutError({ ...call.place, duration: Duration.zero, sent: false }))
        : next(call)
  )
