import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Enumeration, KeyValue, LoadingCache, Maintenance, Memory, PassthroughCache } from "../../../../../src/index.ts"
import * as Redis from "../../../../../src/stores/Redis.ts"
import type { Library, Loading, Place } from "../Library.ts"

const layerOf = ({ url, prefix }: Place) =>
  url === undefined ? Memory.layer() : Redis.layer(prefix === undefined ? { url } : { url, prefix: `${prefix}:` })

const inScope = async <A>(make: Effect.Effect<A, unknown, Scope.Scope>) => {
  const scope = Effect.runSync(Scope.make())
  const made = await Effect.runPromise(Scope.provide(make, scope))
  return { made, close: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
}

const caching =
  (options: { readonly lease?: boolean }) =>
  async (place: Place, { ttlMillis, staleMillis }: Loading) => {
    const loads = new Map<string, () => Promise<string>>()
    const { made, close } = await inScope(
      Effect.gen(function* () {
        const context = yield* Layer.build(layerOf(place))
        const common = {
          collection: "cache",
          schema: Schema.String,
          lookup: (key: string) =>
            Effect.tryPromise({ try: () => loads.get(key)!(), catch: (error) => error as Error }),
          ttl: ttlMillis,
          ...(staleMillis === undefined ? {} : { staleFor: staleMillis })
        }
        const cache =
          options.lease === true ? LoadingCache.make({ ...common, lease: "10 seconds" }) : LoadingCache.make(common)
        return yield* Effect.provide(cache, context)
      })
    )
    return {
      ask: (key: string, load: () => Promise<string>) => {
        loads.set(key, load)
        return Effect.runPromise(made.get(key))
      },
      invalidate: (key: string) => Effect.runPromise(made.invalidate(key)),
      close
    }
  }

export const effectKv: Library = {
  name: "effect-kv",
  store: async (place) => {
    const { made, close } = await inScope(Layer.build(layerOf(place)))
    const kv = Context.get(made, KeyValue.KeyValue)
    return {
      get: (key) => Effect.runPromise(kv.get(key)),
      set: (key, value, ttl) => Effect.runPromise(kv.put(key, value as string, ttl === undefined ? {} : { ttl })),
      clear: () => Effect.runPromise(Context.get(made, Maintenance.Maintenance).clear),
      keys: () => Effect.runPromise(Stream.runCollect(Context.get(made, Enumeration.Enumeration).keys())),
      close
    }
  },
  cache: caching({}),
  near: async (url) => {
    const stack = Redis.layer({ url }).pipe(PassthroughCache.wrap({ cache: Memory.layer() }))
    const { made, close } = await inScope(Layer.build(stack))
    const kv = Context.get(made, KeyValue.KeyValue)
    return {
      get: (key) => Effect.runPromise(kv.get(key)),
      set: (key, value) => Effect.runPromise(kv.put(key, value, { ttl: "1 minute" })),
      close
    }
  },
  bundle: `
    import { Effect } from "effect"
    import { KeyValue, Memory } from "effect-kv"
    export const program = KeyValue.KeyValue.use((kv) => Effect.andThen(kv.put("key", 1), kv.get("key"))).pipe(
      Effect.provide(Memory.layer()), Effect.runPromise)`
}

export const effectKvWithLease: Library = { name: "effect-kv, `lease`", cache: caching({ lease: true }) }
