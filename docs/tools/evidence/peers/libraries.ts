import type { Library } from "./Library.ts"
import { bentocache, bentocacheWithBus, bentocacheWithoutQueue } from "./libraries/bentocache.ts"
import { cacheable, cacheableWithSync } from "./libraries/cacheable.ts"
import { cacheManager } from "./libraries/cacheManager.ts"
import { effectKv, effectKvWithLease } from "./libraries/effectKv.ts"
import { effectPersistence } from "./libraries/effectPersistence.ts"
import { keyv, keyvWithoutQueue } from "./libraries/keyv.ts"
import { unstorage, unstorageWithoutQueue } from "./libraries/unstorage.ts"

/** The libraries that run on Node, and variants of them with other settings. */
export const libraries: ReadonlyArray<Library> = [
  effectKv,
  effectKvWithLease,
  keyv,
  keyvWithoutQueue,
  unstorage,
  unstorageWithoutQueue,
  cacheManager,
  cacheable,
  cacheableWithSync,
  bentocache,
  bentocacheWithoutQueue,
  bentocacheWithBus,
  effectPersistence
]
