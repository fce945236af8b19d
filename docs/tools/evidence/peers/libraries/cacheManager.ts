import { type Library, load } from "../Library.ts"
import { keysOf, keyvNonBlocking, keyvOver } from "./keyv.ts"

interface CacheManager {
  readonly get: (key: string) => Promise<unknown>
  readonly set: (key: string, value: unknown, ttl?: number) => Promise<unknown>
  readonly del: (key: string) => Promise<unknown>
  readonly clear: () => Promise<unknown>
  readonly wrap: (key: string, load: () => Promise<string>, ttl: number) => Promise<unknown>
  readonly disconnect: () => Promise<unknown>
}

interface CacheManagerModule {
  readonly createCache: (options?: object) => CacheManager
}

export const cacheManager: Library = {
  name: "cache-manager",
  store: async (place) => {
    const { createCache } = await load<CacheManagerModule>("cache-manager")
    const stores = place.url === undefined ? [] : [await keyvOver("keyv", place)]
    const cache = createCache({ stores })
    return {
      get: (key) => cache.get(key),
      set: (key, value, ttl) => cache.set(key, value, ttl),
      clear: () => cache.clear(),
      ...(stores[0] === undefined ? {} : { keys: () => keysOf(stores[0]!) }),
      close: () => cache.disconnect()
    }
  },
  cache: async ({ url }, { ttlMillis }) => {
    const { createCache } = await load<CacheManagerModule>("cache-manager")
    const cache = createCache(url === undefined ? {} : { stores: [await keyvOver("keyv", { url })] })
    return {
      ask: (key, load) => cache.wrap(key, load, ttlMillis),
      invalidate: (key) => cache.del(key),
      close: () => cache.disconnect()
    }
  },
  near: async (url) => {
    const { createCache } = await load<CacheManagerModule>("cache-manager")
    const cache = createCache({ stores: [await keyvOver("keyv", {}), await keyvOver("keyv", { url })] })
    return {
      // `wrap` copies a value from the second store to the first one; `get` does not.
      get: (key) => cache.wrap(key, () => Promise.resolve("not found"), 60_000),
      set: (key, value) => cache.set(key, value, 60_000),
      close: () => cache.disconnect()
    }
  },
  bundle: `
    import { createCache } from "cache-manager"
    const cache = createCache()
    export const program = cache.set("key", 1).then(() => cache.get("key"))`
}

const cacheOver =
  (hasMemory: boolean, isNonBlocking: boolean): NonNullable<Library["cache"]> =>
  async ({ url }, { ttlMillis }) => {
    const { createCache } = await load<CacheManagerModule>("cache-manager")
    const redis = isNonBlocking ? await keyvNonBlocking(url!) : await keyvOver("keyv", { url })
    const cache = createCache({ stores: hasMemory ? [await keyvOver("keyv", {}), redis] : [redis] })
    return {
      ask: (key, load) => cache.wrap(key, load, ttlMillis),
      invalidate: (key) => cache.del(key),
      close: () => cache.disconnect()
    }
  }

export const cacheManagerTiered: Library = {
  name: "cache-manager, memory in front",
  only: ["storeDown"],
  cache: cacheOver(true, false)
}

export const cacheManagerNonBlocking: Library = {
  name: "cache-manager, non-blocking",
  only: ["outage", "lost", "storeDown"],
  store: async ({ url }) => {
    const { createCache } = await load<CacheManagerModule>("cache-manager")
    const cache = createCache({ stores: [await keyvNonBlocking(url!)] })
    return {
      get: (key) => cache.get(key),
      set: (key, value, ttl) => cache.set(key, value, ttl),
      close: () => cache.disconnect()
    }
  },
  cache: cacheOver(false, true)
}
