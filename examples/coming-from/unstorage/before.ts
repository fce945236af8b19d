/**
 * unstorage: drafts in Redis, and images in files.
 */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { createStorage, prefixStorage, type StorageValue } from "unstorage"
import fsDriver from "unstorage/drivers/fs-lite"
import redisDriver from "unstorage/drivers/redis"
import { outcome, plugged } from "../support.ts"

const redis = await plugged()
const directory = await mkdtemp(join(tmpdir(), "unstorage-"))

const driver = redisDriver({ url: redis.url, base: "example-app" })
driver.getInstance?.().on("error", () => {})
const storage = createStorage({ driver })
storage.mount("images", fsDriver({ base: directory }))
const drafts = prefixStorage(storage, "drafts")
const image = async () => new Uint8Array((await storage.getItemRaw<Buffer>("images:logo"))!)

// `drafts.clear()` would clear nothing, because drafts have no mount of their own.
for (const key of await drafts.getKeys()) await drafts.removeItem(key)
await drafts.setItem("a", { title: "A" }, { ttl: 3600 })
await drafts.setItems<StorageValue>([
  { key: "b", value: { title: "B" } },
  { key: "code", value: "42" },
  { key: "nothing", value: null }
])
console.log("draft:", await drafts.getItem("a"), "has:", await drafts.hasItem("z"))
console.log(
  "drafts:",
  (await drafts.getItems(["a", "b", "z"])).map(({ value }) => value)
)
console.log("keys:", [...new Set(await drafts.getKeys())].sort()) // The driver may return a key twice.
console.log("text and null:", [await drafts.getItem("code"), await drafts.getItem("nothing")])
await drafts.removeItem("b")
console.log("removed:", await drafts.getItem("b"))

await storage.setItemRaw("images:logo", new Uint8Array([1, 2, 3]))
console.log("image:", await image())

await redis.unplug()
await setTimeout(50)
console.log("draft in the outage:", await outcome(drafts.getItem("a")))
console.log("image in the outage:", await image())

await storage.dispose()
await rm(directory, { recursive: true })

// Prints:
// draft: { title: 'A' } has: false
// drafts: [ { title: 'A' }, { title: 'B' }, null ]
// keys: [ 'a', 'b', 'code', 'nothing' ]
// text and null: [ 42, null ]
// removed: null
// image: Uint8Array(3) [ 1, 2, 3 ]
// draft in the outage: no answer after 300 ms
// image in the outage: Uint8Array(3) [ 1, 2, 3 ]
