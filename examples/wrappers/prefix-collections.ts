/**
 * PrefixCollections: gives each program its own collections in a shared store.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Stream } from "effect"
import { Enumeration, KeyValue, Maintenance, Memory, PrefixCollections } from "effect-kv"

const Base = Memory.layer()
const Production = Base.pipe(PrefixCollections.wrap("prod"))
const Staging = Base.pipe(PrefixCollections.wrap("staging"))

const put = (name: string) => KeyValue.KeyValue.use((kv) => kv.put("alice", { name }, { collection: "users" }))
const get = KeyValue.KeyValue.use((kv) => kv.get("alice", { collection: "users" }))
const collections = Enumeration.Enumeration.use(({ collections }) => Stream.runCollect(collections()))

const program = Effect.gen(function* () {
  yield* put("Alice").pipe(Effect.provide(Production))
  yield* put("Test Alice").pipe(Effect.provide(Staging))

  yield* Console.log("production:", yield* get.pipe(Effect.provide(Production)))
  yield* Console.log("staging:", yield* get.pipe(Effect.provide(Staging)))
  yield* Console.log("staging sees:", yield* collections.pipe(Effect.provide(Staging)))
  yield* Console.log("the store has:", yield* collections)

  // Clearing removes only the entries of this prefix.
  yield* Maintenance.Maintenance.use(({ clear }) => clear).pipe(Effect.provide(Staging))
  yield* Console.log("staging cleared:", yield* collections)
})

program.pipe(Effect.provide(Base), NodeRuntime.runMain)

// Prints:
// production: { name: 'Alice' }
// staging: { name: 'Test Alice' }
// staging sees: [ 'users' ]
// the store has: [ 'prod__users', 'staging__users' ]
// staging cleared: [ 'prod__users' ]
