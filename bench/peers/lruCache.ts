import { load } from "./Peer.ts"

export interface LruCache {
  readonly get: (key: string) => unknown
  readonly set: (key: string, value: object) => unknown
}

interface LruCacheModule {
  readonly LRUCache: new (options: { readonly max: number }) => LruCache
}

export const inMemory = async (max: number): Promise<LruCache> => {
  const { LRUCache } = await load<LruCacheModule>("lru-cache")
  return new LRUCache({ max })
}
