import { keyvOverRedis } from "./keyv.ts"
import { type Caching, type Loading, load, type Peer, type Place } from "./Peer.ts"

interface Cacheable {
  readonly getOrSet: (key: string, load: () => Promise<object>, options: { readonly ttl: string }) => Promise<unknown>
  readonly get: (key: string) => Promise<unknown>
  readonly set: (key: string, value: object) => Promise<unknown>
  readonly getMany: (keys: Array<string>) => Promise<unknown>
  readonly setMany: (entries: ReadonlyArray<{ readonly key: string; readonly value: object }>) => Promise<unknown>
  readonly disconnect: () => Promise<unknown>
}

interface CacheableModule {
  readonly Cacheable: new (options?: object) => Cacheable
}

/** Redis is its only tier, because with its own memory cache in front no read would reach the server. */
export const overRedis = async (place: Place): Promise<Peer> => {
  const { Cacheable } = await load<CacheableModule>("cacheable")
  return peer(new Cacheable({ primary: await keyvOverRedis(place, "cacheable") }))
}

export const inMemory = async (): Promise<Peer> => {
  const { Cacheable } = await load<CacheableModule>("cacheable")
  return peer(new Cacheable())
}

export const loading = async (): Promise<Loading> => {
  const { Cacheable } = await load<CacheableModule>("cacheable")
  const cacheable = new Cacheable()
  return { subject: "cacheable", ask: (key, load) => cacheable.getOrSet(key, load, { ttl: "1h" }) }
}

/** It has no stale values. */
export const caching = async (place: Place | undefined): Promise<Caching> => {
  const { Cacheable } = await load<CacheableModule>("cacheable")
  const cacheable = new Cacheable(place && { primary: await keyvOverRedis(place, "cacheable-caching") })
  return {
    subject: "cacheable",
    ask: (key, load) => cacheable.getOrSet(key, load, { ttl: "1h" }),
    close: () => cacheable.disconnect()
  }
}

const peer = (cacheable: Cacheable): Peer => ({
  subject: "cacheable",
  get: (key) => cacheable.get(key),
  set: (key, value) => cacheable.set(key, value),
  getMany: (keys) => cacheable.getMany(keys),
  setMany: (entries) => cacheable.setMany(entries.map(([key, value]) => ({ key, value }))),
  close: () => cacheable.disconnect()
})
