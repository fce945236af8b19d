/**
 * Entries in the memory of the process.
 *
 * @since 0.1.0
 */
import type * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Atomic } from "../Atomic.ts"
import type * as Call from "../driver/Call.ts"
import { type Driver, defaultCollection } from "../driver/Driver.ts"
import { layer as driverLayer } from "../driver/layers.ts"
import { declareWaits } from "../driver/waits.ts"
import { type Entry, isExpired } from "../Entry.ts"
import type { Enumeration } from "../Enumeration.ts"
import * as options from "../internal/options.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import type { Maintenance } from "../Maintenance.ts"
import { Payload, type Value } from "../Value.ts"
import { type Limits, type Slot, Slots } from "./memory/Slots.ts"

/**
 * Options of {@link layer}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** How many entries to keep; the one that was not used for the longest time goes first. Default: no limit. */
  readonly maxEntries?: number | undefined
  /** How many bytes of values to keep (as UTF-8 JSON). A value that is larger alone is not kept. Default: no limit. */
  readonly maxSize?: ByteSize.Input | undefined
  /** Whether the limits hold for each collection or for all together. Default: `"store"`. */
  readonly limitsPer?: "collection" | "store" | undefined
  /** Entries to begin with, by collection and key. Default: none. */
  readonly seed?: Readonly<Record<string, Readonly<Record<string, Value>>>> | undefined
  /** The collection of a call that names none. Default: `"default_collection"`. */
  readonly defaultCollection?: string | undefined
}

/**
 * A store in the memory of the process, with all capabilities.
 *
 * **When to use**
 *
 * Use for caches, tests and development.
 *
 * **Details**
 *
 * Each layer is a store of its own, that lives as long as the layer. Limits evict the least recently used entry.
 * Expired entries are freed when somebody asks for them, and a few of them at each write.
 *
 * Fails with `StoreSetupError` when an option or a value of the seed is not valid.
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
): Layer.Layer<KeyValue | Enumeration | Maintenance | Atomic, StoreSetupError> => driverLayer(make(options))

/**
 * The driver of {@link layer}.
 *
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (config: Options) {
  const limits = {
    maxEntries: yield* options.integer("Memory", "maxEntries", config.maxEntries ?? Number.MAX_SAFE_INTEGER, 1),
    maxSize: yield* options.bytes("Memory", "maxSize", config.maxSize, Number.POSITIVE_INFINITY)
  }
  const collections = new Map<string, Map<string, Slot>>()
  const slotsOf = partition(collections, limits, config.limitsPer ?? "store")
  for (const [collection, values] of Object.entries(config.seed ?? {})) {
    for (const [key, value] of Object.entries(values)) {
      const payload = Payload.from(value)
      if (Result.isFailure(payload)) {
        const { path, reason } = payload.failure
        return yield* options.invalid(
          "Memory",
          `the seed's ${collection}/${key} cannot be stored: ${reason} at ${path}`
        )
      }
      const entry: Entry = { payload: payload.success, createdAt: undefined, expiresAt: undefined }
      slotsOf(collection).set(collection, key, entry, 0)
    }
  }
  return declareWaits(driver(collections, slotsOf, config.defaultCollection ?? defaultCollection), "never")
})

/** Which list of slots a collection's entries are in: one for all, or one each while it has entries. */
const partition = (
  collections: Map<string, Map<string, Slot>>,
  limits: Limits,
  limitsPer: "collection" | "store"
): ((collection: string) => Slots) => {
  const owners = new Map<string, Slots>()
  const all = new Slots(collections, limits, owners)
  if (limitsPer === "store") return () => all
  return (collection) => owners.get(collection) ?? new Slots(collections, limits, owners)
}

/** Runs a step of the driver at the time that it is. */
const atNow = <A>(step: (now: number) => A): Effect.Effect<A> =>
  Effect.clockWith((clock) => Effect.succeed(step(clock.currentTimeMillisUnsafe())))

const driver = (
  collections: ReadonlyMap<string, ReadonlyMap<string, Slot>>,
  slotsOf: (collection: string) => Slots,
  defaultCollection: string
) => {
  const written = (collection: string): Slots => (collections.has(collection) ? slotsOf(collection) : nothing)
  return {
    system: "memory",
    defaultCollection,
    get: ({ collection, keys }) =>
      atNow((now) =>
        keys.map((key) => {
          const found = written(collection).get(collection, key, now)
          if (found === undefined) return undefined
          const { payload, createdAt, expiresAt } = found.entry
          return { payload: payload.copy(), createdAt, expiresAt, version: found.version }
        })
      ),
    put: ({ collection, keys, entries }) =>
      atNow((now) => {
        const slots = slotsOf(collection)
        for (let i = 0; i < keys.length; i++) slots.set(collection, keys[i]!, entries[i]!, now)
      }),
    delete: ({ collection, keys }) =>
      atNow((now) => keys.filter((key) => written(collection).delete(collection, key, now)).length),
    compareAndPut: ({ collection, keys: [key], entry, expected }) =>
      atNow((now) => {
        if (written(collection).get(collection, key!, now)?.version !== expected) return false
        if (entry === undefined) written(collection).delete(collection, key!, now)
        else slotsOf(collection).set(collection, key!, entry, now)
        return true
      }),
    keys: (call) =>
      snapshot(call, (now) =>
        live(collections.get(call.collection)?.values() ?? [], now, (key) => key.startsWith(call.prefix))
      ),
    collections: (call) =>
      snapshot(call, (now) =>
        [...collections].flatMap(([name, slots]) =>
          name.startsWith(call.prefix) && live(slots.values(), now, (key) => key.startsWith(call.keyPrefix)).length > 0
            ? [name]
            : []
        )
      ),
    clear: ({ collection, keyPrefix }) =>
      atNow((now) => {
        let count = 0
        for (const [name, slots] of collections) {
          if ("name" in collection ? name !== collection.name : !name.startsWith(collection.prefix)) continue
          for (const key of slots.keys()) {
            if (key.startsWith(keyPrefix) && slotsOf(name).delete(name, key, now)) count++
          }
        }
        return { count, next: undefined }
      }),
    removeExpired: () =>
      atNow((now) => {
        let count = 0
        for (const slots of new Set([...collections.keys()].map(slotsOf))) count += slots.removeExpired(now)
        return { count, next: undefined }
      })
  } satisfies Driver
}

/** Where a collection without entries is looked up, so that a read keeps no memory of it. */
const nothing = new Slots(new Map(), { maxEntries: 0, maxSize: 0 })

const live = (slots: Iterable<Slot>, now: number, matches: (key: string) => boolean): Array<string> => {
  const keys: Array<string> = []
  for (const slot of slots) if (!isExpired(slot.entry, now) && matches(slot.key)) keys.push(slot.key)
  return keys
}

/** Pages through the names that there are when the first page is asked for. */
const snapshot = (
  call: Call.Keys | Call.Collections,
  take: (now: number) => ReadonlyArray<string>
): Effect.Effect<Call.Page> =>
  atNow((now) => {
    const { names, from } = (call.cursor ?? { names: take(now), from: 0 }) as {
      readonly names: ReadonlyArray<string>
      readonly from: number
    }
    const to = from + call.pageSize
    return { names: names.slice(from, to), next: to < names.length ? { names, from: to } : undefined }
  })
