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

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options<Replica extends Layer.Layer<KeyValue, any, any>> {
  /** The other stores. Reads prefer the wrapped store, then these in their order. */
  readonly replicas: ReadonlyArray<Replica>
  /**
   * How many stores, the wrapped one included, must have applied a write before it is acknowledged: `"all"`, `"quorum"`
   * (more than half) or a number. Default: `"quorum"`.
   */
  readonly acknowledgements?: "all" | "quorum" | number | undefined
  /** Whether what a store missed is copied to it when it is back. Default: true. */
  readonly repair?: boolean | undefined
  /**
   * For how long a store that failed is asked last, and how often repairs are tried and a store that is away is asked
   * whether it is back. Default: 1 second.
   */
  readonly pause?: Duration.Input | undefined
  /**
   * For how long a write whose outcome is unknown may still be applied: that long its key is not repaired. Default: 30
   * seconds.
   */
  readonly settleTime?: Duration.Input | undefined
  /**
   * Of how many keys to remember that a store is behind. A store that is behind with more is not read any more, and one
   * that has writes of twice as many keys under way gets no more of them until some have ended. Default: 10,000.
   */
  readonly maxBehind?: number | undefined
  /** A name in metrics (`db.namespace`). Default: none. */
  readonly store?: string | undefined
}

/**
 * Writes to several stores, and reads from the first that is well.
 *
 * **When to use**
 *
 * Use for two or three stores that fail independently of each other, when one process at a time writes a key.
 *
 * **Details**
 *
 * - A write goes to all stores at once, and is acknowledged when enough of them have applied it. The others go on in the
 *   background, as long as the layer lives, whatever limit of time the caller had: in each store, writes of the same key
 *   are applied in the order in which they came.
 * - A store has one write of a key under way, and one that waits: the newest. A write that is overtaken while it waits is
 *   not sent to that store, and counts as applied there when the newer one is. If the newer one fails, it has failed there,
 *   too. Of a batch, only the keys that are overtaken are left out. A deletion that must tell what it found is not
 *   overtaken.
 * - A write whose caller gives up before it has begun in any store is not made.
 * - A read asks the first store that is well, and the next one when that fails with a `retryable` error. A store that
 *   failed is asked last until `pause` has passed.
 * - The process remembers which stores have missed which writes. Such a key is read only from a store that holds its newest
 *   write, after the writes of it that are under way there. A store that is back gets copies of these keys, and of
 *   nothing else: what it has and others have not is left alone, so no deleted entry comes back. Repairs find out by
 *   themselves that a store is back, by reading one of the keys that it has missed.
 * - Capabilities are those that all stores have, without `Atomic`. Clearing deletes what is listed, so that there is no
 *   `Maintenance` without `Enumeration` (with `HmacNames` inside). Listing and clearing cover all keys, or fail.
 * - When the layer is closed, whoever waits fails with `StoreUnavailableError`, and so does every later operation. A write
 *   then has `outcome: "not-applied"` only if no store may have it. Closing waits for no store.
 *
 * **What is guaranteed**
 *
 * To those who read through this layer: an acknowledged write is seen by every later read, which answers it or a newer
 * one. If no store that holds the newest write can be reached, the read fails with `StoreUnavailableError`; it never
 * answers an older one. So with `n` stores of which `a` must acknowledge, reads of what was acknowledged go on while any
 * `a - 1` stores are unreachable, and writes while `n - a` are.
 *
 * A write that too few stores have applied fails, with `outcome: "not-applied"` only if none may have applied it. It may
 * be seen afterwards. If the outcome is unknown in every store, one of these is believed until it is settled, and the
 * others are made like it. While every store may still get an older write, the newest value is answered from memory.
 *
 * **What is not**
 *
 * There is no agreement between processes, and no log. Stores that miss writes are known to this process, in memory:
 *
 * - After a restart all stores are taken to be alike. With `acknowledgements: "all"`, what was acknowledged is in all of
 *   them; with less, a store that was behind may then answer an older value, if those before it are unreachable.
 * - After a write whose outcome is unknown in a store, an older value may still come over what that store has acknowledged
 *   since. This process writes the newest value there again when `settleTime` has passed; one that ends before does not.
 * - Processes that write the same key at the same time may leave the stores unlike each other. So may a process that ends
 *   in the middle of a write.
 * - A store that has lost entries, by eviction or by an empty restart, answers misses.
 *
 * **Gotchas**
 *
 * - Put `Timeout` inside of each store. A store that hangs without one holds up the writes of a key behind it, keeps up to
 *   two values of each of twice `maxBehind` keys in memory, and misses writes of other keys.
 * - A store that was behind with more than `maxBehind` keys is read only for keys that it was given since, until the
 *   layer is built anew: bring it up to date before. If the last store falls behind as well, writes of more keys fail.
 *
 * Metrics: `effect_kv.replicate.behind` (a gauge: keys that not all stores are known to have), `.unwell` (a gauge: stores
 * whose last operation failed) and `.repaired` (a counter of copies).
 *
 * Fails to build with `StoreSetupError` when an option is out of range, when two of the stores are the same one (unless
 * `PrefixKeys` or `PrefixCollections` keeps their names apart), and in a Cloudflare Worker unless `Requests.Current` is
 * `"shared"`.
 *
 * **Example** (Two servers and a file: any one of them may be away)
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
      const stores = new Stores({
        drivers,
        required: yield* requiredOf(acknowledgements, drivers.length),
        settleTime,
        pause,
        maxBehind,
        onRepaired: meter.counter("replicate.repaired", "Copies that a store had missed, and got")
      })
      meter.gauge("replicate.behind", "Keys that not all stores are known to have", {}, () => stores.ledger.size)
      meter.gauge("replicate.unwell", "Stores whose last operation failed", {}, () => stores.unwell)
      yield* Effect.addFinalizer(() => Effect.sync(() => stores.close()))
      if (repair) {
        const context = yield* Effect.context<never>()
        for (const store of stores.indices)
          stores.background.start(context, Effect.interruptible(repairing(stores, store)))
      }
      return replicated(stores, [...drivers])
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
