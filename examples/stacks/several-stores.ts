/**
 * Store.Service with Layer.mergeAll: two stores in one program. Sessions are changed atomically, and pages are compressed.
 * Code names the store that it uses.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { Atomic, Compression, Memory, Store, Timeout } from "effect-kv"

class Sessions extends Store.Service<Sessions>()("app/Sessions", { capabilities: [Atomic.Atomic] }) {}
class Pages extends Store.Service<Pages>()("app/Pages") {}

const Stores = Layer.mergeAll(
  Sessions.layer(Memory.layer().pipe(Timeout.wrap("1 second"))),
  Pages.layer(Memory.layer({ maxEntries: 1000 }).pipe(Compression.wrap()))
)

const visit = Effect.fnUntraced(function* (user: string) {
  const sessions = yield* Sessions
  yield* sessions.update(user, (session) => ({ visits: ((session as { visits: number }) ?? { visits: 0 }).visits + 1 }))
  // The session lives for another hour.
  yield* sessions.touch(user, { ttl: "1 hour" })
  return yield* sessions.get(user)
})

const program = Effect.gen(function* () {
  const pages = yield* Pages
  yield* pages.put("alice", "<h1>Hello</h1>", { ttl: "1 minute" })
  yield* visit("alice")
  yield* Console.log("session:", yield* visit("alice"))
  yield* Console.log("page:", yield* pages.get("alice"))
})

program.pipe(Effect.provide(Stores), NodeRuntime.runMain)

// Prints:
// session: { visits: 2 }
// page: <h1>Hello</h1>
