import { type Cache, type Library, type Loading, load, type Near } from "../Library.ts"
import { keysOf, keyvNonBlocking, keyvOver } from "./keyv.ts"

interface Cacheable {
  readonly get: (key: string) => Promise<unknown>
  readonly set: (key: string, value: unknown, ttl?: number) => Promise<unknown>
  readonly delete: (key: string) => Promise<unknown>
  readonly clear: () => Promise<unknown>
  readonly getOrSet: (key: string, load: () => Promise<string>, options: { readonly ttl: number }) => Promise<unknown>
  readonly disconnect: () => Promise<unknown>
  readonly on: (event: "error", listener: (error: unknown) => void) => void
}

interface CacheableModule {
  readonly Cacheable: new (options?: object) => Cacheable
}

interface QifiedModule {
  readonly MemoryMessageProvider: new () => object
}

const open = async (options: object, listens = true): Promise<Cacheable> => {
  const { Cacheable } = await load<CacheableModule>("cacheable")
  const cacheable = new Cacheable(options)
  if (listens) cacheable.on("error", () => {})
  return cacheable
}

const near = async (url: string, options: object): Promise<Near> => {
  const cacheable = await open({ secondary: await keyvOver("keyv", { url }), ...options })
  return {
    get: (key) => cacheable.get(key),
    set: (key, value) => cacheable.set(key, value, 60_000),
    close: () => cacheable.disconnect()
  }
}

const caching = (cacheable: Cacheable, { ttlMillis }: Loading): Cache => ({
  ask: (key, load) => cacheable.getOrSet(key, load, { ttl: ttlMillis }),
  invalidate: (key) => cacheable.delete(key),
  close: () => cacheable.disconnect()
})

/** Redis is its only tier, because with its own memory cache in front no read would reach the server. */
export const cacheable: Library = {
  name: "cacheable",
  store: async (place) => {
    const primary = place.url === undefined ? undefined : await keyvOver("keyv", place)
    const cacheable = await open({ primary }, place.listens)
    return {
      get: (key) => cacheable.get(key),
      set: (key, value, ttl) => cacheable.set(key, value, ttl),
      clear: () => cacheable.clear(),
      ...(primary === undefined ? {} : { keys: () => keysOf(primary) }),
      close: () => cacheable.disconnect()
    }
  },
  cache: async ({ url }, loading) =>
    caching(await open(url === undefined ? {} : { primary: await keyvOver("keyv", { url }) }), loading),
  near: (url) => near(url, {}),
  bundle: `
    import { Cacheable } from "cacheable"
    const cache = new Cacheable()
    export const program = cache.set("key", 1).then(() => cache.get("key"))`
}

export const cacheableTiered: Library = {
  name: "cacheable, memory in front",
  only: ["storeDown"],
  cache: async ({ url }, loading) => caching(await open({ secondary: await keyvOver("keyv", { url }) }), loading)
}

/** As its README recommends. */
export const cacheableTieredNonBlocking: Library = {
  name: "cacheable, memory in front, non-blocking",
  only: ["storeDown"],
  cache: async ({ url }, loading) =>
    caching(await open({ secondary: await keyvNonBlocking(url!), nonBlocking: true }), loading)
}

export const cacheableNonBlocking: Library = {
  name: "cacheable, non-blocking",
  only: ["outage", "lost"],
  store: async ({ url }) => {
    const cacheable = await open({ primary: await keyvNonBlocking(url!) })
    return {
      get: (key) => cacheable.get(key),
      set: (key, value, ttl) => cacheable.set(key, value, ttl),
      close: () => cacheable.disconnect()
    }
  }
}

let provider: object | undefined

/** With `sync`. Both nodes are in one process, so the messages need no server. */
export const cacheableWithSync: Library = {
  name: "cacheable, `sync`",
  near: async (url) => {
    const { MemoryMessageProvider } = await load<QifiedModule>("qified")
    provider ??= new MemoryMessageProvider()
    return near(url, { sync: { qified: provider } })
  }
}
