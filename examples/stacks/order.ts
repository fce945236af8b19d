/**
 * The order of wrappers matters: the last one is the outermost. A write passes from the outermost wrapper to the store.
 * The result of a read passes from the store to the outermost wrapper.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { Compression, FernetEncryption, KeyValue, Memory, Retry, Statistics, Timeout } from "effect-kv"
import { slow } from "../support/slow.ts"

const Base = Memory.layer()
const document = "lorem ipsum ".repeat(1000)

const storedSize = Effect.gen(function* () {
  const stored = yield* KeyValue.KeyValue.use((kv) => kv.get("document")).pipe(Effect.provide(Base))
  return `${Math.ceil(JSON.stringify(stored).length / 1000)} kB`
})

const write = KeyValue.KeyValue.use((kv) => kv.put("document", document)).pipe(Effect.andThen(storedSize))

const outcome = Effect.gen(function* () {
  const tag = yield* KeyValue.KeyValue.use((kv) => kv.get("document")).pipe(
    Effect.as("a result"),
    Effect.catch((error) => Effect.succeed(error._tag))
  )
  const { total } = yield* Statistics.Statistics.use((statistics) => statistics.snapshot)
  return `${tag}, attempts: ${total.get?.calls}`
})

const program = Effect.gen(function* () {
  const keys = [yield* FernetEncryption.generateKey] as const

  const CompressFirst = Base.pipe(FernetEncryption.wrap({ keys }), Compression.wrap())
  yield* Console.log("compressed, then encrypted:", yield* Effect.provide(write, CompressFirst))
  const EncryptFirst = Base.pipe(Compression.wrap(), FernetEncryption.wrap({ keys }))
  yield* Console.log("encrypted, then compressed:", yield* Effect.provide(write, EncryptFirst))

  const Attempts = Base.pipe(slow({ calls: 2, by: "1 minute" }), Statistics.wrap())
  const LimitEach = Attempts.pipe(Timeout.wrap("20 millis"), Retry.wrap({ initialDelay: "1 millis" }))
  yield* Console.log("a limit per attempt:", yield* Effect.provide(outcome, LimitEach))
  const LimitAll = Attempts.pipe(Retry.wrap({ initialDelay: "1 millis" }), Timeout.wrap("20 millis"))
  yield* Console.log("one limit for all attempts:", yield* Effect.provide(outcome, LimitAll))
})

program.pipe(Effect.provide(Base), NodeRuntime.runMain)

// Prints:
// compressed, then encrypted: 1 kB
// encrypted, then compressed: 21 kB
// a limit per attempt: a result, attempts: 3
// one limit for all attempts: TimeoutError, attempts: 1
