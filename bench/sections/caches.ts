import { strictEqual } from "node:assert/strict"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Memory } from "../../src/index.ts"
import * as Redis from "../../src/stores/Redis.ts"
import { type Contender, ofEffects, ofPromises } from "../caches/Contender.ts"
import * as effectCaches from "../caches/effectCaches.ts"
import { loadingCache } from "../caches/loadingCache.ts"
import { measure, type Sample } from "../measure.ts"
import * as bentocache from "../peers/bentocache.ts"
import * as cacheable from "../peers/cacheable.ts"
import * as cacheManager from "../peers/cacheManager.ts"
import type { Place } from "../peers/Peer.ts"
import { serviceOf } from "../Store.ts"
import { redis, redisProblem } from "../servers.ts"
import type { Plan, Section } from "./Section.ts"

const storeOf = (place: Place | undefined) =>
  place === undefined ? Memory.layer() : Redis.layer({ url: place.url, prefix: `${place.prefix}caches:` })

const getOrSet = (place: Place | undefined) =>
  Effect.map(serviceOf(storeOf(place)), ({ getOrSet }) =>
    ofEffects<unknown>("effect-kv getOrSet", { ask: (key, load) => getOrSet(key, load, { ttl: "1 hour" }) })
  )

const ours = (place: Place | undefined) => [getOrSet(place), loadingCache(storeOf(place))]

const peers = (place: Place | undefined) => [
  ...(place === undefined
    ? [effectCaches.cacheInMemory, effectCaches.persistedInMemory]
    : [effectCaches.persistedOverRedis(place)]),
  ...[bentocache, cacheable, cacheManager].map(({ caching }) => ofPromises(() => caching(place)))
]

const measured = (
  section: string,
  opened: ReadonlyArray<Effect.Effect<Contender, unknown, Scope.Scope>>,
  callers: number,
  { turns, everything }: Plan
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const contenders = yield* Effect.all(opened)
      for (const { prepare } of contenders) yield* Effect.promise(prepare)
      const samples: Array<Sample> = [
        ...(yield* Effect.promise(() =>
          measure(
            section,
            contenders.flatMap(({ candidates }) => candidates),
            { turns, callers: [callers], latencies: everything }
          )
        ))
      ]
      for (const { subject, check, stampede } of contenders) {
        check()
        const stampeded = yield* Effect.promise(() => stampede(section))
        if (subject.startsWith("effect-kv")) strictEqual(stampeded[0]!.values[0], 1, `${subject} has loaded twice`)
        samples.push(...stampeded)
      }
      return samples
    })
  )

/** Caches that load missing values. */
export const caches: Section = {
  name: "caches",
  title: "Caches",
  about:
    "Values of 1 KiB of JSON. Over Redis, no cache keeps copies in the process. Hit: the value is fresh. Miss: the key is missing, and a load returns the value at once; the cache stores it. Stale hit: the value is stale and is returned at once, while a refresh runs that does not end. (cache-manager has no stale values. For it, the row is a hit whose refresh ahead runs.) Stampede: 1,000 callers get one missing key at the same time, and a load takes 20 ms; CPU time is per caller. The benchmark fails unless each hit and stale hit returns the right value without waiting for a load, each miss loads once, and effect-kv loads once in a stampede. Over memory, Effect's Cache and PersistedCache and cache-manager return the same object to all readers; the others copy it.",
  needsRedis: false,
  run: Effect.fnUntraced(function* (plan) {
    const all = (place: Place | undefined) => [...ours(place), ...(plan.everything ? peers(place) : [])]
    const samples = [...(yield* measured("caches, memory", all(undefined), 1, plan))]
    if (redisProblem() !== undefined) return samples
    samples.push(...(yield* measured("caches, Redis", all(yield* redis), 64, plan)))
    return samples
  })
}
