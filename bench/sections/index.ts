import { redisBatches, redisSingle } from "./redis.ts"
import type { Section } from "./Section.ts"
import { stacks } from "./stacks.ts"

/** All parts of the benchmark, in the order in which they are measured. */
export const sections: ReadonlyArray<Section> = [redisSingle, redisBatches, stacks]
