/**
 * The same entries in several stores.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Atomic } from "../Atomic.ts"
import { areStores, type WrapperOver, wrapperOverApart } from "../Driver.ts"
import { requireBackground } from "../driver/background.ts"
import * as options from "../driver/options.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import type { Maintenance } from "../Maintenance.ts"
import { meterOf } from "../telemetry/metrics.ts"
import { repairing } from "./replicate/repairing.ts"
import { replicated } from "./replicate/replicated.ts"
import { Stores } from "./replicate/Stores.ts"
import { tellingOf } from "./replicate/tellingOf.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options<Replica extends Layer.Layer<KeyValue, any, any>> {
  /** The other stores. Reads prefer the wrapped store, then the replicas in their order. */
  readonly replicas: ReadonlyArray<Replica>
  /**
   * How many stores, including the wrapped one, must have applied a write before it succeeds: `"all"`, `"quorum"` (more
   * than half) or a number. Default: `"quorum"`.
   */
  readonly acknowledgements?: "all" | "quorum" | number | undefined
  /** Whether entries that a store has missed are copied to that store when it is back. Default: true. */
  readonly repair?: boolean | undefined
  /**
   * How long reads avoid a store after it has failed. This is also the interval of repairs, and of attempts to reach an
   * unavailable store. Default: 1 second.
   */
  readonly pause?: Duration.Input | undefined
  /**
   * How long a write with an unknown outcome may still be applied. Its key is not repaired before this time is over.
   * Default: 30 seconds.
   */
  readonly settleTime?: Duration.Input | undefined
  /**
   * Maximum number of keys for which this process remembers that a store has missed a write. A store that has missed
   * writes of more keys than this is no longer read. If writes of `2 * maxBehind` keys are running or waiting in a
   * store, that store gets no further writes until some of them have ended. Default: 10,000.
   */
  readonly maxBehind?: number | undefined
  /** Name of this store, the attribute `db.namespace` of its metrics. Default: none. */
  readonly store?: string | undefined
}

/**
 * Writes to several stores, and reads from the first one that does not fail.
 *
 * **When to use**
 *
 * Use for two or three stores that fail independently of each other, when one process at a time writes a key.
 *
 * **Details**
 *
 * - A write goes to all stores at once, and is acknowledged when enough of them have applied it. The writes to the
 *   other stores go on in the background until the layer is closed, without the caller's time limit. In each store,
 *   writes of the same key are applied in the order in which they were made.
 * - A store has at most one write of a key under way, and one that waits: the newest. A write that is superseded while
 *   it waits is not sent to that store. It counts as applied there if the newer write is applied, and as failed if the
 *   newer write fails. Of a batch, only the superseded keys are left out. A deletion is not superseded while its caller
 *   waits for the number of deleted keys.
 * - If the caller gives up before a write has begun in any store, the write is not sent.
 * - A read asks the first store whose last operation did not fail. If this store fails with a `retryable` error, the
 *   read asks the next store. A store that failed is asked last until `pause` has passed.
 * - The process remembers which stores have missed which writes. If some store has missed the newest write of a key,
 *   that key is read only from stores that have this write. The read waits for the writes of the key that are under way
 *   in the store that it asks. A store that is back gets copies of these keys only. An entry that only this store has
 *   is not copied to the other stores, so a repair never brings a deleted entry back. To find out whether a store is
 *   back, a repair reads one of the keys that the store has missed.
 * - Capabilities are those that all stores have, without `Atomic`. Clearing lists the keys and deletes them. So if one
 *   of the stores cannot list its keys (for example, because of `HmacNames`), there is no `Maintenance` either. Listing
 *   and clearing cover all keys, or fail.
 * - When the layer is closed, callers that wait fail with `StoreUnavailableError`, and so does every later operation. A
 *   write that fails in this way has `outcome: "not-applied"` only if it is certain that no store has applied it, and
 *   none will. Closing waits for no store.
 *
 * **What is guaranteed**
 *
 * For readers of this layer: a read that starts after a write was acknowledged returns that write or a newer one. If no
 * store that holds the newest write can be reached, the read fails with `StoreUnavailableError`; it never returns an
 * older value. So with `n` stores, `a` of which must acknowledge a write, acknowledged values can be read while up to
 * `a - 1` stores are unreachable, and writes succeed while up to `n - a` stores are unreachable.
 *
 * If too few stores have applied a write, it fails. Its outcome is `"not-applied"` only if it is certain that no store
 * has applied it, and none will. A later read may return the value of a failed write whose outcome is `"unknown"`. If
 * the outcome is unknown in every store, reads use one store until `settleTime` has passed. Then the value of this
 * store is copied to the others. As long as each of the stores may still apply an older write, reads return the newest
 * value from the memory of this process.
 *
 * **What is not guaranteed**
 *
 * There is no consensus between processes, and no log. Only this process knows which stores have missed writes, in memory:
 *
 * - After a restart, all stores are assumed to hold the same entries. With `acknowledgements: "all"`, acknowledged
 *   writes are in all of them; with fewer acknowledgements, a store that was behind before the restart may return an
 *   older value, if the stores before it are unreachable.
 * - A write whose outcome is unknown in a store may still replace newer writes there, even if the store has
 *   acknowledged them. This process writes the newest value there again when `settleTime` has passed; a process that
 *   ends earlier does not.
 * - Processes that write the same key at the same time may leave different values in the stores. So may a process that ends
 *   in the middle of a write.
 * - A store that has lost entries, because it evicted them or restarted without its data, returns misses.
 *
 * **Errors**
 *
 * - `StoreUnavailableError`: too few stores have applied a write, no store that holds the newest value can be read,
 *   too many keys are behind (`maxBehind`), or the layer is closed.
 * - `TimeoutError`: the time budget of the caller ended before a write began in any store.
 * - Any other error of a store, if that store is needed for the result.
 *
 * Fails to build with `StoreSetupError` when an option is out of range, when two of the stores are the same one
 * (unless `PrefixKeys` or `PrefixCollections` keeps their names apart), and in a Cloudflare Worker unless
 * `Requests.Current` is `"shared"`.
 *
 * **Metrics**
 *
 * `effect_kv.replicate.behind` (a gauge: keys whose newest write at least one store may lack),
 * `effect_kv.replicate.unwell` (a gauge: stores whose last operation failed) and `effect_kv.replicate.repaired` (a counter of
 * copies).
 *
 * **Gotchas**
 *
 * - Put `Timeout` inside of each store. Without a `Timeout`, a store that hangs blocks later writes of the same keys to
 *   that store. This process then keeps up to two values in memory for each of `2 * maxBehind` keys, and the store
 *   misses the writes of all further keys.
 * - Once a store has missed writes of more than `maxBehind` keys, only keys that were written to that store later are
 *   read from it. This lasts until the layer is built again. Bring the store up to date before you build the layer
 *   again. If the only store that is still read falls behind as well, writes of further keys fail.
 *
 * **Example** (Three servers: any one of them may be unreachable)
 *
 * ```ts
 * import { Replicate, Timeout } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Server = (url: string) => Redis.layer({ url }).pipe(Timeout.wrap("1 second"))
 *
 * const Store = Server("redis://one:6379").pipe(
 *   Replicate.wrap({ replicas: [Server("redis://two:6379"), Server("redis://three:6379")], acknowledgements: "quorum" })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = <Replica extends Layer.Layer<KeyValue, any, any>>({
  replicas,
  ...config
}: Options<Replica>): WrapperOver<ReadonlyArray<Replica>, Atomic, StoreSetupError, Maintenance> =>
  wrapperOverApart(
    "Replicate",
    areStores,
    replicas,
    Effect.fnUntraced(function* (first, others) {
      yield* requireBackground("Replicate")
      const {
        acknowledgements,
        settleTime,
        pause,
        maxBehind,
        store: name,
        repair
      } = yield* described.read(config, { replicas })
      const drivers = [first, ...others] as const
      const meter = (yield* meterOf(name))(first)
      const { health, tell } = yield* tellingOf(drivers, name)
      const stores: Stores = new Stores({
        drivers,
        required: yield* requiredOf(acknowledgements, drivers.length),
        settleTime,
        pause,
        maxBehind,
        onRepaired: meter.counter(
          "replicate.repaired",
          "Entries that were copied to a store because it had missed them"
        ),
        onChange: (store) => tell(stores, store)
      })
      meter.gauge(
        "replicate.behind",
        "Keys whose newest write at least one store may lack",
        {},
        () => stores.ledger.size
      )
      meter.gauge("replicate.unwell", "Stores whose last operation failed", {}, () => stores.unwell)
      yield* Effect.addFinalizer(() => Effect.sync(() => stores.close()))
      if (repair) {
        const context = yield* Effect.context<never>()
        for (const store of stores.indices) stores.background.start(context, repairing(stores, store))
      }
      return { ...replicated(stores, [...drivers]), health }
    })
  )

/** @internal */
export const described = options.of<Options<any>>()("Replicate", {
  replicas: options.list(options.layer()),
  acknowledgements: options.either(["all", "quorum"], options.integer({ min: 1 }), { default: "quorum" }),
  repair: options.boolean({ default: true }),
  pause: options.duration({ default: "1 second" }),
  settleTime: options.duration({ default: "30 seconds" }),
  maxBehind: options.integer({ min: 1, default: 10_000 }),
  store: options.text()
})

const requiredOf = (acknowledgements: "all" | "quorum" | number, stores: number) => {
  if (acknowledgements === "all") return Effect.succeed(stores)
  if (acknowledgements === "quorum") return Effect.succeed(Math.floor(stores / 2) + 1)
  return acknowledgements <= stores
    ? Effect.succeed(acknowledgements)
    : options.invalid("Replicate", `acknowledgements must be at most ${stores}, the number of stores`)
}
