/**
 * A limit on how many calls run at a time.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Wrapper } from "../Driver.ts"
import type { Filter } from "../driver/around.ts"
import type { Call } from "../driver/Call.ts"
import { inTime } from "../driver/inTime.ts"
import * as options from "../driver/options.ts"
import { BulkheadFullError, type StoreSetupError } from "../KeyValueError.ts"
import type { Meter } from "../telemetry/metrics.ts"
import { Places, Turn } from "./bulkhead/Places.ts"
import { type Reason, waiting } from "./bulkhead/waiting.ts"
import { metered } from "./common/metered.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Maximum number of calls that run at a time. Default: 100. */
  readonly maxConcurrent?: number | undefined
  /** Maximum number of further calls that wait in the queue. 0 means that no call waits. Default: 1,000. */
  readonly maxQueue?: number | undefined
  /** How long a call may wait in the queue. Default: 1 second. */
  readonly maxWait?: Duration.Input | undefined
  /** Name of this store, the attribute `db.namespace` of its metrics. Default: none. */
  readonly store?: string | undefined
}

/**
 * Lets a limited number of calls run at a time; others wait their turn, and are shed with `BulkheadFullError` when too
 * many wait or one has waited too long.
 *
 * **When to use**
 *
 * Use it so that a store that becomes slow does not fill the memory with calls, nor take all that there is of what it
 * shares with others. It belongs outside of `Retry` and `CircuitBreaker` (a call holds one place for all of its attempts,
 * and a circuit's rejection gives it back at once) and inside of a `Deadline`, whose time includes the waiting.
 *
 * **Details**
 *
 * Who came first is next. A call that is interrupted, by a limit outside for one, gives its place back or leaves the
 * queue. A call whose caller was released (by a `Timeout` inside) but that goes on keeps its place until it has ended. A
 * batch is one call, and so is each page of an enumeration. A call that finds a free place pays for two additions; no more than `maxConcurrent + maxQueue` calls are kept.
 *
 * A shed call was not sent: the `outcome` of a write is `"not-applied"`.
 *
 * Metrics: `effect_kv.bulkhead.calls`, how many calls there are in each `effect_kv.bulkhead.state` (`running`,
 * `waiting`); `effect_kv.bulkhead.rejected`, calls that were shed, by `effect_kv.bulkhead.reason` (`queue_full`,
 * `max_wait`).
 *
 * **Gotchas**
 *
 * - A call that never ends keeps its place.
 * - A `Retry` inside makes all its attempts in one place: an attempt may run beside the one before it, if that goes on
 *   although its caller was released.
 *
 * Fails to build with `StoreSetupError` when an option is out of range.
 *
 * **Example**
 *
 * ```ts
 * import { Bulkhead, Timeout } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(
 *   Timeout.wrap("1 second"),
 *   Bulkhead.wrap({ maxConcurrent: 64, maxQueue: 256, maxWait: "500 millis" })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options = {}): Wrapper<never, StoreSetupError> =>
  metered(Effect.map(described.read(config), policyOf), (policy, meter) => admitting(policy, shedding(policy, meter)))

/** @internal */
export const described = options.of<Options>()("Bulkhead", {
  maxConcurrent: options.integer({ min: 1, default: 100 }),
  maxQueue: options.integer({ min: 0, default: 1000 }),
  maxWait: options.duration({ default: "1 second" }),
  store: options.text()
})

const policyOf = ({ maxConcurrent, maxQueue, maxWait, store }: options.Values<typeof described>) => ({
  places: new Places(maxConcurrent, maxQueue),
  limit: maxConcurrent + maxQueue,
  maxWait,
  store
})

type Shed = (call: Call, reason: Reason) => Effect.Effect<never, BulkheadFullError>

interface Policy {
  readonly places: Places
  readonly limit: number
  readonly maxWait: number
}

const shedding = ({ places, limit, maxWait }: Policy, { counter, gauge }: Meter): Shed => {
  const state = (state: string) => ({ "effect_kv.bulkhead.state": state })
  gauge("bulkhead.calls", "Calls by state", state("running"), () => places.running)
  gauge("bulkhead.calls", "Calls by state", state("waiting"), () => places.waiting)
  const rejected = (reason: string) =>
    counter("bulkhead.rejected", "Calls that were shed", { "effect_kv.bulkhead.reason": reason })
  const count = { queue_full: rejected("queue_full"), max_wait: rejected("max_wait") }
  return (call, reason) => {
    count[reason]()
    const waited = reason === "max_wait" ? { waited: Duration.millis(maxWait) } : {}
    return Effect.fail(new BulkheadFullError({ ...call.place, limit, ...waited }))
  }
}

const admitting =
  ({ places, maxWait }: Policy, shed: Shed): Filter =>
  (call, next) =>
    Effect.withFiber((fiber) => {
      const turn = new Turn(places, call.holder, fiber)
      const held = { ...call, holder: turn }
      const enter = Effect.suspend(() =>
        places.enter(turn)
          ? next(held)
          : Effect.andThen(
              waiting(places, turn, maxWait, (reason) => shed(call, reason)),
              inTime(held, next)
            )
      )
      // Whatever becomes of a call, it leaves: so it must be sure to leave before it enters.
      return Effect.onExitPrimitive(enter, () => turn.end() as undefined)
    })
