/**
 * The service over HTTP, as two browsers see it. It uses Redis if `REDIS_URL` is set, and a store in memory otherwise.
 */
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { Aead } from "effect-kv"
import { Remote } from "../support/remote.ts"
import { browser } from "./browser.ts"
import { Server, Users } from "./server.ts"
import { Collections, protect } from "./store.ts"

const UsersLive = Layer.succeed(Users, {
  verify: (user, password) => Effect.succeed(user === "alice" && Redacted.value(password) === "wonderland")
})

const Store = Layer.unwrap(
  Effect.gen(function* () {
    const [values, names] = [yield* Aead.generateKey, yield* Aead.generateKey]
    return Layer.provideMerge(Collections, Remote.pipe(protect({ values, names })))
  })
)

const program = Effect.gen(function* () {
  const [laptop, phone] = [yield* browser, yield* browser]
  const signIn = (password: string) => ({ payload: { user: "alice", password: Redacted.make(password) } })
  const shown = <A, E extends { readonly _tag: string }, R>(what: string, effect: Effect.Effect<A, E, R>) =>
    effect.pipe(
      Effect.catch(({ _tag }) => Effect.succeed(_tag)),
      Effect.flatMap((result) => Console.log(`${what}:`, result ?? "done"))
    )

  yield* shown("me, without a session", laptop.account.me())
  yield* shown("sign in with a wrong password", laptop.account.signIn(signIn("looking-glass")))
  yield* shown("sign in", laptop.account.signIn(signIn("wonderland")))
  yield* shown("me", laptop.account.me())
  yield* shown("sign out", laptop.account.signOut())
  yield* shown("me", laptop.account.me())

  yield* laptop.account.signIn(signIn("wonderland"))
  yield* phone.account.signIn(signIn("wonderland"))
  yield* shown("sign out everywhere", laptop.account.signOutEverywhere())
  yield* shown("me, on the phone", phone.account.me())
  yield* shown("ready", laptop.operations.ready())

  const metrics = yield* Effect.flatMap(HttpClient.get("/metrics"), (response) => response.text)
  const line = /^effect_kv_hits\{.*"ttl".*$/m.exec(metrics)
  yield* Console.log(line?.[0])
})

program.pipe(
  Effect.provide(Server.pipe(Layer.provide([UsersLive, Store]), Layer.provideMerge(NodeHttpServer.layerTest))),
  NodeRuntime.runMain
)

// Prints:
// me, without a session: Unauthorized
// sign in with a wrong password: Unauthorized
// sign in: done
// me: { user: 'alice' }
// sign out: done
// me: Unauthorized
// sign out everywhere: done
// me, on the phone: Unauthorized
// ready: { status: 'up' }
// effect_kv_hits{db_system_name="…",db_operation_name="ttl",db_collection_name="sessions",db_namespace="sessions"} 4
