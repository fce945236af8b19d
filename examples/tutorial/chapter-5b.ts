/** Chapter 5: a store that the processes share. */
import { Layer } from "effect"
import { Statistics } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { service } from "./chapter-4.ts"

/** The Redis at `REDIS_URL`. */
const Shared = Redis.layerConfig()

const Store = Shared.pipe(Statistics.wrap({ store: "redis" }))

export const layer = service.pipe(Layer.provideMerge(Store))
