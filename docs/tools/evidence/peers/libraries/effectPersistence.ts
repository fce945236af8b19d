import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Persistable from "effect/persistence/Persistable"
import * as PersistedCache from "effect/persistence/PersistedCache"
import * as Persistence from "effect/persistence/Persistence"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type { Library, Loading, Place } from "../Library.ts"

const backing = ({ url }: Place): Layer.Layer<Persistence.BackingPersistence, unknown> =>
  url === undefined
    ? Persistence.layerBackingMemory
    : Persistence.layerBackingRedis.pipe(Layer.provide(NodeRedis.layer({ url })))

class DatabaseDown extends Schema.TaggedError<DatabaseDown>()("DatabaseDown", {}) {}

class Get extends Persistable.Class<{ payload: { readonly key: string } }>()("Get", {
  primaryKey: ({ key }) => key,
  success: Schema.String,
  error: DatabaseDown
}) {}

const inScope = async <A>(make: Effect.Effect<A, unknown, Scope.Scope>) => {
  const scope = Effect.runSync(Scope.make())
  const made = await Effect.runPromise(Scope.provide(make, scope))
  return { made, close: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
}

const caching =
  (hasCopy: boolean) =>
  async (place: Place, { ttlMillis }: Loading) => {
    const loads = new Map<string, () => Promise<string>>()
    const { made, close } = await inScope(
      Effect.gen(function* () {
        const context = yield* Layer.build(Persistence.layer.pipe(Layer.provide(backing(place))))
        return yield* PersistedCache.make(
          ({ key }: Get) => Effect.tryPromise({ try: () => loads.get(key)!(), catch: () => new DatabaseDown() }),
          {
            storeId: "cache",
            timeToLive: () => Duration.millis(ttlMillis),
            // No copy in the process, because with one no read would reach the server.
            ...(hasCopy || place.url === undefined ? {} : { inMemoryTTL: () => Duration.zero })
          }
        ).pipe(Effect.provideService(Persistence.Persistence, Context.get(context, Persistence.Persistence)))
      })
    )
    return {
      ask: (key: string, load: () => Promise<string>) => {
        loads.set(key, load)
        return Effect.runPromise(made.get(new Get({ key })))
      },
      invalidate: (key: string) => Effect.runPromise(made.invalidate(new Get({ key }))),
      close
    }
  }

/** `BackingPersistence`, which Effect's caches store through, and `PersistedCache`. */
export const effectPersistence: Library = {
  name: "Effect",
  store: async (place) => {
    const { made, close } = await inScope(
      Effect.flatMap(Layer.build(backing(place)), (context) =>
        Context.get(context, Persistence.BackingPersistence).make(place.prefix ?? "store")
      )
    )
    return {
      get: (key) => Effect.runPromise(made.get(key)),
      set: (key, value, ttl) =>
        Effect.runPromise(made.set(key, value as object, ttl === undefined ? undefined : Duration.millis(ttl))),
      clear: () => Effect.runPromise(made.clear),
      close
    }
  },
  cache: caching(false),
  bundle: `
    import { Effect } from "effect"
    import { KeyValueStore } from "effect/persistence"
    export const program = KeyValueStore.KeyValueStore.use((store) => Effect.andThen(store.set("key", "1"), store.get("key"))).pipe(
      Effect.provide(KeyValueStore.layerMemory), Effect.runPromise)`
}

/** With the copy in memory that `PersistedCache` keeps for ten seconds by default. */
export const effectPersistenceInMemory: Library = {
  name: "Effect, memory in front",
  only: ["storeDown"],
  cache: caching(true)
}
