/**
 * Batches: reads of single keys by many fibers become one call to the store.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, RequestResolver, Schema } from "effect"
import { Batching, Collection, Driver, KeyValue, Memory } from "effect-kv"

class Users extends Collection.Service<Users>()("users", { schema: Schema.Struct({ name: Schema.String }) }) {}

interface Comment {
  readonly author: string
  readonly text: string
}

const comments: ReadonlyArray<Comment> = [
  { author: "alice", text: "Hello" },
  { author: "bob", text: "Hi" },
  { author: "alice", text: "How are you?" },
  { author: "mallory", text: "…" }
]

/** Shows one comment. It knows nothing of the others, or of batches. */
const show = Effect.fnUntraced(function* ({ author, text }: Comment) {
  const users = yield* Users
  const user = yield* Batching.getFrom(users, author).pipe(
    Effect.flatMap(Effect.fromOption),
    Effect.catch(({ _tag }) => Effect.succeed({ name: `(${_tag})` }))
  )
  return `${user.name}: ${text}`
})

const program = Effect.gen(function* () {
  const users = yield* Users
  yield* users.put("alice", { name: "Alice" })
  yield* users.put("bob", { name: "Bob" })
  // This entry does not match the schema. It fails only its own read.
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("mallory", { name: 1 }, { collection: "users" })

  const lines = yield* Effect.forEach(comments, show, { concurrency: "unbounded" })
  yield* Effect.forEach(lines, (line) => Console.log(line))

  // A resolver of your own: batches of at most two keys, each with a line in the log.
  const resolver = (yield* Batching.resolver({ maxBatchSize: 2 })).pipe(
    RequestResolver.around(
      (batch) => Console.log(`a batch of ${batch.length}`),
      () => Effect.void
    )
  )
  const read = (key: string) => Batching.get(key, { collection: "users", resolver })
  yield* Effect.forEach(["alice", "bob", "carol"], read, { concurrency: "unbounded" })
})

/** Prints the calls that reach the store. */
const printed = Driver.wrapper(
  Driver.around((call, next) =>
    call._tag === "get" ? Effect.andThen(Console.log(`get ${call.keys.join(", ")}`), next(call)) : next(call)
  )
)

const Store = Users.layer.pipe(Layer.provideMerge(Memory.layer().pipe(printed)))

program.pipe(Effect.provide(Store), NodeRuntime.runMain)

// Prints:
// get alice, bob, mallory
// Alice: Hello
// Bob: Hi
// Alice: How are you?
// (DeserializationError): …
// a batch of 2
// get alice, bob
// a batch of 1
// get carol
