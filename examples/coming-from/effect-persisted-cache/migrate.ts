/**
 * Moves what PersistedCache has in Redis to effect-kv while the application is in use. The application keeps PersistedCache.
 *
 * This program is a demonstration: it writes example data, and clears its collections in the old and the new store. Run only
 * `copyAll` on your data.
 */
import { NodeRedis, NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect, Layer, Schema, Stream } from "effect"
import { Persistable, PersistedCache, Persistence } from "effect/persistence"
import { KeyValue, Maintenance, Timeout } from "effect-kv"
import * as EffectStore from "effect-kv/EffectStore"
import * as Redis from "effect-kv/Redis"
import { copyFrom, migratingFrom, sum } from "../migration.ts"
import * as OldStore from "./store.ts"

const url = process.env.REDIS_URL ?? "redis://localhost:6379"

class GetProduct extends Persistable.Class<{ payload: { readonly id: string } }>()("GetProduct", {
  primaryKey: ({ id }) => id,
  success: Schema.String
}) {}

const makeProducts = PersistedCache.make(
  ({ id }: GetProduct) => Effect.as(Console.log("looking up", id), `Product ${id}`),
  { storeId: "example-names", timeToLive: () => "1 hour" }
)

const product = Effect.fn(function* (id: string) {
  const products = yield* makeProducts
  return yield* products.get(new GetProduct({ id }))
}, Effect.scoped)

const inProducts = { collection: "effect_persistence_example-names" }

const migration = {
  from: OldStore.layer({ url }).pipe(Timeout.wrap("1 second")),
  collections: [inProducts.collection]
}

const New = Redis.layer({ url, prefix: "example:" }).pipe(Timeout.wrap("1 second"))

const persistenceOver = <E>(store: Layer.Layer<KeyValue.KeyValue | Maintenance.Maintenance, E>) =>
  Persistence.layer.pipe(Layer.provide(EffectStore.toBackingPersistence()), Layer.provide(store))

const copyAll = Effect.flatMap(Stream.runCollect(copyFrom(migration)), (batches) =>
  Console.log("copied:", batches.reduce(sum).copied)
)

const invalidate = Effect.gen(function* () {
  const products = yield* makeProducts
  yield* products.invalidate(new GetProduct({ id: "2" }))
}).pipe(Effect.scoped)

const clear = Maintenance.Maintenance.use(({ clear }) => clear)

const Old = Persistence.layerRedis.pipe(Layer.provide(NodeRedis.layer({ url })))
const During = New.pipe(migratingFrom(migration))

const program = Effect.gen(function* () {
  // What the old application has left: two results.
  yield* Effect.provide(Effect.all([product("1"), product("2")]), Old)

  yield* Console.log("during:", yield* Effect.provide(product("1"), persistenceOver(During)))
  yield* Effect.provide(invalidate, persistenceOver(During))
  yield* Effect.provide(copyAll, New)

  yield* Console.log("afterwards:", yield* Effect.provide(product("1"), persistenceOver(New)))
  yield* Console.log("invalidated:", yield* Effect.provide(product("2"), persistenceOver(New)))
  const { ttl } = (yield* Effect.provide(
    KeyValue.KeyValue.use((kv) => kv.ttl("1", inProducts)),
    New
  ))!
  yield* Console.log("minutes left:", Math.round(Duration.toMinutes(ttl!)))
  yield* Effect.provide(Effect.asVoid(clear), During)
})

program.pipe(NodeRuntime.runMain)

// Prints:
// looking up 1
// looking up 2
// during: Product 1
// copied: 1
// afterwards: Product 1
// looking up 2
// invalidated: Product 2
// minutes left: 60
