import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { Next } from "../../driver/around.ts"
import type { Call } from "../../driver/Call.ts"
import type { Entry } from "../../Entry.ts"
import { StoreUnavailableError } from "../../KeyValueError.ts"
import { corrupted } from "./corrupted.ts"
import type { Fault } from "./Fault.ts"

/** Runs a call with a fault. A late call runs in the scope, because it outlives its caller. */
export const inject = <C extends Call, A, E>(
  fault: Fault,
  call: C,
  next: Next<C, A, E>,
  scope: Scope.Scope
): Effect.Effect<A, E | StoreUnavailableError> => {
  switch (fault._tag) {
    case "failBefore":
      return unavailable(call, "no connection", false)
    case "failAfter":
      return Effect.andThen(next(call), unavailable(call, "the reply was lost", true))
    case "delay":
      return Effect.andThen(
        pause(fault.before),
        Effect.suspend(() => Effect.tap(next(call), pause(fault.after)))
      )
    case "stall":
      return Effect.never
    case "late":
      return Effect.flatMap(
        Effect.forkIn(
          Effect.andThen(
            pause(fault.by),
            Effect.suspend(() => next(call))
          ),
          scope
        ),
        Fiber.join
      )
    case "corrupt":
      return call._tag === "get" ? Effect.flatMap(next(call), corruptAll) : next(call)
    case "expireEarly":
      return Effect.flatMap(Clock.currentTimeMillis, (now) =>
        next(shortened(call, now + Duration.toMillis(Duration.fromInputUnsafe(fault.after))))
      )
  }
}

const unavailable = (call: Call, what: string, sent: boolean): Effect.Effect<never, StoreUnavailableError> =>
  Effect.fail(new StoreUnavailableError({ ...call.place, reason: `chaos: ${what}`, sent }))

const pause = (duration: Duration.Input | undefined): Effect.Effect<void> =>
  duration === undefined ? Effect.void : Effect.sleep(duration)

/** Corrupts the result of a `get`. In a filter, the type of a result does not tell which call it belongs to. */
const corruptAll = <A>(result: A): Effect.Effect<A> =>
  Effect.map(Random.Random, (random) => {
    const entries = result as ReadonlyArray<Entry | undefined>
    return entries.map((entry) => entry && corrupted(entry, () => random.nextDoubleUnsafe())) as A
  })

const shortened = <C extends Call>(call: C, until: number): C => {
  const shorten = <A extends Pick<Entry, "expiresAt">>(entry: A): A => ({
    ...entry,
    expiresAt: Math.min(entry.expiresAt ?? until, until)
  })
  if (call._tag === "increment") return { ...call, expiresAt: shorten(call).expiresAt }
  if (call._tag === "put") return { ...call, entries: call.entries.map(shorten) }
  return call._tag === "compareAndPut" && call.entry !== undefined ? { ...call, entry: shorten(call.entry) } : call
}
