/**
 * Fails calls at once while a store is down.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { holdOf } from "../concurrency/request.ts"
import type { Wrapper } from "../Driver.ts"
import type { Filter, Next } from "../driver/around.ts"
import type { Call } from "../driver/Call.ts"
import * as options from "../driver/options.ts"
import type { Component } from "../Health.ts"
import { CircuitOpenError, type KeyValueError, type StoreSetupError } from "../KeyValueError.ts"
import type { Meter } from "../telemetry/metrics.ts"
import { monotonicMillis } from "../time/clock.ts"
import type { State } from "./circuitBreaker/Circuit.ts"
import { circuitsOf } from "./circuitBreaker/circuits.ts"
import { Consecutive, type Outcomes, Rate } from "./circuitBreaker/Outcomes.ts"
import { verdictOf } from "./circuitBreaker/verdictOf.ts"
import { stateful } from "./common/stateful.ts"

/**
 * When a circuit opens: after a number of consecutive failures, or at a failure rate of the last calls.
 *
 * @since 0.1.0
 */
export type Trip =
  | {
      /** How many consecutive failures open the circuit. Default: none. */
      readonly consecutive: number
      readonly failureRate?: undefined
      readonly minCalls?: undefined
      readonly window?: undefined
    }
  | {
      readonly consecutive?: undefined
      /** Which fraction of the last calls must fail to open the circuit. Default: 0.5. */
      readonly failureRate?: number | undefined
      /** How many calls there must be before the failure rate counts. Default: 20, or `window` if that is less. */
      readonly minCalls?: number | undefined
      /** How many of the last calls the failure rate is computed from. Default: 100. */
      readonly window?: number | undefined
    }

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /**
   * When the circuit opens: at a failure rate, or after consecutive failures.
   * Default: `{ failureRate: 0.5, minCalls: 20, window: 100 }`.
   */
  readonly trip?: Trip | undefined
  /** How long the circuit stays open the first time. Default: 5 seconds. */
  readonly openFor?: Duration.Input | undefined
  /** Factor by which this time grows each time the circuit opens again. Default: 2. */
  readonly factor?: number | undefined
  /** Longest time that the circuit stays open. Default: 10 seconds, or `openFor` if that is more. */
  readonly maxOpenFor?: Duration.Input | undefined
  /** How many calls are let through after that time. All of them must succeed for the circuit to close. Default: 1. */
  readonly probes?: number | undefined
  /** One circuit for the store, or one for each collection. Default: `"store"`. */
  readonly per?: "store" | "collection" | undefined
  /** How many collections have a circuit of their own. All other collections share one. Default: 1,000. */
  readonly maxCollections?: number | undefined
  /** Which errors count as failures. Default: `StoreUnavailableError` and `TimeoutError`. */
  readonly isFailure?: ((error: KeyValueError, call: Call) => boolean) | undefined
  /** Name of this store, the attribute `db.namespace` of its metrics. Default: none. */
  readonly store?: string | undefined
}

/**
 * Fails calls at once with `CircuitOpenError` while the store is down.
 *
 * **When to use**
 *
 * Use it so that callers do not wait for timeouts during an outage, and so that retries do not flood a store that recovers.
 * Put it outside `Timeout` and `Retry`, so that it sees the final result of each call, and inside `Bulkhead`, encryption and
 * compression. Inside `Fallback`, it makes the other store take over at once.
 *
 * **Details**
 *
 * A circuit is
 *
 * - closed: all calls reach the store, and their results are counted. If too many fail (`trip`), the circuit opens;
 * - open: calls fail with `CircuitOpenError`, whose `retryAfter` is the time until the circuit is half-open;
 * - half-open: `probes` calls reach the store, and other calls fail. If all probes succeed, the circuit closes. If one
 *   fails, it opens again for longer (`factor`). After it has stayed closed for as long as it was last open, the next
 *   time is `openFor` again.
 *
 * How results are counted:
 *
 * - An error that is not retryable counts as a success, because the store has replied.
 * - Interruptions, defects, and retryable errors for which `isFailure` returns `false` are not counted. A probe that ends
 *   like this makes room for another one.
 * - A call that a `Timeout` or `Deadline` outside interrupts because its time is over counts as a failure.
 * - A call that started before the circuit last changed its state is not counted.
 *
 * While the circuit is closed, counting reads no clock and needs no timer. Effect's own `CircuitBreaker` has the same
 * semantics and can share circuits between processes. The circuits of this wrapper are local to the layer.
 *
 * **Errors**
 *
 * - `CircuitOpenError`: the circuit is open, or it is half-open and all `probes` are under way. The call was not sent,
 *   so the `outcome` of a write is `"not-applied"`. `retryAfter` is the time until the circuit is half-open.
 *
 * Fails to build with `StoreSetupError` when an option is out of range.
 *
 * **Metrics**
 *
 * - `effect_kv.circuit_breaker.circuits` is the number of circuits in each `effect_kv.circuit_breaker.state` (`closed`,
 *   `open`, `half_open`).
 * - `effect_kv.circuit_breaker.transitions` counts changes of state, by the new state and, for circuits of collections,
 *   `db.collection.name`.
 * - `effect_kv.circuit_breaker.rejected` counts rejected calls.
 *
 * **Gotchas**
 *
 * - A probe that never ends keeps the circuit half-open: put a `Timeout` inside.
 * - If there are few calls, some calls in the window may be old. `{ consecutive }` counts only the latest calls.
 * - With `per: "collection"`, calls for the whole store (listing collections, clearing) have a circuit of their own.
 *
 * **Example**
 *
 * ```ts
 * import { CircuitBreaker, Retry, Timeout } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(
 *   Timeout.wrap("1 second"),
 *   Retry.wrap(),
 *   CircuitBreaker.wrap({ trip: { consecutive: 5 }, openFor: "10 seconds" })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options = {}): Wrapper<never, StoreSetupError> =>
  stateful("CircuitBreaker", described.read(config), breaking)

/** An outage ends at any time. The longer the circuit then stays open, the longer callers fail without a reason. */
const longestPause = 10_000

/** @internal */
export const described = options.of<Options>()("CircuitBreaker", {
  trip: options.group<Trip>()(
    {
      consecutive: options.integer({ min: 1 }),
      failureRate: options.number({ above: 0, max: 1, default: 0.5 }),
      minCalls: options.integer({ min: 1, otherwise: "20, or `window` if that is less" }),
      window: options.integer({ min: 1, max: 100_000, default: 100 })
    },
    ({ minCalls = 1, window }) => (minCalls <= window ? undefined : `minCalls must be at most ${window}, the window`)
  ),
  openFor: options.duration({ default: "5 seconds" }),
  factor: options.number({ min: 1, default: 2 }),
  maxOpenFor: options.duration({ otherwise: "10 seconds, or `openFor` if that is more" }),
  probes: options.integer({ min: 1, default: 1 }),
  per: options.oneOf(["store", "collection"], { default: "store" }),
  maxCollections: options.integer({ min: 1, default: 1000 }),
  isFailure: options.callback({
    default: ({ _tag }: KeyValueError) => _tag === "StoreUnavailableError" || _tag === "TimeoutError",
    otherwise: "`StoreUnavailableError` and `TimeoutError`"
  }),
  store: options.text()
})

const outcomesOf = (trip: options.Values<typeof described>["trip"]): (() => Outcomes) => {
  const { consecutive, failureRate, window, minCalls = Math.min(20, window) } = trip
  return consecutive === undefined ? () => new Rate(failureRate, minCalls, window) : () => new Consecutive(consecutive)
}

const breaking = (config: options.Values<typeof described>, meter: Meter, health: Component): Filter => {
  const { openFor, maxOpenFor = Math.max(openFor, longestPause), isFailure } = config
  const circuitOf = circuitsOf({ ...config, maxOpenFor, outcomes: outcomesOf(config.trip) }, meter, health)
  const onRejected = meter.counter("circuit_breaker.rejected", "Calls rejected by an open circuit")
  return <C extends Call, A, E>(call: C, next: Next<C, A, E>) =>
    Effect.withFiber((fiber) => {
      const circuit = circuitOf(call)
      const clock = fiber.getRef(Clock.Clock)
      const now = () => monotonicMillis(clock)
      let entered: State | undefined
      const leave = (exit: Exit.Exit<unknown, unknown>): undefined => {
        if (entered !== undefined) circuit.leave(entered, () => verdictOf(exit, call, isFailure, now), now)
      }
      if (circuit.state._tag === "closed") {
        entered = circuit.state
        return Effect.onExitPrimitive(next(call), leave)
      }
      // The finalizer is registered before a probe enters. Otherwise, an interruption in between would keep the place forever.
      const enter = Effect.suspend((): Effect.Effect<A, E | CircuitOpenError> => {
        const wait = circuit.enter(now(), holdOf(fiber))
        if (wait !== undefined) {
          onRejected()
          return Effect.fail(new CircuitOpenError({ ...call.place, retryAfter: Duration.millis(Math.ceil(wait)) }))
        }
        entered = circuit.state
        return next(call)
      })
      return Effect.onExitPrimitive(enter, leave)
    })
}
