/**
 * PrefixKeys: gives each program its own keys in shared collections.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Stream } from "effect"
import { Enumeration, KeyValue, Memory, PrefixKeys } from "effect-kv"

const Base = Memory.layer()
const App = Base.pipe(PrefixKeys.wrap("app1"))

const keys = Enumeration.Enumeration.use(({ keys }) => Stream.runCollect(keys({ collection: "users" })))

const program = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("user:123", { name: "Alice" }, { collection: "users" })
  yield* Console.log("through the prefix:", yield* keys, yield* kv.get("user:123", { collection: "users" }))
  yield* Console.log("in the store:", yield* keys.pipe(Effect.provide(Base)))

  // Two prefixes never reach each other's entries, because a layer with an ambiguous prefix fails to build.
  yield* keys.pipe(
    Effect.provide(Base.pipe(PrefixKeys.wrap("app1__user"))),
    Effect.catchTag("StoreSetupError", (error) => Console.log(error.message))
  )
})

program.pipe(Effect.provide(App), NodeRuntime.runMain)

// Prints:
// through the prefix: [ 'user:123' ] { name: 'Alice' }
// in the store: [ 'app1__user:123' ]
// PrefixKeys: the prefix "app1__user" must not contain the separator "__": …
