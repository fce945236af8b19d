/** One of two processes that ask for the same missing key at the same time. Reports how often it loaded the key. */
import { libraries } from "../libraries.ts"
import { sleep } from "../redis.ts"

const [, , name, url, key] = process.argv
const library = libraries.find((it) => it.name === name)!
const cache = await library.cache!({ url: url! }, { ttlMillis: 60_000 })
// Opens the connection.
await cache.ask(`${key}-warm-up-${process.pid}`, () => Promise.resolve("value"))

let loads = 0
process.once("message", async () => {
  await Promise.all(
    Array.from({ length: 50 }, () =>
      cache.ask(key!, async () => {
        loads++
        await sleep(2000)
        return "value"
      })
    )
  )
  process.send!(loads, () => process.exit(0))
})
process.send!("ready")
