/**
 * Effect's `RequestResolver.persisted` on a store of effect-kv: the results of requests outlive the process.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Exit, Layer, Request, RequestResolver, Schema } from "effect"
import { Persistable, Persistence } from "effect/persistence"
import { Retry, Timeout } from "effect-kv"
import * as EffectStore from "effect-kv/EffectStore"
import * as Sqlite from "effect-kv/Sqlite"

class GetUser extends Persistable.Class<{ payload: { readonly id: string } }>()("GetUser", {
  primaryKey: ({ id }) => id,
  success: Schema.NullOr(Schema.Struct({ name: Schema.String, since: Schema.Date }))
}) {}

// Asks a slow service for all users of a batch at once.
const fromService = RequestResolver.make<GetUser>((entries) =>
  Effect.gen(function* () {
    yield* Console.log(`asking for ${entries.map(({ request }) => request.id).join(", ")}`)
    for (const entry of entries) {
      const user = entry.request.id === "alice" ? { name: "Alice", since: new Date("2020-02-20") } : null
      yield* Request.succeed(entry, user)
    }
  })
)

const program = Effect.gen(function* () {
  const users = yield* RequestResolver.persisted(fromService, {
    storeId: "users",
    timeToLive: (exit) => (Exit.isSuccess(exit) && exit.value !== null ? "1 hour" : "1 minute")
  })
  const ask = (ids: ReadonlyArray<string>) =>
    Effect.forEach(ids, (id) => Effect.request(new GetUser({ id }), users), { concurrency: "unbounded" })

  // One read of the store, one request to the service, one write to the store.
  yield* ask(["alice", "bob"])
  // The service is asked only for those that the store does not have. That there is no bob is stored, too.
  for (const user of yield* ask(["alice", "bob", "carol"])) yield* Console.log(user)
})

// Any stack works here.
const Results = Persistence.layer.pipe(
  Layer.provide(EffectStore.toBackingPersistence()),
  Layer.provide(Sqlite.layer().pipe(Timeout.wrap("1 second"), Retry.wrap()))
)

program.pipe(Effect.scoped, Effect.provide(Results), NodeRuntime.runMain)

// Prints:
// asking for alice, bob
// asking for carol
// { name: 'Alice', since: 2020-02-20T00:00:00.000Z }
// null
// null
