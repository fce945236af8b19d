import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { KeyValue } from "../../src/KeyValue.ts"
import * as LoadingCache from "../../src/LoadingCache.ts"
import type { JsonObject } from "../values.ts"
import { ofEffects } from "./Contender.ts"
import { type Loads, looking } from "./Loads.ts"

const schema = Schema.Record(Schema.String, Schema.Any)

/** `LoadingCache` over a store. Values that are never fresh are in a collection of their own. */
export const loadingCache = <E>(store: Layer.Layer<KeyValue, E>) =>
  Effect.gen(function* () {
    const loads: Loads = new Map()
    const cache = yield* LoadingCache.make({
      collection: "loading",
      schema,
      lookup: (key: string) => looking(loads, key),
      ttl: "1 hour"
    })
    const stale = yield* LoadingCache.make({
      collection: "stale",
      schema,
      lookup: (_: string): Effect.Effect<JsonObject> => Effect.never,
      ttl: "1 millis",
      staleFor: "1 hour"
    })
    return ofEffects<unknown>("effect-kv LoadingCache", {
      ask: (key, load) =>
        Effect.suspend(() => {
          loads.set(key, load)
          return Effect.onExit(cache.get(key), () => Effect.sync(() => loads.delete(key)))
        }),
      stale: {
        put: (key, value) => Effect.runPromise(stale.set(key, value)),
        ask: (key) => stale.get(key)
      }
    })
  }).pipe((made) => Effect.flatMap(Layer.build(store), (context) => Effect.provide(made, context)))
