import { keyvOverRedis } from "./keyv.ts"
import { type Caching, type Loading, load, type Peer, type Place } from "./Peer.ts"

interface Cache {
  readonly wrap: (key: string, load: () => Promise<object>, ttl: number, refreshThreshold?: number) => Promise<unknown>
  readonly get: (key: string) => Promise<unknown>
  readonly set: (key: string, value: object, ttl?: number) => Promise<unknown>
  readonly mget: (keys: Array<string>) => Promise<unknown>
  readonly mset: (entries: ReadonlyArray<{ readonly key: string; readonly value: object }>) => Promise<unknown>
  readonly disconnect: () => Promise<unknown>
}

interface CacheManagerModule {
  readonly createCache: (options?: object) => Cache
}

export const overRedis = async (place: Place): Promise<Peer> => {
  const { createCache } = await load<CacheManagerModule>("cache-manager")
  return peer(createCache({ stores: [await keyvOverRedis(place, "cache-manager")] }))
}

export const inMemory = async (): Promise<Peer> => {
  const { createCache } = await load<CacheManagerModule>("cache-manager")
  return peer(createCache())
}

export const loading = async (): Promise<Loading> => {
  const { createCache } = await load<CacheManagerModule>("cache-manager")
  const cache = createCache()
  return { subject: "cache-manager", ask: (key, load) => cache.wrap(key, load, 3_600_000) }
}

/** It has no stale values, but refreshes those in the background whose TTL ends soon. Here, that is all of them. */
export const caching = async (place: Place | undefined): Promise<Caching> => {
  const { createCache } = await load<CacheManagerModule>("cache-manager")
  const cache = createCache(place && { stores: [await keyvOverRedis(place, "cache-manager-caching")] })
  return {
    subject: "cache-manager",
    ask: (key, load) => cache.wrap(key, load, hour),
    stale: {
      put: (key, value) => cache.set(key, value, hour - 1),
      ask: (key, load) => cache.wrap(key, load, hour, hour)
    },
    close: () => cache.disconnect()
  }
}

const hour = 3_600_000

const peer = (cache: Cache): Peer => ({
  subject: "cache-manager",
  get: (key) => cache.get(key),
  set: (key, value) => cache.set(key, value),
  getMany: (keys) => cache.mget(keys),
  setMany: (entries) => cache.mset(entries.map(([key, value]) => ({ key, value }))),
  close: () => cache.disconnect()
})
