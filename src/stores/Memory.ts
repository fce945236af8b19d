/**
 * A store in the memory of the process.
 *
 * @since 0.1.0
 */
import type * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { Atomic } from "../Atomic.ts"
import { layer as driverLayer } from "../Driver.ts"
import type * as Call from "../driver/Call.ts"
import { decide } from "../driver/counter.ts"
import { type Driver, defaultCollection } from "../driver/Driver.ts"
import { whole } from "../driver/extents.ts"
import * as options from "../driver/options.ts"
import { declareWaits } from "../driver/waits.ts"
import { type Entry, isExpired } from "../Entry.ts"
import type { Enumeration } from "../Enumeration.ts"
import type { Health } from "../Health.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import type { Maintenance } from "../Maintenance.ts"
import { Payload, type Value } from "../Value.ts"
import { page } from "./common/page.ts"
import { Partitions } from "./memory/Partitions.ts"
import type { Slot } from "./memory/Slots.ts"

/**
 * Options of {@link layer}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Maximum number of entries. The least recently used entry is evicted first. Default: no limit. */
  readonly maxEntries?: number | undefined
  /**
   * Maximum number of bytes. Each entry counts its value (as JSON in UTF-8, or its bytes), its key and the name of its
   * collection. An entry that is larger on its own is not stored. Default: no limit.
   */
  readonly maxSize?: ByteSize.Input | undefined
  /** Whether the limits apply to the whole store or to each collection. Default: `"store"`. */
  readonly limitsPer?: "collection" | "store" | undefined
  /** Initial entries, by collection and key. Default: none. */
  readonly seed?: Readonly<Record<string, Readonly<Record<string, Value>>>> | undefined
  /** Collection of calls that name no collection. Default: `"default_collection"`. */
  readonly defaultCollection?: string | undefined
}

/**
 * Stores entries in the memory of the process, with all capabilities.
 *
 * **When to use**
 *
 * Use it for caches, tests and development.
 *
 * **Details**
 *
 * Each layer is a separate store that lives as long as the layer. An expired entry is removed when it is read. Each
 * write also removes a few expired entries of any collection. If a limit is exceeded, expired entries are removed
 * first, and then the least recently used ones.
 *
 * `maxSize` counts the stored bytes, not the heap of JavaScript. Each entry takes about 300 bytes of heap in addition,
 * and a value of many small parts takes several times the size of its JSON. If your entries are small, set
 * `maxEntries`, too.
 *
 * If a single entry is larger than `maxSize` (with its key and the name of its collection), it is not stored, and the
 * previous entry of the key is removed: `put` succeeds, `putIfAbsent` returns `false`, and `update` returns
 * `undefined`. If you need an `EntryTooLargeError` instead, wrap the store with `LimitSize`.
 *
 * **Errors**
 *
 * Adds no errors to those of every store: `InvalidKeyError`, `InvalidTtlError` and `SerializationError`. Fails to
 * build with `StoreSetupError` if an option or a value of the seed is not valid.
 *
 * **Example** (A cache of 1,000 entries)
 *
 * ```ts
 * import { Memory } from "effect-kv"
 *
 * const Cache = Memory.layer({ maxEntries: 1000 })
 * ```
 *
 * @since 0.1.0
 */
export const layer = (
  options: Options = {}
): Layer.Layer<KeyValue | Health | Enumeration | Maintenance | Atomic, StoreSetupError> => driverLayer(make(options))

/**
 * The driver of {@link layer}.
 *
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (config: Options) {
  const { maxEntries, maxSize, limitsPer, seed, defaultCollection } = yield* described.read(config)
  const partitions = new Partitions({ maxEntries, maxSize }, limitsPer)
  for (const [collection, values] of Object.entries(seed)) {
    for (const [key, value] of Object.entries(values)) {
      const payload = Payload.from(value)
      if (Result.isFailure(payload)) {
        const { path, reason } = payload.failure
        return yield* options.invalid(
          "Memory",
          `the seed value ${collection}/${key} cannot be stored: ${reason} at ${path}`
        )
      }
      const entry: Entry = { payload: payload.success, createdAt: undefined, expiresAt: undefined }
      partitions.forWrite(collection, 0).set(collection, key, entry, 0)
    }
  }
  return declareWaits(driver(partitions, defaultCollection), "never")
})

/** @internal */
export const described = options.of<Options>()("Memory", {
  maxEntries: options.integer({ min: 1, default: Number.POSITIVE_INFINITY, otherwise: "no limit" }),
  maxSize: options.size({ default: Number.POSITIVE_INFINITY, otherwise: "no limit" }),
  limitsPer: options.oneOf(["collection", "store"], { default: "store" }),
  seed: options.value<NonNullable<Options["seed"]>, NonNullable<Options["seed"]>>(
    "an object of objects",
    (input) => Predicate.isObject(input) && Object.values(input).every(Predicate.isObject),
    { default: {}, otherwise: "none" }
  ),
  defaultCollection: options.collection({ default: defaultCollection })
})

/** Runs a synchronous step, so that no other operation runs in between. `now` is the current time. */
const inOneStep = <A>(step: (now: number) => A): Effect.Effect<A> =>
  Effect.clockWith((clock) => Effect.succeed(step(clock.currentTimeMillisUnsafe())))

const driver = (partitions: Partitions, defaultCollection: string) => {
  const { collections } = partitions
  const put = (collection: string, key: string, entry: Entry, now: number): boolean =>
    partitions.forWrite(collection, now).set(collection, key, entry, now)
  return {
    system: "memory",
    defaultCollection,
    extents: [whole(partitions)],
    get: ({ collection, keys }) =>
      inOneStep((now) =>
        keys.map((key) => {
          const found = partitions.of(collection).get(collection, key, now)
          if (found === undefined) return undefined
          const { payload, createdAt, expiresAt } = found.entry
          return { payload: payload.copy(), createdAt, expiresAt, version: found.version }
        })
      ),
    put: ({ collection, keys, entries }) =>
      inOneStep((now) => {
        for (let i = 0; i < keys.length; i++) put(collection, keys[i]!, entries[i]!, now)
      }),
    delete: ({ collection, keys }) =>
      inOneStep((now) => {
        let count = 0
        for (const key of keys) if (partitions.of(collection).delete(collection, key, now)) count++
        return count
      }),
    atomic: {
      compareAndPut: ({ collection, keys: [key], entry, expected }) =>
        inOneStep((now): Call.Swapped => {
          const slots = partitions.of(collection)
          if (slots.get(collection, key!, now)?.version !== expected) return false
          if (entry !== undefined) return put(collection, key!, entry, now) || "delete"
          slots.delete(collection, key!, now)
          return true
        }),
      increment: (call) =>
        inOneStep((now) => {
          const { collection, keys } = call
          const decided = decide(partitions.of(collection).get(collection, keys[0]!, now)?.entry, call, now)
          // A counter above `maxSize` is dropped: the conditional write that follows returns what is then stored.
          if (decided?.entry !== undefined && !put(collection, keys[0]!, decided.entry, now)) return undefined
          return decided?.result
        })
    },
    listing: {
      keys: (call) =>
        snapshot(call, (now) => {
          const names: Array<string> = []
          for (const slot of collections.get(call.collection)?.values() ?? []) {
            if (isLive(slot, call.prefix, now)) names.push(slot.key)
          }
          return names
        }),
      collections: (call) =>
        snapshot(call, (now) => {
          const names: Array<string> = []
          for (const [name, slots] of collections) {
            if (name.startsWith(call.prefix) && hasLive(slots, call.keyPrefix, now)) names.push(name)
          }
          return names
        })
    },
    maintenance: {
      clear: ({ collection, keyPrefix }) =>
        inOneStep((now) => {
          let count = 0
          const clear = (name: string, slots: ReadonlyMap<string, Slot>) => {
            for (const key of slots.keys()) {
              if (key.startsWith(keyPrefix) && partitions.of(name).delete(name, key, now)) count++
            }
          }
          if ("name" in collection) clear(collection.name, collections.get(collection.name) ?? new Map())
          else for (const [name, slots] of collections) if (name.startsWith(collection.prefix)) clear(name, slots)
          return { count, next: undefined }
        }),
      removeExpired: ({ selects }) =>
        inOneStep((now) => ({ count: partitions.removeExpired(now, selects), next: undefined }))
    }
  } satisfies Driver
}

const isLive = (slot: Slot, prefix: string, now: number): boolean =>
  !isExpired(slot.entry, now) && slot.key.startsWith(prefix)

const hasLive = (slots: ReadonlyMap<string, Slot>, keyPrefix: string, now: number): boolean => {
  for (const slot of slots.values()) if (isLive(slot, keyPrefix, now)) return true
  return false
}

/** Returns a page of names. The first page takes a snapshot of all names, and the next pages read from it. */
const snapshot = (
  call: Call.Keys | Call.Collections,
  take: (now: number) => ReadonlyArray<string>
): Effect.Effect<Call.Page> =>
  Effect.map(page(call.cursor, call.pageSize, inOneStep(take)), ({ items, next }) => ({ names: items, next }))
