import { Redis } from "ioredis5"
import { type Library, type Loading, load, type Near, type Place } from "../Library.ts"

interface BentoCache {
  readonly get: (options: { readonly key: string }) => Promise<unknown>
  readonly set: (options: { readonly key: string; readonly value: unknown; readonly ttl?: number }) => Promise<unknown>
  readonly delete: (options: { readonly key: string }) => Promise<unknown>
  readonly clear: () => Promise<unknown>
  readonly getOrSet: (options: {
    readonly key: string
    readonly factory: () => Promise<string>
    readonly ttl: number
    readonly grace?: number
  }) => Promise<unknown>
  readonly disconnectAll: () => Promise<unknown>
}

interface BentoStore {
  readonly useL1Layer: (driver: object) => BentoStore
  readonly useL2Layer: (driver: object) => BentoStore
  readonly useBus: (driver: object) => BentoStore
}

interface BentoModule {
  readonly BentoCache: new (options: object) => BentoCache
  readonly bentostore: () => BentoStore
}

interface RedisDriverModule {
  readonly redisDriver: (options: object) => object
  readonly redisBusDriver: (options: object) => object
}

interface MemoryDriverModule {
  readonly memoryDriver: (options?: object) => object
}

const client = (url: string, listens = true, options = {}) => {
  const redis = new Redis(url, options)
  if (listens) redis.on("error", () => {})
  return redis
}

const open = async ({ url, prefix, listens }: Place, options = {}): Promise<BentoCache> => {
  const { BentoCache, bentostore } = await load<BentoModule>("bentocache")
  const { redisDriver } = await load<RedisDriverModule>("bentocache/drivers/redis")
  const { memoryDriver } = await load<MemoryDriverModule>("bentocache/drivers/memory")
  const store =
    url === undefined
      ? bentostore().useL1Layer(memoryDriver())
      : bentostore().useL2Layer(redisDriver({ connection: client(url, listens, options) }))
  return new BentoCache({ default: "all", stores: { all: store }, ...(prefix === undefined ? {} : { prefix }) })
}

const caching = async (place: Place, loading: Loading) => cacheOver(await open(place), loading)

/** Memory and Redis, as its documentation recommends. */
const tiered =
  (options: object) =>
  async ({ url }: Place, loading: Loading) => {
    const { BentoCache, bentostore } = await load<BentoModule>("bentocache")
    const { redisDriver } = await load<RedisDriverModule>("bentocache/drivers/redis")
    const { memoryDriver } = await load<MemoryDriverModule>("bentocache/drivers/memory")
    const store = bentostore()
      .useL1Layer(memoryDriver())
      .useL2Layer(redisDriver({ connection: client(url!, true, options) }))
    return cacheOver(new BentoCache({ default: "all", stores: { all: store } }), loading)
  }

const cacheOver = (bento: BentoCache, { ttlMillis, staleMillis }: Loading) => {
  const grace = staleMillis === undefined ? {} : { grace: staleMillis }
  return {
    ask: (key: string, factory: () => Promise<string>) => bento.getOrSet({ key, factory, ttl: ttlMillis, ...grace }),
    invalidate: (key: string) => bento.delete({ key }),
    close: () => bento.disconnectAll()
  }
}

const near = async (url: string, hasBus: boolean): Promise<Near> => {
  const { BentoCache, bentostore } = await load<BentoModule>("bentocache")
  const { redisDriver, redisBusDriver } = await load<RedisDriverModule>("bentocache/drivers/redis")
  const { memoryDriver } = await load<MemoryDriverModule>("bentocache/drivers/memory")
  const tiers = bentostore()
    .useL1Layer(memoryDriver())
    .useL2Layer(redisDriver({ connection: client(url) }))
  const { hostname: host, port } = new URL(url)
  const store = hasBus ? tiers.useBus(redisBusDriver({ connection: { host, port: Number(port) } })) : tiers
  const bento = new BentoCache({ default: "all", stores: { all: store } })
  return {
    get: (key) => bento.get({ key }),
    set: (key, value) => bento.set({ key, value, ttl: 60_000 }),
    close: () => bento.disconnectAll()
  }
}

const store = (options: object) => async (place: Place) => {
  const bento = await open(place, options)
  return {
    get: (key: string) => bento.get({ key }),
    set: (key: string, value: unknown, ttl?: number) =>
      bento.set(ttl === undefined ? { key, value } : { key, value, ttl }),
    clear: () => bento.clear(),
    close: () => bento.disconnectAll()
  }
}

/** Redis is its only layer, because with memory in front no read would reach the server. */
export const bentocache: Library = {
  name: "bentocache",
  store: store({}),
  cache: caching,
  near: (url) => near(url, false),
  bundle: `
    import { BentoCache, bentostore } from "bentocache"
    import { memoryDriver } from "bentocache/drivers/memory"
    const bento = new BentoCache({ default: "all", stores: { all: bentostore().useL1Layer(memoryDriver()) } })
    export const program = bento.set({ key: "key", value: 1 }).then(() => bento.get({ key: "key" }))`
}

const noQueue = { enableOfflineQueue: false, maxRetriesPerRequest: 0 }

/** With options of ioredis: no command waits for a connection, or is sent again. */
export const bentocacheWithoutQueue: Library = {
  name: "bentocache, no queue",
  only: ["outage", "lost"],
  store: store(noQueue)
}

export const bentocacheTiered: Library = {
  name: "bentocache, memory in front",
  only: ["storeDown"],
  cache: tiered({})
}

export const bentocacheTieredWithoutQueue: Library = {
  name: "bentocache, memory in front, no queue",
  only: ["storeDown"],
  cache: tiered(noQueue)
}

export const bentocacheWithBus: Library = { name: "bentocache, bus", near: (url) => near(url, true) }
