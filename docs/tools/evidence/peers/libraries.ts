import { bentocache, bentocacheWithBus } from "./libraries/bentocache.ts"
import { cacheable, cacheableWithSync } from "./libraries/cacheable.ts"
import { cacheManager } from "./libraries/cacheManager.ts"
import { effectKv, effectKvWithLease } from "./libraries/effectKv.ts"
import { effectPersistence } from "./libraries/effectPersistence.ts"
import { keyv, keyvWithoutListener } from "./libraries/keyv.ts"
import { unstorage } from "./libraries/unstorage.ts"
import type { Library } from "./Library.ts"

/** The libraries that run on Node, and variants of them with other settings. */
export const libraries: ReadonlyArray<Library> = [
  effectKv,
  effectKvWithLease,
  keyv,
  keyvWithoutListener,
  unstorage,
  cacheManager,
  cacheable,
  cacheableWithSync,
  bentocache,
  bentocacheWithBus,
  effectPersistence
]
