import { caches } from "./caches.ts"
import { codecs } from "./codecs.ts"
import { embedded } from "./embedded.ts"
import { getOrSet } from "./getOrSet.ts"
import { memory } from "./memory.ts"
import { redisBatches, redisSingle } from "./redis.ts"
import type { Section } from "./Section.ts"
import { scaling } from "./scaling.ts"
import { stacks } from "./stacks.ts"
import { startUp } from "./startUp.ts"
import { wrappers } from "./wrappers.ts"

/** All parts of the benchmark, in the order of measurement. */
export const sections: ReadonlyArray<Section> = [
  redisSingle,
  redisBatches,
  stacks,
  wrappers,
  memory,
  embedded,
  codecs,
  getOrSet,
  caches,
  scaling,
  startUp
]
