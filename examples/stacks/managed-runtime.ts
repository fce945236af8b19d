/**
 * Store.Service with ManagedRuntime: named stores for code outside of Effect, such as handlers of a web framework.
 */
import { Effect, Layer, ManagedRuntime, Schema } from "effect"
import { Collection, Memory, Store } from "effect-kv"

class Sessions extends Store.Service<Sessions>()("app/Sessions") {}
class Cache extends Store.Service<Cache>()("app/Cache") {}
class Visits extends Collection.Service<Visits>()("visits", { schema: Schema.Date }) {}

// The collection uses the standard services of one of the two stores.
const Main = Layer.provide(Visits.layer, Sessions.services).pipe(
  Layer.provideMerge(Layer.mergeAll(Sessions.layer(Memory.layer()), Cache.layer(Memory.layer())))
)

const runtime = ManagedRuntime.make(Main)

await runtime.runPromise(Effect.flatMap(Visits, (visits) => visits.put("alice", new Date(0))))
const stores = Effect.all([Sessions, Cache])
const found = Effect.flatMap(stores, (stores) =>
  Effect.forEach(stores, (store) => store.get("alice", { collection: "visits" }))
)
console.log(await runtime.runPromise(found))
await runtime.dispose()

// Prints:
// [ '1970-01-01T00:00:00.000Z', undefined ]
