/**
 * Moves what cache-manager has in Redis to effect-kv while the application is in use.
 *
 * This program is a demonstration: it writes example data, and clears its collections in the old and the new store. Run only
 * `copyAll` on your data.
 */

import { NodeRuntime } from "@effect/platform-node"
import { createKeyv } from "@keyv/redis"
import { createCache } from "cache-manager"
import { Console, Duration, Effect, Layer, Schema, Stream } from "effect"
import { KeyValue, LoadingCache, Maintenance, PrefixKeys, Store, Timeout } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import * as KeyvStore from "../keyv/store.ts"
import { copyFrom, migratingFrom } from "../migration.ts"
import { Database } from "../support.ts"

const url = process.env.REDIS_URL ?? "redis://localhost:6379"
const database = new Database()

/** The keys `product:1` of cache-manager become the keys `1` of a collection. */
const old = (prefix: string) =>
  KeyvStore.layer({
    open: () => createKeyv({ url, disableOfflineQueue: true }, { namespace: "example-old-shop", throwOnErrors: true })
  }).pipe(Timeout.wrap("1 second"), PrefixKeys.wrap(prefix, { separator: ":" }))

const migration = { from: old("price"), collections: ["prices"] }

class OldProducts extends Store.Service<OldProducts>()("OldProducts") {}

const New = Redis.layer({ url, prefix: "example:" }).pipe(Timeout.wrap("1 second"))

const Product = Schema.Struct({ id: Schema.String, name: Schema.String })

/** How long the values of the old cache may still be used. */
const left = new WeakMap<typeof Product.Type, Duration.Duration>()

/** The product in the old cache. If that fails, the database is asked. */
const findOld = Effect.fnUntraced(
  function* (id: string) {
    const found = yield* OldProducts.use((products) => products.ttl(id, { collection: "products" }))
    if (found === undefined) return undefined
    const product = yield* Schema.decodeUnknownEffect(Product)(found.value)
    left.set(product, found.ttl ?? Duration.infinity)
    return product
  },
  Effect.orElseSucceed(() => undefined)
)

class Products extends LoadingCache.Service<Products>()("products", {
  schema: Product,
  lookup: (id: string) =>
    Effect.flatMap(findOld(id), (product) =>
      product === undefined ? Effect.promise(() => database.product(id)) : Effect.succeed(product)
    ),
  ttl: (product) => left.get(product) ?? "1 minute"
}) {}

const copyAll = Stream.runCollect(copyFrom(migration))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* Console.log("price in the old cache:", yield* kv.get("1", { collection: "prices" }))
  yield* Console.log(yield* Effect.provide(copyAll, New))

  const products = yield* Products
  yield* Console.log("product in the old cache:", yield* products.get("1"), "queries:", database.queries)
  yield* Console.log("another product:", yield* products.get("2"), "queries:", database.queries)
  const { ttl } = (yield* kv.ttl("1", { collection: "products" }))!
  yield* Console.log("seconds left:", Math.round(Duration.toSeconds(ttl!)))
})

const Stores = New.pipe(migratingFrom(migration))
const Caches = Products.layer.pipe(Layer.provide(OldProducts.layer(old("product"))))

const clear = Maintenance.Maintenance.use(({ clear }) => clear)

/** What the old application has left. */
const seed = Effect.promise(async () => {
  const cache = createCache({ stores: [createKeyv(url, { namespace: "example-old-shop" })] })
  await cache.set("price:1", 12.5, 60_000)
  await cache.set("product:1", { id: "1", name: "Product 1, as it was" }, 30_000)
  await cache.disconnect()
})

Effect.andThen(seed, Effect.ensuring(program, Effect.ignore(clear))).pipe(
  Effect.provide(Caches.pipe(Layer.provideMerge(Stores))),
  NodeRuntime.runMain
)

// Prints:
// price in the old cache: 12.5
// [ { collection: 'prices', copied: 1, skipped: 0, failed: [] } ]
// product in the old cache: { id: '1', name: 'Product 1, as it was' } queries: 0
// another product: { id: '2', name: 'Product 2' } queries: 1
// seconds left: 30
