/**
 * `Lease`: work that only one process does at a time, with a token for fencing.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Lease } from "effect-kv"
import { Remote } from "./support/remote.ts"

const program = Effect.gen(function* () {
  const first = yield* Lease.withLease("report", {}, (token) => Effect.succeed(token))
  const second = yield* Lease.withLease("report", {}, (token) =>
    Effect.gen(function* () {
      const other = Lease.withLease("report", { wait: 0 }, () => Effect.void)
      yield* Console.log("another caller:", (yield* Effect.flip(other))._tag)
      return token
    })
  )
  yield* Console.log("the next token is greater:", second > first)

  let running = 0
  const job = Lease.withLease("job", {}, () =>
    Effect.gen(function* () {
      const most = ++running
      yield* Effect.sleep("5 millis")
      running--
      return most
    })
  )
  const most = yield* Effect.replicateEffect(job, 5, { concurrency: "unbounded" })
  yield* Console.log("jobs at the same time:", Math.max(...most))
})

program.pipe(Effect.provide(Remote), NodeRuntime.runMain)

// Prints:
// another caller: LeaseUnavailableError
// the next token is greater: true
// jobs at the same time: 1
