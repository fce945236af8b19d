import { Redis } from "ioredis"
import { type Caching, type Loading, load, type Peer, type Place } from "./Peer.ts"

interface BentoCache {
  readonly getOrSet: (options: {
    readonly key: string
    readonly factory: () => Promise<object>
    readonly ttl: string
    readonly grace?: string
    readonly timeout?: number
  }) => Promise<unknown>
  readonly get: (options: { readonly key: string }) => Promise<unknown>
  readonly set: (options: {
    readonly key: string
    readonly value: object
    readonly ttl?: string
    readonly grace?: string
  }) => Promise<unknown>
  readonly disconnectAll: () => Promise<unknown>
}

interface BentoStore {
  readonly useL1Layer: (driver: object) => BentoStore
  readonly useL2Layer: (driver: object) => BentoStore
}

interface BentoModule {
  readonly BentoCache: new (options: {
    readonly default: "all"
    readonly stores: { readonly all: BentoStore }
  }) => BentoCache
  readonly bentostore: () => BentoStore
}

interface RedisDriverModule {
  readonly redisDriver: (options: object) => object
}

interface MemoryDriverModule {
  readonly memoryDriver: (options?: object) => object
}

/** Redis is its only layer, because with memory in front no read would reach the server. It has no batches. */
export const overRedis = async (place: Place): Promise<Peer> => peer(await onServer(place))

/** Stale values are answered at once (`timeout: 0`), while the factory runs in the background. */
export const caching = async (place: Place | undefined): Promise<Caching> => {
  const bento = await (place === undefined ? inProcess() : onServer(place))
  return {
    subject: "bentocache",
    ask: (key, factory) => bento.getOrSet({ key, factory, ttl: "1h" }),
    stale: {
      put: (key, value) => bento.set({ key, value, ttl: "1ms", grace: "1h" }),
      ask: (key, factory) => bento.getOrSet({ key, factory, ttl: "1h", grace: "1h", timeout: 0 })
    },
    close: () => bento.disconnectAll()
  }
}

const onServer = async ({ url, prefix }: Place): Promise<BentoCache> => {
  const { BentoCache, bentostore } = await load<BentoModule>("bentocache")
  const { redisDriver } = await load<RedisDriverModule>("bentocache/drivers/redis")
  const driver = redisDriver({ connection: new Redis(url), prefix: `${prefix}bentocache` })
  return new BentoCache({ default: "all", stores: { all: bentostore().useL2Layer(driver) } })
}

export const inMemory = async (): Promise<Peer> => peer(await inProcess())

export const loading = async (): Promise<Loading> => {
  const bento = await inProcess()
  return { subject: "bentocache", ask: (key, factory) => bento.getOrSet({ key, factory, ttl: "1h" }) }
}

const inProcess = async (): Promise<BentoCache> => {
  const { BentoCache, bentostore } = await load<BentoModule>("bentocache")
  const { memoryDriver } = await load<MemoryDriverModule>("bentocache/drivers/memory")
  return new BentoCache({
    default: "all",
    stores: { all: bentostore().useL1Layer(memoryDriver({ maxItems: 1_000_000 })) }
  })
}

const peer = (bento: BentoCache): Peer => ({
  subject: "bentocache",
  get: (key) => bento.get({ key }),
  set: (key, value) => bento.set({ key, value }),
  getMany: (keys) => Promise.all(keys.map((key) => bento.get({ key }))),
  setMany: (entries) => Promise.all(entries.map(([key, value]) => bento.set({ key, value }))),
  close: () => bento.disconnectAll()
})
