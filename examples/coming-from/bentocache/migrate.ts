/**
 * Moves what bentocache has in Redis to effect-kv while the application is in use.
 *
 * This program is a demonstration: it writes example data, and clears its collections in the old and the new store. Run only
 * `copyAll` on your data.
 */
import { setTimeout } from "node:timers/promises"
import { NodeRuntime } from "@effect/platform-node"
import { BentoCache, bentostore } from "bentocache"
import { redisDriver } from "bentocache/drivers/redis"
import { Console, Duration, Effect, Layer, Schema, Stream } from "effect"
import { Enumeration, KeyValue, LoadingCache, Maintenance, Store, Timeout } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { Redis as Client } from "ioredis"
import { Database } from "../support.ts"
import * as BentoStore from "./store.ts"

const url = process.env.REDIS_URL ?? "redis://localhost:6379"
const database = new Database()
const inProducts = { collection: "example-products" }

/** The values of bentocache. */
class Old extends Store.Service<Old>()("Old", { capabilities: [Enumeration.Enumeration] }) {}

const Product = Schema.Struct({ id: Schema.String, name: Schema.String })

/** How long the values of the old cache are still fresh. */
const left = new WeakMap<typeof Product.Type, Duration.Duration>()

/** The product in the old cache. If that fails, the database is asked. */
const findOld = Effect.fnUntraced(
  function* (id: string) {
    const found = yield* Old.use((old) => old.ttl(id, inProducts))
    if (found === undefined) return undefined
    const product = yield* Schema.decodeUnknownEffect(Product)(found.value)
    left.set(product, found.ttl ?? Duration.infinity)
    return product
  },
  Effect.orElseSucceed(() => undefined)
)

class Products extends LoadingCache.Service<Products>()("example-products", {
  schema: Product,
  lookup: (id: string) =>
    Effect.flatMap(findOld(id), (product) =>
      product === undefined ? Effect.promise(() => database.product(id)) : Effect.succeed(product)
    ),
  ttl: (product) => left.get(product) ?? "1 minute",
  staleFor: "1 hour"
}) {}

/** From the old cache first, so that a lookup that has read the old value does not store it. */
const invalidate = Effect.fnUntraced(function* (id: string) {
  yield* Old.use((old) => old.delete(id, inProducts))
  yield* Products.use((products) => products.invalidate(id))
})

/** Gets every product of the old cache, so that the new cache has it. It can be stopped and started again. */
const copyAll = Effect.gen(function* () {
  const old = yield* Old
  const products = yield* Products
  return yield* old.keys(inProducts).pipe(
    Stream.grouped(500),
    Stream.mapEffect((ids) => products.getMany(ids)),
    Stream.runFold(
      () => 0,
      (count, batch) => count + batch.length
    )
  )
})

const program = Effect.gen(function* () {
  const products = yield* Products
  yield* Console.log("in the old cache:", yield* products.get("1"), "queries:", database.queries)
  yield* Console.log("deleted by tag:", yield* products.get("tagged"), "queries:", database.queries)
  yield* Console.log("expired:", yield* products.get("expired"), "queries:", database.queries)

  yield* invalidate("2")
  yield* Console.log("invalidated:", yield* products.get("2"), "queries:", database.queries)

  yield* Console.log("copied:", yield* copyAll, "queries:", database.queries)
  const { ttl } = (yield* KeyValue.KeyValue.use((kv) => kv.ttl("7", inProducts)))!
  yield* Console.log("minutes left, fresh and stale:", Math.round(Duration.toMinutes(ttl!)))
})

const New = Redis.layer({ url, prefix: "example:" }).pipe(Timeout.wrap("1 second"))
const OldValues = Old.layer(BentoStore.layer({ url }).pipe(Timeout.wrap("1 second")))
const Main = Products.layer.pipe(Layer.provideMerge(Layer.merge(New, OldValues)))

const clear = Maintenance.Maintenance.use(({ clear }) => clear)

/** What the old application has left. */
const seed = Effect.promise(async () => {
  const driver = redisDriver({ connection: new Client(url) })
  const bento = new BentoCache({ default: "shop", stores: { shop: bentostore().useL2Layer(driver) } })
  const products = bento.namespace(inProducts.collection)
  const set = (id: string, options: { ttl: string; grace?: string; tags?: Array<string> }) =>
    products.set({ key: id, value: { id, name: `Product ${id}, as it was` }, ...options })
  await products.clear()
  await Promise.all(Array.from({ length: 1000 }, (_, i) => set(`${i}`, { ttl: "30m" })))
  await set("tagged", { ttl: "30m", tags: ["catalog"] })
  await set("expired", { ttl: "1ms", grace: "1h" })
  await setTimeout(2)
  await products.deleteByTag({ tags: ["catalog"] })
  await bento.disconnectAll()
})

Effect.andThen(seed, Effect.ensuring(program, Effect.ignore(clear))).pipe(Effect.provide(Main), NodeRuntime.runMain)

// Prints:
// in the old cache: { id: '1', name: 'Product 1, as it was' } queries: 0
// deleted by tag: { id: 'tagged', name: 'Product tagged' } queries: 1
// expired: { id: 'expired', name: 'Product expired' } queries: 2
// invalidated: { id: '2', name: 'Product 2' } queries: 3
// copied: 1001 queries: 3
// minutes left, fresh and stale: 90
