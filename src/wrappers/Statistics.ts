/**
 * Records counts, hit rates, errors and latencies, as Effect metrics and as snapshots.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { type Wrapper, wrapperContext } from "../Driver.ts"
import { around, type Filter } from "../driver/around.ts"
import * as options from "../driver/options.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import * as telemetry from "../telemetry/attributes.ts"
import { monotonicMillis } from "../time/clock.ts"
import { Recorder, type Snapshot } from "./statistics/Recorder.ts"

export type { Kind, Operations, Snapshot } from "./statistics/Recorder.ts"
export type { OperationStatistics } from "./statistics/Tally.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Name of this store, the attribute `db.namespace` of its metrics. Default: none. */
  readonly store?: string | undefined
  /**
   * How collections are named in metrics and snapshots: by their names (`true`), all under one count (`false`), or by
   * the result of a function. The function runs at each operation. If it throws or returns no text, the collection
   * counts as `"_OTHER"`. Default: true.
   */
  readonly collectionLabel?: boolean | ((collection: string) => string | undefined) | undefined
  /**
   * How many collections have counts of their own. All others count as `"_OTHER"`. After a `reset`, snapshots count
   * collections from zero. In metrics, the limit applies to all layers of the same `store` together, for the lifetime of
   * the process. Default: 1,000.
   */
  readonly maxCollections?: number | undefined
}

/**
 * The service of {@link Statistics}.
 *
 * @since 0.1.0
 */
export interface Service {
  /** Returns the statistics since the layer was built, or since the last `reset`. */
  readonly snapshot: Effect.Effect<Snapshot>

  /** Starts a new snapshot. Does not reset metrics, because exported counters must never decrease. */
  readonly reset: Effect.Effect<void>
}

/**
 * The statistics of the store that {@link wrap} was applied to.
 *
 * **Example** (The hit rate of a collection)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { KeyValue, Memory, Statistics } from "effect-kv"
 *
 * const program = Effect.gen(function* () {
 *   const kv = yield* KeyValue.KeyValue
 *   yield* kv.get("a", { collection: "users" })
 *   const statistics = yield* Statistics.Statistics
 *   const { total, collections } = yield* statistics.snapshot
 *   return [total.get?.latency.p99, collections.get("users")?.get?.hitRate]
 * })
 *
 * program.pipe(Effect.provide(Memory.layer().pipe(Statistics.wrap())))
 * ```
 *
 * @since 0.1.0
 */
export class Statistics extends Context.Service<Statistics, Service>()("effect-kv/Statistics") {}

/**
 * Counts operations, hits, misses and errors, and measures how long operations take.
 *
 * **When to use**
 *
 * Use it outermost to measure what the application sees, or directly around the store to measure the store. If one
 * stack has two `Statistics`, give each a `store` name. The `Statistics` service is that of the outer wrapper.
 *
 * **Details**
 *
 * Keys are counted as in py-key-value. A batch counts each of its keys. Hits and misses are keys that a read or a deletion
 * found or did not find. In snapshots, failed calls count no keys, and are counted by the error's tag. A write of `Atomic`
 * counts each of its reads, one per attempt. Each page of an enumeration or a removal is one call.
 *
 * **Errors**
 *
 * Adds no errors to operations. Fails to build with `StoreSetupError` when an option is not valid.
 *
 * **Metrics**
 *
 * The metrics follow OpenTelemetry's conventions for databases where these exist:
 *
 * - `db.client.operation.duration`, a histogram of the duration of every call, in seconds. Its count is the number of calls.
 * - `effect_kv.operations`, `effect_kv.hits` and `effect_kv.misses`, counters of keys.
 *
 * Their attributes are `db.system.name`, `db.operation.name` (the method that the application called, such as
 * `"getMany"`), `db.collection.name` and `db.namespace`. Failures also have `error.type`: the error's tag, `"Interrupted"` or
 * `"Defect"`.
 *
 * **Gotchas**
 *
 * - Collections are named as this level of the stack sees them: inside a prefix wrapper, with the prefix. Names are cut after
 *   256 characters, and control characters in them are escaped.
 * - Each collection adds metrics, up to `maxCollections`. If there are many collections, set `collectionLabel` to a function
 *   or to `false`.
 *
 * **Example**
 *
 * ```ts
 * import { Memory, Statistics } from "effect-kv"
 *
 * const Store = Memory.layer().pipe(Statistics.wrap({ store: "sessions" }))
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options = {}): Wrapper<Statistics, StoreSetupError> =>
  wrapperContext(
    Effect.map(described.read(config), (config) => {
      const recorder = new Recorder(config)
      return {
        transform: (driver) => around(recording(recorder, driver.system))(driver),
        context: Context.make(Statistics, {
          snapshot: Effect.sync(() => recorder.snapshot()),
          reset: Effect.sync(() => recorder.reset())
        })
      }
    })
  )

/** @internal */
export const described = options.of<Options>()("Statistics", {
  store: options.text(),
  collectionLabel: telemetry.collectionLabel,
  maxCollections: options.integer({ min: 1, default: 1000 })
})

const recording =
  (recorder: Recorder, system: string): Filter =>
  (call, next) =>
    Effect.withFiber((fiber) => {
      const clock = fiber.getRef(Clock.Clock)
      const start = monotonicMillis(clock)
      return Effect.onExitPrimitive(
        Effect.suspend(() => next(call)),
        (exit) => {
          recorder.record(system, call, exit, (monotonicMillis(clock) - start) * 1e6, fiber.context)
          return undefined
        }
      )
    })
