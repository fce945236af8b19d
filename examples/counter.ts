/**
 * `Atomic`: a counter that loses no increment, a lock, and a job that only one worker gets. It also works between
 * processes.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Atomic } from "effect-kv"
import { Remote } from "./support/remote.ts"

const increment = Atomic.Atomic.use((atomic) =>
  atomic.update("visits", (visits) => (typeof visits === "number" ? visits + 1 : 1), { ttl: "1 day" })
)

const program = Effect.gen(function* () {
  const atomic = yield* Atomic.Atomic

  // One of the concurrent updates wins. The others are retried with the new value.
  yield* Effect.replicateEffect(increment, 20, { concurrency: "unbounded" })
  yield* Console.log("visits:", yield* atomic.getAndDelete("visits"))

  const lock = (owner: string) => atomic.putIfAbsent("lock", owner, { ttl: "30 seconds" })
  yield* Console.log("lock:", yield* lock("worker-1"), yield* lock("worker-2"))

  yield* atomic.putIfAbsent("job", { task: "send the newsletter" })
  const takers = yield* Effect.all([atomic.getAndDelete("job"), atomic.getAndDelete("job")], { concurrency: 2 })
  yield* Console.log("workers that got the job:", takers.filter((job) => job !== undefined).length)
})

program.pipe(Effect.provide(Remote), NodeRuntime.runMain)

// Prints:
// visits: 20
// lock: true false
// workers that got the job: 1
