import { type Library, load } from "../Library.ts"
import { keysOf, keyvOver } from "./keyv.ts"

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

const redis = async (place: { readonly url: string; readonly prefix?: string | undefined }) => {
  const keyv = await keyvOver("keyv", place)
  keyv.on("error", () => {})
  return keyv
}

export const cacheManager: Library = {
  name: "cache-manager",
  store: async ({ url, prefix }) => {
    const { createCache } = await load<CacheManagerModule>("cache-manager")
    const stores = url === undefined ? [] : [await redis({ url, prefix })]
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
    const cache = createCache(url === undefined ? {} : { stores: [await redis({ url })] })
    return {
      ask: (key, load) => cache.wrap(key, load, ttlMillis),
      invalidate: (key) => cache.del(key),
      close: () => cache.disconnect()
    }
  },
  near: async (url) => {
    const { createCache } = await load<CacheManagerModule>("cache-manager")
    const cache = createCache({ stores: [await keyvOver("keyv", {}), await redis({ url })] })
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
