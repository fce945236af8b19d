import * as Effect from "effect/Effect"
import { Memory } from "../../src/index.ts"
import { withEntries } from "../heap.ts"
import { measure, type Sample } from "../measure.ts"
import * as bentocache from "../peers/bentocache.ts"
import * as cacheable from "../peers/cacheable.ts"
import * as cacheManager from "../peers/cacheManager.ts"
import * as effectPersistence from "../peers/effectPersistence.ts"
import * as keyv from "../peers/keyv.ts"
import * as lruCache from "../peers/lruCache.ts"
import * as unstorage from "../peers/unstorage.ts"
import { ofEffects, ofLayer, ofPeer, ofPlain } from "../Store.ts"
import { small } from "../values.ts"
import type { Section } from "./Section.ts"

/** The number of entries for measuring the heap. */
const entries = 50_000

const maps = [
  Effect.sync(() => {
    const map = new Map<string, object>()
    return ofPlain("Map", { get: (key) => map.get(key), set: (key, value) => map.set(key, value) })
  }),
  Effect.sync(() => {
    const map = new Map<string, string>()
    return ofPlain("Map of JSON", {
      get: (key) => JSON.parse(map.get(key)!),
      set: (key, value) => map.set(key, JSON.stringify(value))
    })
  }),
  Effect.sync(() => {
    const map = new Map<string, string>()
    return ofEffects("Map of JSON, in a fiber", {
      get: (key) => Effect.sync(() => JSON.parse(map.get(key)!)),
      set: (key, value) => Effect.sync(() => map.set(key, JSON.stringify(value)))
    })
  })
]

const ours = ofLayer("effect-kv", Memory.layer())

const peers = [
  Effect.map(
    Effect.promise(() => lruCache.inMemory(2 * entries)),
    (cache) => ofPlain("lru-cache", cache)
  ),
  effectPersistence.inMemory,
  effectPersistence.keyValueStoreInMemory,
  ...[keyv.five, keyv.six, unstorage.inMemory, cacheable.inMemory, cacheManager.inMemory, bentocache.inMemory].map(
    ofPeer
  )
]

/** Stores in the memory of the process. */
export const memory: Section = {
  name: "memory",
  title: "Memory",
  about:
    "Objects of 200 bytes of JSON, one caller. effect-kv is called within a fiber, promises are awaited in an `async` loop, and `Map` and lru-cache are called directly. `Map`, lru-cache, cache-manager and Effect's BackingPersistence return the same object that was put, which readers can change. cacheable copies values on get only; all others copy them on put and on get. Heap: the size of an entry, including key and value.",
  needsRedis: false,
  run: Effect.fnUntraced(function* (plan) {
    const open = [...maps, ours, ...(plan.everything ? peers : [])]
    const stores = yield* Effect.all(open)
    for (const store of stores) yield* Effect.promise(() => store.fill(small))
    const samples: Array<Sample> = [
      ...(yield* Effect.promise(() =>
        measure(
          "memory",
          stores.flatMap((store) => store.singles(small)),
          { turns: plan.turns, callers: [1], latencies: plan.everything }
        )
      ))
    ]
    if (!plan.everything) return samples
    for (const each of open) {
      const { subject, bytes } = yield* Effect.scoped(
        withEntries(each, entries, (store) => Effect.promise(() => store.scattered(entries)(1, 1)))
      )
      samples.push({
        section: "memory",
        subject,
        what: "entry",
        callers: 1,
        figure: "heap",
        unit: "bytes",
        values: [bytes]
      })
    }
    return samples
  })
}
