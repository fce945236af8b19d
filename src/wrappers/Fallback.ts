/**
 * A second store for when the first is unavailable.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import type { Atomic } from "../Atomic.ts"
import { Lanes } from "../concurrency/Lanes.ts"
import { areStores, type WrapperOver, wrapperOverApart } from "../Driver.ts"
import { around } from "../driver/around.ts"
import { requireBackground } from "../driver/background.ts"
import * as Call from "../driver/Call.ts"
import { combine, type Route } from "../driver/combine.ts"
import type { Driver } from "../driver/Driver.ts"
import { inTime } from "../driver/inTime.ts"
import * as options from "../driver/options.ts"
import type { Enumeration } from "../Enumeration.ts"
import type { KeyValue } from "../KeyValue.ts"
import { type KeyValueError, StoreSetupError } from "../KeyValueError.ts"
import { meterOf } from "../telemetry/metrics.ts"
import { unhurried } from "../time/budget.ts"
import { limitToBudget } from "./common/limitTime.ts"
import { Journal } from "./fallback/Journal.ts"
import { journaling } from "./fallback/journaling.ts"
import { mayBeApplied } from "./fallback/mayBeApplied.ts"
import { metersOf } from "./fallback/meters.ts"
import { Replayer } from "./fallback/Replayer.ts"
import { stampsOf } from "./fallback/Stamps.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options<Store extends Layer.Layer<KeyValue, any, any>> {
  /** The store to fall back to. */
  readonly fallback: Store
  /** Which failures make it take over. Default: those that are `retryable`, which is to say unavailability. */
  readonly fallbackOn?: ((error: KeyValueError) => boolean) | undefined
  /** Whether it takes over for writes and deletes as well. Default: false. */
  readonly writeToFallback?: boolean | undefined
  /**
   * Whether it takes over for writes and deletes until the first store is back, which then gets them. It needs a fallback
   * that can list its keys, and goes before `writeToFallback`. Default: no.
   */
  readonly recovery?: (Enumeration extends Layer.Success<Store> ? Recovery : never) | undefined
}

/**
 * How what was written in an outage comes to the first store.
 *
 * @since 0.1.0
 */
export interface Recovery {
  /** The collection of the fallback that holds what was written. Default: `"__effect_kv_journal"`. */
  readonly journal?: string | undefined
  /** How long to leave the first store alone after it failed. Default: 100 milliseconds. */
  readonly initialDelay?: Duration.Input | undefined
  /** The longest pause between two attempts to reach it; each is twice the one before. Default: 10 seconds. */
  readonly maxDelay?: Duration.Input | undefined
  /**
   * For how long a write whose outcome is unknown may still be applied: that long its key is not replayed. Default: 30
   * seconds.
   */
  readonly settleTime?: Duration.Input | undefined
  /**
   * How many keys the journal may hold; writes of more keys fail with `StoreUnavailableError`. So many slots of replaced
   * writes may wait for their removal beside them, at least 1,000, and at most 1,000 of one key. Default: 100,000.
   */
  readonly maxEntries?: number | undefined
  /** A name in metrics (`db.namespace`). Default: none. */
  readonly store?: string | undefined
}

/**
 * Answers from a second store while the first is unavailable.
 *
 * **When to use**
 *
 * Use for reads that an older or a default copy can answer, and for migrations; with `recovery`, for writes that must not
 * wait for the first store to come back.
 *
 * **Details**
 *
 * A miss is an answer, and so is a failure that is not unavailability: what was tampered with is never silently answered
 * from the fallback, unless `fallbackOn` says so. Capabilities are those that both stores have, without `Atomic`.
 * An enumeration that has begun goes on with the store that it began with.
 *
 * **With recovery**
 *
 * A write that the first store fails (as `fallbackOn` says) is accepted by the fallback, in a journal that outlives the
 * process if the fallback does. From then on writes go there without asking the first store, until that answers a probe.
 * Probes are sent in the background, also after a failed read or listing. The first store then gets the last write of each
 * key: eight keys at a time, those that were accepted first before others. A key whose replay fails is tried again after
 * the others. Until a key is replayed, all its writes go to the journal and its reads are answered from there, tombstones
 * included, so that:
 *
 * - a write that was acknowledged is seen by all later reads through this layer, in the outage and after it, and is never
 *   replaced by an older one;
 * - a key that is not in the journal is answered by the first store; in an outage by the fallback's own entry, if it has
 *   one. What it does not have is no miss, but the first store's failure;
 * - enumeration lists the first store as it will be, and fails with it. Clearing deletes what is listed.
 *
 * The last write by time of acceptance wins. If the first store has an entry that was created later than a write in the
 * journal was accepted, another process has written it: the older write is dropped, and counted as a conflict. (A deletion
 * by another process leaves no such trace.) The time of acceptance is the time of day, but never earlier than that of
 * anything that this process has written, or read from the first store: a clock that is set back brings nothing old back.
 * An entry that has expired by then is replayed as a deletion.
 *
 * A write that the first store failed with an unknown outcome goes to the journal, too. It may still be applied to the
 * first store later, so its key is not replayed for `settleTime`, which is believed to be the longest that this takes. For
 * the same reason nothing is replayed for that long after a restart. If neither store accepts a write, it fails with
 * `outcome: "not-applied"` only if neither may have applied it.
 *
 * When the layer is closed, writes that wait for others of their key fail with `StoreUnavailableError`. So does a write that
 * comes to the journal afterwards, with `outcome: "unknown"`: the next layer over the same fallback will replay it.
 *
 * Metrics: `effect_kv.fallback.journal` (a gauge: keys that wait), `effect_kv.fallback.journaled`, `.replayed` and
 * `.conflicts` (counters of keys).
 *
 * **Gotchas**
 *
 * - With `writeToFallback`, what was written or deleted in an outage is known to the fallback only: when the first store
 *   is back, it answers as if nothing had happened.
 * - Put `Timeout` inside of the first store, so that an outage is noticed soon, and inside of the fallback. With
 *   `recovery`, writes of the same key wait for each other, and for its replay: a store that hangs would hang them. An
 *   operation of recovery itself is given up after 30 seconds, or `settleTime` if that is longer.
 * - With `recovery`, other processes do not see what is in this one's journal before it is replayed. Several may share a
 *   fallback; each replays what it finds there when it starts, which does no harm. Between processes the later time of day
 *   wins: keep their clocks together. A process that is started after its clock was set back knows the times of the
 *   journal only.
 * - A deletion that goes to the journal returns how many of the keys the journal knows to be there, which may be too few.
 * - `fallbackOn` that throws is a defect of the call. In the background it is logged as an error, and recovery goes on.
 * - What the first store refuses for good (too large, say) stays in the journal and is answered from there. A warning is
 *   logged, without names.
 * - A fallback that evicts or loses entries loses acknowledged writes. The journal holds values as they come to this
 *   wrapper: encryption that is inside of the first store is not in the journal. Give the fallback its own.
 *
 * Fails to build with `StoreSetupError` when an option is out of range, the journal cannot be read, or the fallback is the
 * first store itself (unless `PrefixKeys` or `PrefixCollections` keeps their names apart); with `recovery`, also in a
 * Cloudflare Worker, unless `Requests.Current` is `"shared"`.
 *
 * **Example**
 *
 * ```ts
 * import { Fallback, Timeout } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 * import * as Sqlite from "effect-kv/Sqlite"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(
 *   Timeout.wrap("1 second"),
 *   Fallback.wrap({ fallback: Sqlite.layer({ filename: "outage.sqlite" }), recovery: {} })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = <Store extends Layer.Layer<KeyValue, any, any>>({
  fallback,
  ...config
}: Options<Store>): WrapperOver<readonly [Store], Atomic, StoreSetupError> =>
  wrapperOverApart("Fallback", areStores, [fallback], (primary, [other]) =>
    Effect.flatMap(described.read(config, { fallback }), ({ fallbackOn, writeToFallback, recovery }) => {
      if (recovery !== undefined) return recoveringDriver(primary, other!, recovery, fallbackOn)
      const combined = combine([primary, other!], fallingBack(fallbackOn, writeToFallback))
      return Effect.succeed<Driver>({ ...combined, atomic: undefined })
    })
  )

/** @internal */
export const described = options.of<Options<any>>()("Fallback", {
  fallback: options.required(options.layer()),
  fallbackOn: options.errors<(error: KeyValueError) => boolean>(),
  writeToFallback: options.boolean({ default: false }),
  recovery: options.optional(
    options.group<Recovery>()({
      journal: options.collection({ default: "__effect_kv_journal" }),
      initialDelay: options.duration({ default: "100 millis" }),
      maxDelay: options.duration({ default: "10 seconds" }),
      settleTime: options.duration({ default: "30 seconds" }),
      maxEntries: options.integer({ min: 1, default: 100_000 }),
      store: options.text()
    })
  )
})

const fallingBack =
  (fallbackOn: (error: KeyValueError) => boolean, writeToFallback: boolean): Route =>
  (call, [primary, fallback]) =>
    Call.isWrite(call) && !writeToFallback
      ? primary!(call)
      : Effect.catchIf(
          primary!(call),
          (error) => fallbackOn(error as KeyValueError),
          (error) => {
            const answer = inTime(call, fallback!)
            // A write that the first store may have applied is not undone by a second one that did not.
            return Call.isWrite(call) && mayBeApplied(error as KeyValueError)
              ? Effect.mapError(answer, () => error)
              : answer
          }
        )

/** No operation of recovery takes longer, in milliseconds: one that hangs must not hold up the others. */
const patience = 30_000

const recoveringDriver = Effect.fnUntraced(function* (
  primary: Driver,
  fallback: Driver,
  config: NonNullable<options.Values<typeof described>["recovery"]>,
  fallbackOn: (error: KeyValueError) => boolean
) {
  yield* requireBackground("Fallback")
  const { journal: journalCollection, settleTime, maxEntries, initialDelay, maxDelay } = config
  yield* options.check("Fallback", fallback.listing !== undefined, "recovery needs a fallback that can list its keys")
  const patient = around(limitToBudget(Math.max(patience, settleTime)))
  const meter = (yield* meterOf(config.store))(primary)
  const meters = metersOf(meter)
  const stamps = stampsOf(yield* Clock.Clock)
  const isNeeded = Latch.makeUnsafe()
  const journal = new Journal({
    store: fallback,
    background: patient(fallback),
    collection: journalCollection,
    maxEntries,
    settleTime,
    writer: (yield* Random.nextInt).toString(36),
    meters,
    stamps,
    onPending: () => isNeeded.openUnsafe()
  })
  yield* Effect.mapError(
    unhurried(journal.load()),
    (cause) => new StoreSetupError({ module: "Fallback", reason: "the journal cannot be read", cause })
  )
  meter.gauge("fallback.journal", "Keys whose last write is in the journal only", {}, () => journal.size)
  const lanes = new Lanes()
  const shared = { journal, lanes, stamps }
  const replayer = new Replayer({
    ...shared,
    primary: patient(primary),
    meters,
    settleTime,
    initialDelay,
    maxDelay,
    isOutage: fallbackOn,
    isNeeded
  })
  yield* Effect.forkScoped(replayer.run)
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      journal.isClosed = true
      lanes.close()
    })
  )
  return journaling({ ...shared, primary, fallback, replayer, journalCollection, fallbackOn })
})
