import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as Cache from "effect/Cache"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Persistable from "effect/persistence/Persistable"
import * as PersistedCache from "effect/persistence/PersistedCache"
import * as Persistence from "effect/persistence/Persistence"
import * as Schema from "effect/Schema"
import type { Place } from "../peers/Peer.ts"
import { ofEffects } from "./Contender.ts"
import { type Loads, looking } from "./Loads.ts"

/** Effect's own cache in memory. It returns the same object to all readers. */
export const cacheInMemory = Effect.gen(function* () {
  const loads: Loads = new Map()
  const cache = yield* Cache.make({
    lookup: (key: string) => looking(loads, key),
    capacity: 1_000_000,
    timeToLive: "1 hour"
  })
  return ofEffects("Effect Cache", {
    ask: (key, load) =>
      Effect.suspend(() => {
        loads.set(key, load)
        return Effect.onExit(Cache.get(cache, key), () => Effect.sync(() => loads.delete(key)))
      })
  })
})

class Get extends Persistable.Class<{ payload: { readonly key: string } }>()("Get", {
  primaryKey: ({ key }) => key,
  success: Schema.Record(Schema.String, Schema.Any)
}) {}

/** Effect's cache over its persistence. `inMemory` is how long results are also kept in the process. */
const persisted = Effect.fnUntraced(function* <E>(
  backing: Layer.Layer<Persistence.BackingPersistence, E>,
  storeId: string,
  inMemory: Duration.Input
) {
  const loads: Loads = new Map()
  const context = yield* Layer.build(Persistence.layer.pipe(Layer.provide(backing)))
  const cache = yield* PersistedCache.make(({ key }: Get) => looking(loads, key), {
    storeId,
    timeToLive: () => "1 hour",
    inMemoryCapacity: 1_000_000,
    inMemoryTTL: () => inMemory
  }).pipe(Effect.provideService(Persistence.Persistence, Context.get(context, Persistence.Persistence)))
  return ofEffects<unknown>("Effect PersistedCache", {
    ask: (key, load) =>
      Effect.suspend(() => {
        loads.set(key, load)
        return Effect.onExit(cache.get(new Get({ key })), () => Effect.sync(() => loads.delete(key)))
      })
  })
})

export const persistedInMemory = persisted(Persistence.layerBackingMemory, "bench", "1 hour")

/** Without a copy in the process, because no read would reach the server. It uses node-redis. */
export const persistedOverRedis = ({ url, prefix }: Place) =>
  persisted(
    Persistence.layerBackingRedis.pipe(Layer.provide(NodeRedis.layer({ url }))),
    `${prefix}effect-caching`,
    Duration.zero
  )
