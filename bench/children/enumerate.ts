/** Lists the keys of a Redis in its own process, and reports their number, the time and the memory. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Redis as Client } from "ioredis"
import { Enumeration } from "../../src/index.ts"
import * as Redis from "../../src/stores/Redis.ts"

const [how, url, prefix] = process.argv.slice(2) as ["effect-kv" | "ioredis", string, string]

let keys = 0
let most = 0
const look = () => {
  most = Math.max(most, process.memoryUsage.rss())
}

/** Lists the keys with the client alone, in pages of the same size, and only counts them. */
const raw = Effect.promise(async () => {
  const client = new Client(url)
  for await (const page of client.scanStream({ match: `${prefix}users::*`, count: 1000 })) {
    keys += page.length
    look()
  }
  client.disconnect()
})

const ours = Effect.gen(function* () {
  const enumeration = yield* Enumeration.Enumeration
  yield* Stream.runForEachArray(enumeration.keys({ collection: "users" }), (page) =>
    Effect.sync(() => {
      keys += page.length
      look()
    })
  )
}).pipe(Effect.provide(Redis.layer({ url, prefix })))

const before = process.memoryUsage.rss()
const start = performance.now()
Effect.runPromise(how === "ioredis" ? raw : ours).then(() => {
  const seconds = (performance.now() - start) / 1000
  process.stdout.write(JSON.stringify({ keys, seconds, peak: most - before }))
})
