/**
 * Moves the entries of keyv to effect-kv while the application is in use.
 *
 * This program is a demonstration: it writes example data, and clears its collections in the old and the new store. Run only
 * `copyAll` on your data.
 */

import { NodeRuntime } from "@effect/platform-node"
import { createKeyv } from "@keyv/redis"
import { Console, Duration, Effect, Stream } from "effect"
import { Enumeration, KeyValue, Maintenance, Timeout } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { copyFrom, migratingFrom, sum } from "../migration.ts"
import * as KeyvStore from "./store.ts"

const url = process.env.REDIS_URL ?? "redis://localhost:6379"

/** Without a queue, keyv fails while Redis is down, instead of waiting. */
const Old = KeyvStore.layer({
  open: (namespace) => createKeyv({ url, disableOfflineQueue: true }, { namespace, throwOnErrors: true })
}).pipe(Timeout.wrap("1 second"))

const migration = { from: Old, collections: ["example-products", "example-prices"] }

const New = Redis.layer({ url, prefix: "example:" }).pipe(Timeout.wrap("1 second"))

/** The store of the application until everything is copied. */
const Store = New.pipe(migratingFrom(migration))

const inProducts = { collection: "example-products" }

const application = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* Console.log("only in the old store:", yield* kv.get("1", inProducts))
  yield* kv.put("2", { name: "changed" }, inProducts)
  yield* kv.delete("3", inProducts)
  yield* Console.log("after a write and a deletion:", yield* kv.getMany(["2", "3"], inProducts))
})

const copyAll = copyFrom(migration, { batchSize: 200 }).pipe(
  Stream.runFold(() => ({ collection: "all", copied: 0, skipped: 0, failed: [] }), sum),
  Effect.flatMap(({ copied, skipped, failed }) => Console.log({ copied, skipped, failed: failed.length }))
)

const check = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const { keys } = yield* Enumeration.Enumeration
  yield* Console.log("products:", yield* Stream.runCount(keys(inProducts)))
  yield* Console.log("1 to 4:", yield* kv.getMany(["1", "2", "3", "4"], inProducts))
  const price = yield* kv.ttl("1", { collection: "example-prices" })
  yield* Console.log("price:", price!.value, "minutes left:", Math.round(Duration.toMinutes(price!.ttl!)))
})

/** What the old application has left. */
const seed = Effect.promise(async () => {
  const [products, prices] = migration.collections.map((namespace) => createKeyv(url, { namespace }))
  await products!.setMany(Array.from({ length: 1000 }, (_, i) => ({ key: `${i}`, value: { name: `Product ${i}` } })))
  await prices!.setMany(Array.from({ length: 1000 }, (_, i) => ({ key: `${i}`, value: i / 4, ttl: 3_600_000 })))
  await Promise.all([products!.disconnect(), prices!.disconnect()])
})

const clear = Maintenance.Maintenance.use(({ clear }) => clear)

const program = Effect.gen(function* () {
  yield* Effect.provide(clear, Store)
  yield* seed
  yield* Effect.provide(application, Store)
  yield* Effect.provide(copyAll, New)
  yield* Effect.provide(copyAll, New) // It can be repeated.
  yield* Effect.provide(check, New) // The old store is not needed any more.
  yield* Effect.provide(clear, Store)
})

program.pipe(NodeRuntime.runMain)

// Prints:
// only in the old store: { name: 'Product 1' }
// after a write and a deletion: [ { name: 'changed' }, undefined ]
// { copied: 1998, skipped: 0, failed: 0 }
// { copied: 0, skipped: 1998, failed: 0 }
// products: 999
// 1 to 4: [
//   { name: 'Product 1' },
//   { name: 'changed' },
//   undefined,
//   { name: 'Product 4' }
// ]
// price: 0.25 minutes left: 60
