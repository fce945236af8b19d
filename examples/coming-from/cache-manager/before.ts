/**
 * cache-manager: products in memory and in Redis.
 */
import { setTimeout } from "node:timers/promises"
import { createKeyv } from "@keyv/redis"
import { createCache } from "cache-manager"
import { Keyv } from "keyv"
import { Database, outcome, plugged } from "../support.ts"

const redis = await plugged()
const database = new Database()

const remote = createKeyv(redis.url, { namespace: "example-shop" })
remote.on("error", () => {}) // keyv reports failures as events
const cache = createCache({ stores: [new Keyv(), remote], ttl: 60_000 })

/** A value of more than 100 milliseconds is refreshed in the background. */
const product = (id: string) =>
  cache.wrap(`product:${id}`, () => database.product(id), { ttl: 60_000, refreshThreshold: 59_900 })

await cache.clear()
await Promise.all(Array.from({ length: 100 }, () => product("1")))
console.log("100 callers:", await product("1"), "queries:", database.queries)
await setTimeout(150)
await product("1")
await setTimeout(100)
console.log("after a refresh in the background:", await product("1"), "queries:", database.queries)

await cache.mset([
  { key: "price:1", value: 12.5, ttl: 5_000 },
  { key: "price:2", value: 8 }
])
console.log("prices:", await cache.mget(["price:1", "price:2", "price:3"]))
console.log("seconds left:", Math.round(((await cache.ttl("price:1"))! - Date.now()) / 1000))
console.log("deleted:", await cache.del("price:2"), "then:", await cache.get("price:2"))

await redis.unplug()
await setTimeout(50)
console.log("cached product in the outage:", await outcome(product("1")))
console.log("another product in the outage:", await outcome(product("2")))
console.log("deletion in the outage:", await outcome(cache.del("product:1")))

// They go on when Redis is back.
await redis.plug()
await Promise.all([product("2"), cache.get("price:2")])
await cache.disconnect()

// Prints:
// 100 callers: { id: '1', name: 'Product 1' } queries: 1
// after a refresh in the background: { id: '1', name: 'Product 1' } queries: 2
// prices: [ 12.5, 8, undefined ]
// seconds left: 5
// deleted: true then: undefined
// cached product in the outage: { id: '1', name: 'Product 1' }
// another product in the outage: no answer after 300 ms
// deletion in the outage: no answer after 300 ms
