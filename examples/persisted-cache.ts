/**
 * Effect's `PersistedCache` on a store of effect-kv: the results of an effect, including failures, outlive the process.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Duration, Effect, Exit, Layer, Schema } from "effect"
import { Persistable, PersistedCache, Persistence } from "effect/persistence"
import { Compression } from "effect-kv"
import * as EffectStore from "effect-kv/EffectStore"
import * as Sqlite from "effect-kv/Sqlite"

class GetUser extends Persistable.Class<{ payload: { readonly id: string } }>()("GetUser", {
  primaryKey: ({ id }) => id,
  success: Schema.Struct({ name: Schema.String, since: Schema.Date }),
  error: Schema.Literal("not found")
}) {}

const makeUsers = PersistedCache.make(
  Effect.fnUntraced(function* ({ id }: GetUser) {
    yield* Console.log(`looking up ${id}`)
    if (id !== "alice") return yield* Effect.fail("not found" as const)
    return { name: "Alice", since: new Date("2020-02-20") }
  }),
  {
    storeId: "users",
    timeToLive: (exit) => (Exit.isSuccess(exit) ? "1 hour" : "1 minute"),
    inMemoryTTL: () => Duration.zero
  }
)

const program = Effect.gen(function* () {
  const users = yield* makeUsers
  yield* Console.log(yield* users.get(new GetUser({ id: "alice" })))
  yield* Console.log(yield* users.get(new GetUser({ id: "alice" })))
  yield* Console.log(yield* Effect.flip(users.get(new GetUser({ id: "bob" }))))
  yield* Console.log(yield* Effect.flip(users.get(new GetUser({ id: "bob" }))))
})

// Any stack works here.
const Results = Persistence.layer.pipe(
  Layer.provide(EffectStore.toBackingPersistence()),
  Layer.provide(Sqlite.layer().pipe(Compression.wrap()))
)

program.pipe(Effect.scoped, Effect.provide(Results), NodeRuntime.runMain)

// Prints:
// looking up alice
// { name: 'Alice', since: 2020-02-20T00:00:00.000Z }
// { name: 'Alice', since: 2020-02-20T00:00:00.000Z }
// looking up bob
// not found
// not found
