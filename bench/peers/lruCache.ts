import { load } from "./Peer.ts"

interface LruCache {
  readonly get: (key: string) => unknown
  readonly set: (key: string, value: object) => unknown
}

interface LruCacheModule {
  readonly LRUCache: new (options: { readonly max: number }) => LruCache
}

export const inMemory = async (max: number): Promise<LruCache> => {
  const { LRUCache } = await load<LruCacheModule>("lru-cache")
  const cache = new LRUCache({ max })
  return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) }
}
