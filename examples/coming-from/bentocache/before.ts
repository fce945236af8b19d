/**
 * bentocache: products in memory and in Redis, with a grace period and tags.
 */
import { setTimeout } from "node:timers/promises"
import { BentoCache, bentostore } from "bentocache"
import { memoryDriver } from "bentocache/drivers/memory"
import { redisDriver } from "bentocache/drivers/redis"
import { Redis } from "ioredis"
import { Database, outcome, plugged } from "../support.ts"

const redis = await plugged()
const database = new Database()

// Without a queue, so that commands fail in an outage instead of waiting for the connection.
const connection = new Redis(redis.url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, lazyConnect: true })
connection.on("error", () => {})
await connection.connect()

const bento = new BentoCache({
  default: "shop",
  prefix: "example-app",
  stores: {
    shop: bentostore()
      .useL1Layer(memoryDriver({ maxItems: 10_000 }))
      .useL2Layer(redisDriver({ connection }))
  }
})
const products = bento.namespace("products")

const product = (id: string) =>
  products.getOrSet({
    key: id,
    factory: () => database.product(id),
    ttl: id === "old" ? "100ms" : "1m",
    grace: "1h",
    timeout: "100ms",
    tags: ["catalog"]
  })

await products.clear()
await Promise.all(Array.from({ length: 100 }, () => product("1")))
console.log("100 callers:", await product("1"), "queries:", database.queries)

await products.deleteByTag({ tags: ["catalog"] })
await setTimeout(5)
console.log("after deleteByTag:", await product("1"), "queries:", database.queries)

await product("old")
await setTimeout(150)
database.isDown = true
console.log("stale, while the database is down:", await product("old"))
console.log("another product:", await outcome(product("2")))
database.isDown = false

const slow = product("slow")
await setTimeout(100)
await products.delete({ key: "slow" })
await slow
console.log("deleted during the query, then cached:", await products.has({ key: "slow" }))

await product("3")
const { queries } = database
await redis.unplug()
await setTimeout(50)
console.log("cached product in the outage:", await outcome(product("3")), "queries:", database.queries - queries)
console.log("another product in the outage:", await outcome(product("4")))
console.log("deletion in the outage:", await outcome(products.delete({ key: "3" })))
await redis.plug()
await new Promise((resolve) => connection.once("ready", resolve))
console.log("after the outage, still cached:", await products.has({ key: "3" }))

await bento.disconnectAll()

// Prints:
// 100 callers: { id: '1', name: 'Product 1' } queries: 1
// after deleteByTag: { id: '1', name: 'Product 1' } queries: 2
// stale, while the database is down: { id: 'old', name: 'Product old' }
// another product: _FactoryError: Factory has thrown an error
// deleted during the query, then cached: true
// cached product in the outage: { id: '3', name: 'Product 3' } queries: 0
// another product in the outage: { id: '4', name: 'Product 4' }
// deletion in the outage: true
// after the outage, still cached: true
