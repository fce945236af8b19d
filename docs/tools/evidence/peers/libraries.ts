import type { Library } from "./Library.ts"
import {
  bentocache,
  bentocacheTiered,
  bentocacheTieredWithoutQueue,
  bentocacheWithBus,
  bentocacheWithoutQueue
} from "./libraries/bentocache.ts"
import {
  cacheable,
  cacheableNonBlocking,
  cacheableTiered,
  cacheableTieredNonBlocking,
  cacheableWithSync
} from "./libraries/cacheable.ts"
import { cacheManager, cacheManagerNonBlocking, cacheManagerTiered } from "./libraries/cacheManager.ts"
import { effectKv, effectKvWithLease } from "./libraries/effectKv.ts"
import { effectPersistence, effectPersistenceInMemory } from "./libraries/effectPersistence.ts"
import { keyv, keyvFive, keyvWithoutQueue } from "./libraries/keyv.ts"
import { unstorage, unstorageWithoutQueue } from "./libraries/unstorage.ts"

/** The libraries that run on Node, and variants of them with other settings. */
export const libraries: ReadonlyArray<Library> = [
  effectKv,
  effectKvWithLease,
  keyv,
  keyvWithoutQueue,
  keyvFive,
  unstorage,
  unstorageWithoutQueue,
  cacheManager,
  cacheManagerNonBlocking,
  cacheManagerTiered,
  cacheable,
  cacheableNonBlocking,
  cacheableTiered,
  cacheableTieredNonBlocking,
  cacheableWithSync,
  bentocache,
  bentocacheTiered,
  bentocacheTieredWithoutQueue,
  bentocacheWithoutQueue,
  bentocacheWithBus,
  effectPersistence,
  effectPersistenceInMemory
]
