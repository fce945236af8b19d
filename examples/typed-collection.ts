/**
 * A collection whose values have a schema. It stores classes and dates, returns them as such, and rejects everything
 * else.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Schema } from "effect"
import { Collection, KeyValue, Memory } from "effect-kv"

class User extends Schema.Class<User>("User")({
  name: Schema.NonEmptyString,
  born: Schema.Date
}) {}

class Users extends Collection.Service<Users>()("users", { schema: User, ttl: "1 day" }) {}

const program = Effect.gen(function* () {
  const users = yield* Users
  yield* users.put("alice", new User({ name: "Alice", born: new Date("1990-05-17") }))

  const alice = yield* users.getOrFail("alice")
  yield* Console.log(`${alice.name}, born ${alice.born.getUTCFullYear()}, a User: ${alice instanceof User}`)
  yield* Console.log(`bob: ${(yield* users.get("bob"))._tag}`)
  yield* Effect.catchTag(users.getOrFail("bob"), "MissingKeyError", (error) => Console.log(error.message))

  // Values that somebody else stored in this collection are checked when they are read.
  const kv = yield* KeyValue.KeyValue
  yield* kv.put("carol", { name: "" }, { collection: "users" })
  yield* Effect.catchTag(users.get("carol"), "DeserializationError", (error) => Console.log(error.message))
})

program.pipe(Effect.provide(Users.layer.pipe(Layer.provideMerge(Memory.layer()))), NodeRuntime.runMain)

// Prints:
// Alice, born 1990, a User: true
// bob: None
// get in collection "users": there is no such key.
// get in collection "users": the stored entry cannot be read: it does not match the collection's schema.
