/**
 * A limit on how many calls run at the same time.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Wrapper } from "../Driver.ts"
import type { Filter } from "../driver/around.ts"
import { inTime } from "../driver/inTime.ts"
import * as options from "../driver/options.ts"
import { BulkheadFullError, type Place, type StoreSetupError } from "../KeyValueError.ts"
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
 * Limits how many calls run at the same time. Others wait in a queue, and fail with `BulkheadFullError` when the queue is
 * full or they have waited too long.
 *
 * **When to use**
 *
 * Use it so that a slow store neither fills the memory with calls nor uses up what it shares with others, such as
 * connections. Put `Bulkhead` outside `Retry` and `CircuitBreaker` (a call holds one place for all of its attempts, and
 * gives it back at once when an open circuit rejects it) and inside a `Deadline`, whose time includes the waiting.
 *
 * **Details**
 *
 * The queue is first in, first out. An interrupted call (by a `Deadline` outside, for example) gives its place back or
 * leaves the queue. If a `Timeout` inside has released the caller but the call goes on, the call keeps its place until it
 * ends. A batch is one call, and so is each page of an enumeration. A call that finds a free place costs two additions; at
 * most `maxConcurrent + maxQueue` calls are kept.
 *
 * **Errors**
 *
 * - `BulkheadFullError`: the queue is full, or the call has waited for `maxWait`. The call was not sent, so the
 *   `outcome` of a write is `"not-applied"`.
 *
 * Fails to build with `StoreSetupError` when an option is out of range.
 *
 * **Metrics**
 *
 * `effect_kv.bulkhead.calls`, how many calls there are in each `effect_kv.bulkhead.state` (`running`,
 * `waiting`); `effect_kv.bulkhead.rejected`, rejected calls, by `effect_kv.bulkhead.reason` (`queue_full`,
 * `max_wait`).
 *
 * **Gotchas**
 *
 * - A call that never ends keeps its place.
 * - All attempts of a `Retry` inside share one place. If an attempt goes on after its caller was released, the next
 *   attempt runs at the same time.
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
  metered(described.read(config), admitting)

/** @internal */
export const described = options.of<Options>()("Bulkhead", {
  maxConcurrent: options.integer({ min: 1, default: 100 }),
  maxQueue: options.integer({ min: 0, default: 1000 }),
  maxWait: options.duration({ default: "1 second" }),
  store: options.text()
})

const admitting = (
  { maxConcurrent, maxQueue, maxWait }: options.Values<typeof described>,
  { counter, gauge }: Meter
): Filter => {
  const places = new Places(maxConcurrent, maxQueue)
  const state = (state: string) => ({ "effect_kv.bulkhead.state": state })
  gauge("bulkhead.calls", "Calls by state", state("running"), () => places.running)
  gauge("bulkhead.calls", "Calls by state", state("waiting"), () => places.waiting)
  const rejected = (reason: string) =>
    counter("bulkhead.rejected", "Calls that were rejected", { "effect_kv.bulkhead.reason": reason })
  const count = { queue_full: rejected("queue_full"), max_wait: rejected("max_wait") }
  const reject = (place: Place, reason: Reason) => {
    count[reason]()
    const waited = reason === "max_wait" ? { waited: Duration.millis(maxWait) } : {}
    return Effect.fail(new BulkheadFullError({ ...place, limit: maxConcurrent + maxQueue, ...waited }))
  }
  return (call, next) =>
    Effect.withFiber((fiber) => {
      const turn = new Turn(places, call.holder, fiber)
      const held = { ...call, holder: turn }
      const enter = Effect.suspend(() =>
        places.enter(turn)
          ? next(held)
          : Effect.andThen(
              waiting(places, turn, maxWait, (reason) => reject(call.place, reason)),
              inTime(held, next)
            )
      )
      // The finalizer is in place before the call enters, so that no call can keep its place.
      return Effect.onExitPrimitive(enter, () => turn.end() as undefined)
    })
}
