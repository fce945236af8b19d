/**
 * The state of a store and its wrappers: up, degraded or down, since when, and why.
 *
 * **Details**
 *
 * Every layer of effect-kv provides {@link Health}. `docs/guides/health.md` describes the states of each module.
 *
 * @since 0.2.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Calls from "./driver/Calls.ts"
import type { Driver } from "./driver/Driver.ts"
import { errorOf } from "./driver/outcome.ts"
import { served } from "./driver/service/served.ts"
import { Component, type Snapshot } from "./health/Component.ts"
import type { Rule } from "./health/Status.ts"
import type { KeyValueError, ReadError } from "./KeyValueError.ts"
import { meterOf } from "./telemetry/metrics.ts"
import { now } from "./time/clock.ts"
import { millisOf } from "./time/duration.ts"
import { waitAtMost } from "./time/waitAtMost.ts"

export type { Component, Snapshot } from "./health/Component.ts"
export { type Levels, LogLevels } from "./health/LogLevels.ts"
export { anyPart, everyPart, type Rule, type Status } from "./health/Status.ts"

/**
 * Options of `check`.
 *
 * @since 0.2.0
 */
export interface CheckOptions {
  /** How long to wait for the store. A duration that is not positive counts as 0: the store is not asked. Default: 1 second. */
  readonly timeout?: Duration.Input | undefined
}

/**
 * The interface of {@link Health}.
 *
 * @since 0.2.0
 */
export interface Service {
  /**
   * The state that was seen last. Costs no operation.
   *
   * **Gotchas**
   *
   * A store that nobody uses shows an outage late or not at all, unless it notices by itself that its connection is lost, as
   * Redis does. Use `check` to ask the store.
   */
  readonly snapshot: Effect.Effect<Snapshot>

  /**
   * The current state, and the new state after each change. A slow reader gets only the newest. Ends when the layer is closed.
   */
  readonly changes: Stream.Stream<Snapshot>

  /**
   * Reads a key through the whole stack, and returns the state that is known afterwards.
   *
   * **Details**
   *
   * The key is {@link probeKey}, in the default collection, and need not exist. Caches are not asked. If the read fails
   * with a `retryable` error or a defect, or takes longer than `timeout`, the returned status is `"down"`, unless a module
   * that makes up for it (`Fallback`, `Replicate`, `PassthroughCache`) is degraded: the status is then `"degraded"`. Any other
   * error is an answer of the store. If a `Bulkhead` or a `RateLimit` rejects the read, the status is at least `"degraded"`.
   *
   * The result of the read is not remembered: only the wrappers and the store remember what they have seen.
   */
  readonly check: (options?: CheckOptions) => Effect.Effect<Snapshot>
}

/**
 * The state of a stack. Every layer of a store provides it, and every wrapper adds its own state.
 *
 * **Example**
 *
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { Health } from "effect-kv"
 *
 * const program = Effect.gen(function* () {
 *   const health = yield* Health.Health
 *   const { status, reason } = yield* health.check({ timeout: "500 millis" })
 *   yield* Effect.log(status, reason)
 *   yield* Stream.runForEach(health.changes, (now) => Effect.log(now.status, now.reason))
 * })
 * ```
 *
 * @since 0.2.0
 */
export class Health extends Context.Service<Health, Service>()("effect-kv/Health") {}

/**
 * The key that `check` reads.
 *
 * @since 0.2.0
 */
export const probeKey = "__effect_kv_health"

/** How a stateful store or wrapper reports its states. */
export interface ReporterOptions {
  /** The name of the module in `Health` and in log lines. */
  readonly module: string
  /** Name of the store, for metrics and log lines. Default: none. */
  readonly store?: string | undefined
  /** Computes the status from what the module reports and from its parts. Default: {@link everyPart}. */
  readonly rule?: Rule | undefined
  /** Whether a failed `check` of the whole stack counts as `"degraded"`, not as `"down"`. Default: as the wrapped store says. */
  readonly covers?: (() => boolean) | undefined
}

/**
 * Returns a function that makes the {@link Component} of a store or a wrapper. It ends with the scope.
 *
 * **When to use**
 *
 * Use it in a custom store or wrapper that has states, and put the component into the field `health` of its driver.
 *
 * **Details**
 *
 * The function takes the kind of store (`Driver.system`) and the drivers that are wrapped. Call `to` of the component when
 * the state changes: it logs the change once, and tells all `Health` services that contain the component. After ten lines
 * in a minute, the other changes are counted in one line.
 *
 * **Metrics**
 *
 * `effect_kv.health.status`, a gauge: 1 is up, 0.5 is degraded, 0 is down.
 *
 * @since 0.2.0
 */
export const reporter = ({
  module,
  store,
  rule,
  covers
}: ReporterOptions): Effect.Effect<(system: string, parts?: ReadonlyArray<Driver>) => Component, never, Scope.Scope> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<never>()
    const meter = yield* meterOf(store)
    const components: Array<Component> = []
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const component of components) component.close()
      })
    )
    return (system, parts = []) => {
      const component = new Component(context, {
        module,
        system,
        name: store,
        parts: parts.map((part) => part.health ?? alwaysUp(context, part)),
        rule,
        covers
      })
      components.push(component)
      meter({ system }).gauge(
        "health.status",
        "1 is up, 0.5 is degraded, 0 is down",
        { "effect_kv.module": module },
        () => values[component.status]
      )
      return component
    }
  })

const values = { up: 1, degraded: 0.5, down: 0 } as const

/** The component of a store without states. */
export const alwaysUp = (context: Context.Context<never>, { system }: { readonly system: string }): Component =>
  new Component(context, { module: system, system })

/**
 * Makes the service over a driver.
 *
 * @since 0.2.0
 */
export const make = (self: Driver): Service => {
  const { driver, onClose, isClosed } = served(self)
  const component = self.health ?? alwaysUp(Context.empty(), self)

  const snapshot = Effect.sync(() => component.snapshot)

  const changes = Stream.callback<void>(
    (queue) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          const removeListener = component.listen(() => void Queue.offerUnsafe(queue, undefined))
          const removeEnd = onClose(() => void Queue.endUnsafe(queue))
          Queue.offerUnsafe(queue, undefined)
          if (isClosed()) Queue.endUnsafe(queue)
          return () => {
            removeListener()
            removeEnd()
          }
        }),
        (remove) => Effect.sync(remove)
      ),
    { bufferSize: 1, strategy: "sliding" }
  ).pipe(Stream.map(() => component.snapshot))

  const place = { operation: "get" as const, collection: self.defaultCollection, keys: [probeKey] }

  const check: Service["check"] = ({ timeout = "1 second" } = {}) =>
    Effect.withFiber((fiber) => {
      const millis = millisOf(timeout) || 0
      // A versioned read is never answered from a cache.
      const probe = Effect.suspend(() =>
        driver.get({ ...Calls.get(place, { versioned: true }), deadline: now(fiber) + millis })
      )
      return Effect.flatMap(Effect.exit(waitAtMost(fiber, millis, probe, { place })), (exit) =>
        Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
          ? Effect.failCause(exit.cause as Cause.Cause<never>)
          : Effect.sync(() => judged(component, exit))
      )
    })

  return { snapshot, changes, check }
}

/** The state after a probe. */
const judged = ({ snapshot, covers }: Component, exit: Exit.Exit<unknown, ReadError>): Snapshot => {
  if (Exit.isSuccess(exit) || snapshot.status === "down") return snapshot
  const error = errorOf(exit.cause)
  const isClosed = error?._tag === "StoreUnavailableError" && error.isClosed
  if (error !== undefined && !error.retryable && !isClosed) return snapshot
  const reason = isClosed ? "The layer is closed." : `The check failed with ${error?._tag ?? "a defect"}.`
  const status = !isClosed && (isOverload(error) || covers) ? "degraded" : "down"
  return status === snapshot.status ? snapshot : { ...snapshot, status, reason }
}

const isOverload = (error: KeyValueError | undefined): boolean =>
  error?._tag === "BulkheadFullError" || error?._tag === "RateLimitedError"
