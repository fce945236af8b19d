/**
 * A process that adds to two counters in a file: `node increment.ts <file> <times> <fibers>`. It updates one counter that many
 * times. Then each fiber increments the other counter once.
 */
import * as Effect from "effect/Effect"
import * as Atomic from "../../../src/Atomic.ts"
import * as Sqlite from "../../../src/stores/Sqlite.ts"

const [filename = "", times = "0", fibers = "0"] = process.argv.slice(2)

const increment = Effect.gen(function* () {
  const { update, increment } = yield* Atomic.Atomic
  for (let i = 0; i < Number(times); i++) {
    yield* update("counter", (count) => ((count as number | undefined) ?? 0) + 1, { maxRetries: 10_000 })
  }
  yield* Effect.replicateEffect(increment("increments"), Number(fibers), { concurrency: "unbounded", discard: true })
})

Effect.runPromise(Effect.provide(increment, Sqlite.layer({ filename, busyTimeout: "30 seconds" })))
