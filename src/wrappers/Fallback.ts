/**
 * A second store for when the first is unavailable.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Atomic } from "../Atomic.ts"
import { areStores, type WrapperOver, wrapperOverApart } from "../Driver.ts"
import * as Call from "../driver/Call.ts"
import { combine, type Route } from "../driver/combine.ts"
import type { Driver } from "../driver/Driver.ts"
import { inTime } from "../driver/inTime.ts"
import * as options from "../driver/options.ts"
import { mayBeApplied } from "../driver/outcome.ts"
import type { Enumeration } from "../Enumeration.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { KeyValueError, StoreSetupError } from "../KeyValueError.ts"
import { type Outage, outageOf } from "./fallback/outage.ts"
import { recovering } from "./fallback/recovering.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options<Store extends Layer.Layer<KeyValue, any, any>> {
  /** Store to use while the first is unavailable. */
  readonly fallback: Store
  /** Which failures of the first store make the fallback take over. Default: those that are `retryable`. */
  readonly fallbackOn?: ((error: KeyValueError) => boolean) | undefined
  /** Whether the fallback also takes over for writes and deletions. Default: false. */
  readonly writeToFallback?: boolean | undefined
  /**
   * Stores writes and deletions of an outage in a journal in the fallback, and replays them when the first store is
   * back. The fallback must have `Enumeration`. `writeToFallback` is then ignored. Default: none.
   */
  readonly recovery?: (Enumeration extends Layer.Success<Store> ? Recovery : never) | undefined
}

/**
 * How writes of an outage are replayed to the first store.
 *
 * @since 0.1.0
 */
export interface Recovery {
  /** Collection of the fallback for the journal. Default: `"__effect_kv_journal"`. */
  readonly journal?: string | undefined
  /** How long to wait after a failure before the first store is tried again. Default: 100 milliseconds. */
  readonly initialDelay?: Duration.Input | undefined
  /**
   * Longest pause between two attempts to reach the first store. Each pause is twice as long as the one before.
   * Default: 10 seconds.
   */
  readonly maxDelay?: Duration.Input | undefined
  /**
   * How long a write with an unknown outcome may still be applied. Its key is not replayed before this time is over.
   * Default: 30 seconds.
   */
  readonly settleTime?: Duration.Input | undefined
  /**
   * Maximum number of keys in the journal. Writes of more keys fail with `StoreUnavailableError`. The same number of
   * slots of replaced writes (at least 1,000, and at most 1,000 per key) may wait for removal. Default: 100,000.
   */
  readonly maxEntries?: number | undefined
  /** Name of this store, the attribute `db.namespace` of its metrics. Default: none. */
  readonly store?: string | undefined
}

/**
 * Uses a second store while the first is unavailable.
 *
 * **When to use**
 *
 * Use it for reads for which an older value or a default is good enough, and for migrations. With `recovery`, use it
 * for writes that must not wait for the first store to come back.
 *
 * **Details**
 *
 * A miss in the first store is returned as a miss, and a failure that is not `retryable` is returned as a failure: a
 * value that was tampered with is never silently replaced by the fallback's, unless `fallbackOn` says so. Capabilities
 * are those that both stores have, without `Atomic`. All pages of an enumeration come from the store of the first page.
 *
 * **With recovery**
 *
 * A write that fails in the first store (as `fallbackOn` says) goes to a journal in the fallback, which outlives the
 * process if the fallback does. From then on, writes go to the journal without asking the first store, until this store
 * replies to a probe. Probes are sent in the background, also after a failed read or listing. After a successful probe,
 * the last write of each key is replayed to the first store: eight keys at a time, in the order in which they were
 * accepted. A key whose replay fails is tried again after the others. Until a key is replayed, all writes of the key
 * (also deletions) go to the journal, and all reads of the key use the journal, so that:
 *
 * - an acknowledged write is seen by all later reads through this layer, during and after the outage, and is never
 *   replaced by an older write;
 * - a key that is not in the journal is read from the first store, and in an outage from the fallback's own entries. If
 *   the fallback has no entry for the key, the read fails with the error of the first store, and does not return a
 *   miss;
 * - enumeration lists the keys that the first store will have after the replay, and fails if the first store fails.
 *   Clearing deletes the listed keys.
 *
 * The last write by time of acceptance wins. If the first store has an entry that was created later than a write in the
 * journal was accepted, another process has written it: the older write is dropped, and counted as a conflict. (A
 * deletion by another process leaves no such trace.) The time of acceptance is the time of day, but never earlier than
 * the times of entries that this process has written, or read from the first store: if the clock is set back, no old
 * value comes back. An entry that has expired before its replay is replayed as a deletion.
 *
 * A write that failed in the first store with an unknown outcome goes to the journal, too. The first store may still
 * apply this write later, so its key is not replayed for `settleTime`. Recovery assumes that no such write is applied
 * after that time. For the same reason, nothing is replayed for `settleTime` after a restart. If neither store accepts
 * a write, the write fails, with `outcome: "not-applied"` only if neither store may have applied it.
 *
 * When the layer is closed, writes that wait for other writes of their key fail with `StoreUnavailableError`. A write
 * that reaches the journal afterwards fails in the same way, with `outcome: "unknown"`: the next layer over the same
 * fallback will replay this write.
 *
 * **Errors**
 *
 * - Without `recovery`: the error of the fallback, or the error of the first store if that store may have applied the
 *   write.
 * - `StoreUnavailableError`, with `recovery`: the journal is full (`maxEntries`), neither store accepts a write, or
 *   the journal cannot be cleared because the fallback cannot list it.
 * - `DeserializationError`, with `recovery`: the entry of a key in the journal is damaged.
 *
 * Fails to build with `StoreSetupError` when an option is out of range, the journal cannot be read, or the fallback is
 * the first store itself (unless `PrefixKeys` or `PrefixCollections` keeps their names apart); with `recovery`, also
 * in a Cloudflare Worker, unless `Requests.Current` is `"shared"`.
 *
 * **Metrics**
 *
 * `effect_kv.fallback.journal` (a gauge: keys that wait for their replay), `effect_kv.fallback.journaled`,
 * `effect_kv.fallback.replayed` and `effect_kv.fallback.conflicts` (counters of keys).
 *
 * **Gotchas**
 *
 * - With `writeToFallback`, only the fallback has the writes and deletions of an outage: when the first store is back, its
 *   older entries are read again.
 * - Put `Timeout` inside of the first store, so that an outage is noticed soon, and inside of the fallback. With
 *   `recovery`, writes of the same key wait for each other, and for the replay of the key: without a `Timeout`, a store
 *   that hangs blocks these writes. An operation of recovery itself ends after 30 seconds, or `settleTime` if that is
 *   longer.
 * - With `recovery`, other processes do not see the writes in this process's journal before they are replayed. Several
 *   processes may share a fallback: each process replays the journal that it finds when it starts, which is safe.
 *   Between writes of different processes, the later time of day wins: keep the clocks synchronized. A process that
 *   starts after its clock was set back knows only the times in the journal.
 * - A deletion that goes to the journal counts only keys that exist in the journal, so its result may be too low.
 * - If `fallbackOn` throws, the call ends with a defect. In the background, the defect is logged as an error, and
 *   recovery goes on.
 * - A write that the first store always refuses (because it is too large, for example) stays in the journal and is read
 *   from the journal. A warning is logged, without names.
 * - A fallback that evicts or loses entries loses acknowledged writes. The journal holds values as this wrapper gets
 *   them: encryption that wraps only the first store does not encrypt the journal. Give the fallback its own
 *   encryption.
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
      if (recovery !== undefined) return recovering(primary, other!, { ...recovery, fallbackOn })
      return Effect.map(outageOf([primary, other!]), (outage): Driver => {
        const combined = combine([primary, other!], fallingBack(fallbackOn, writeToFallback, outage))
        return { ...combined, atomic: undefined, health: outage.health }
      })
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
  (fallbackOn: (error: KeyValueError) => boolean, writeToFallback: boolean, outage: Outage): Route =>
  (call, [primary, fallback]) =>
    Call.isWrite(call) && !writeToFallback
      ? outage.noticingEnd(primary!(call))
      : Effect.catchIf(
          outage.noticingEnd(primary!(call)),
          (error) => fallbackOn(error as KeyValueError),
          (error) => {
            outage.began(error as KeyValueError)
            const answer = inTime(call, fallback!)
            // A write that the first store may have applied is not undone by a second one that did not.
            return Call.isWrite(call) && mayBeApplied(error as KeyValueError)
              ? Effect.mapError(answer, () => error)
              : answer
          }
        )
