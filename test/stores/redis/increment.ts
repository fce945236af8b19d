/** A process whose fibers increment a counter: `node increment.ts <url> <prefix> <fibers> <times>`. */
import * as Effect from "effect/Effect"
import * as Atomic from "../../../src/Atomic.ts"
import * as Redis from "../../../src/stores/Redis.ts"

const [url = "", prefix = "", fibers = "0", times = "0"] = process.argv.slice(2)

const increment = Effect.gen(function* () {
  const atomic = yield* Atomic.Atomic
  const fiber = Effect.repeat(atomic.increment("counter"), { times: Number(times) - 1 })
  yield* Effect.replicateEffect(fiber, Number(fibers), { concurrency: "unbounded", discard: true })
})

Effect.runPromise(Effect.provide(increment, Redis.layer({ url, prefix })))
