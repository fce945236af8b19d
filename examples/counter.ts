/**
 * `Atomic`: a counter that loses no increment, a limit, a lock, and a job that only one worker gets. It also works between
 * processes.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Atomic } from "effect-kv"
import { Remote } from "./support/remote.ts"

const visit = Atomic.Atomic.use((atomic) => atomic.increment("visits", 1, { ttl: "1 day" }))

const order = (pieces: number) =>
  Atomic.Atomic.use((atomic) =>
    atomic.increment("stock", -pieces, { initial: 10, min: 0 }).pipe(
      Effect.map((left) => `${left} left`),
      Effect.catchTag("CounterRangeError", ({ value }) => Effect.succeed(`only ${value} left`))
    )
  )

const program = Effect.gen(function* () {
  const atomic = yield* Atomic.Atomic

  // Each increment is one step of the store, so that none is lost.
  yield* Effect.replicateEffect(visit, 20, { concurrency: "unbounded" })
  yield* Console.log("visits:", yield* atomic.getAndDelete("visits"))

  yield* Console.log("stock:", yield* order(8), "|", yield* order(8), "|", yield* order(2))
  yield* atomic.getAndDelete("stock")

  const lock = (owner: string) => atomic.putIfAbsent("lock", owner, { ttl: "30 seconds" })
  const unlock = (owner: string) => atomic.deleteIf("lock", (holder) => holder === owner)
  yield* Console.log("lock:", yield* lock("worker-1"), yield* lock("worker-2"))
  yield* Console.log("unlock:", yield* unlock("worker-2"), yield* unlock("worker-1"))

  yield* atomic.putIfAbsent("job", { task: "send the newsletter" })
  const takers = yield* Effect.all([atomic.getAndDelete("job"), atomic.getAndDelete("job")], { concurrency: 2 })
  yield* Console.log("workers that got the job:", takers.filter((job) => job !== undefined).length)
})

program.pipe(Effect.provide(Remote), NodeRuntime.runMain)

// Prints:
// visits: 20
// stock: 2 left | only 2 left | 0 left
// lock: true false
// unlock: false true
// workers that got the job: 1
