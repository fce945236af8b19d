/**
 * A process that works under leases: `node worker.ts <redis|sqlite> <url or file> <count|hold|load> <times>`. `count` adds
 * to a counter in two steps, which loses increments without a lease. `hold` holds the lease, and prints its tokens and losses.
 * `load` gets a missing value by a load that takes that many milliseconds, and prints when the load begins, and the value.
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Atomic from "../../src/Atomic.ts"
import * as KeyValue from "../../src/KeyValue.ts"
import * as Lease from "../../src/Lease.ts"
import * as Redis from "../../src/stores/Redis.ts"
import * as Sqlite from "../../src/stores/Sqlite.ts"

const [kind, at = "", what, times = "0", keyPrefix = "lease:"] = process.argv.slice(2)

const layer = (
  kind === "redis"
    ? Redis.layer({ url: at, prefix: keyPrefix })
    : Sqlite.layer({ filename: at, busyTimeout: "30 seconds" })
) as Layer.Layer<KeyValue.KeyValue | Atomic.Atomic, unknown>

const count = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const add = (token: number) =>
    Effect.gen(function* () {
      const { count, last } = ((yield* kv.get("counter")) ?? { count: 0, last: 0 }) as { count: number; last: number }
      if (token <= last) return yield* Effect.die("a token that does not grow")
      yield* Effect.sleep("1 millis")
      yield* kv.put("counter", { count: count + 1, last: token })
    })
  for (let i = 0; i < Number(times); i++) yield* Lease.withLease("counter", { ttl: "5 seconds", wait: "1 minute" }, add)
})

const hold = Lease.withLease("held", { ttl: "600 millis", wait: "20 seconds" }, (token) =>
  Effect.andThen(
    Effect.sync(() => console.log(`held ${token}`)),
    Effect.sleep(Number(times))
  )
).pipe(
  Effect.matchEffect({
    onFailure: (error) => Effect.sync(() => console.log(error._tag)),
    onSuccess: () => Effect.sync(() => console.log("released"))
  })
)

const load = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const loaded = Effect.gen(function* () {
    console.log("loading")
    yield* Effect.sleep(Number(times))
    return process.pid
  })
  console.log(yield* kv.getOrSet("loaded", loaded, { lease: "2 seconds" }))
})

const programs: Readonly<Record<string, Effect.Effect<void, unknown, KeyValue.KeyValue | Atomic.Atomic>>> = {
  count,
  hold,
  load
}

Effect.runPromise(Effect.provide(programs[what!]!, layer))
