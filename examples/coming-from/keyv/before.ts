/**
 * keyv: products and prices in Redis.
 */
import { createKeyv } from "@keyv/redis"
import { Database, outcome, plugged } from "../support.ts"

const redis = await plugged()
const database = new Database()

const open = (namespace: string) => {
  const keyv = createKeyv(redis.url, { namespace })
  keyv.ttl = 60_000
  keyv.on("error", () => {}) // keyv reports failures as events
  return keyv
}
const products = open("example-products")
const prices = open("example-prices")

const product = async (id: string) => {
  const cached = await products.get<{ id: string; name: string }>(id)
  if (cached !== undefined) return cached
  const found = await database.product(id)
  await products.set(id, found)
  return found
}

await products.delete("1")
await Promise.all(Array.from({ length: 100 }, () => product("1")))
console.log("100 callers:", await product("1"), "queries:", database.queries)

await prices.set("1", 12.5, 5_000)
await prices.setMany([
  { key: "2", value: 8 },
  { key: "3", value: null, ttl: 3_600_000 }
])
console.log("prices:", await prices.getMany(["1", "2", "3", "4"]))
const raw = await prices.getRaw("1")
console.log("seconds left:", Math.round((raw!.expires! - Date.now()) / 1000))
console.log("deleted:", await prices.delete("2"), "has:", await prices.has("2"))

const underWay = outcome(products.get("1"))
await redis.unplug()
console.log("read when the connection breaks:", await underWay)
console.log("read in the outage:", await outcome(products.get("1")))
console.log("write in the outage:", await outcome(prices.set("2", 9)))
console.log("product in the outage:", await outcome(product("1")))

// They go on when Redis is back.
await redis.plug()
await Promise.all([product("1"), prices.get("2")])
await Promise.all([products.disconnect(), prices.disconnect()])

// Prints:
// 100 callers: { id: '1', name: 'Product 1' } queries: 100
// prices: [ 12.5, 8, null, undefined ]
// seconds left: 5
// deleted: true has: false
// read when the connection breaks: undefined
// read in the outage: no answer after 300 ms
// write in the outage: no answer after 300 ms
// product in the outage: no answer after 300 ms
