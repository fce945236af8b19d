/**
 * Store.Service with LayerMap: a named store for each tenant, built when it is first used and released when it is idle.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, LayerMap } from "effect"
import { Enumeration, Memory, PrefixCollections, Store } from "effect-kv"

class Documents extends Store.Service<Documents>()("app/Documents", { capabilities: [Enumeration.Enumeration] }) {}

// All tenants share one store. The prefix keeps their entries apart. Without it, the second tenant fails to build.
const Shared = Memory.layer()

class Tenants extends LayerMap.Service<Tenants>()("app/Tenants", {
  lookup: (tenant: string) => Documents.layer(Shared.pipe(PrefixCollections.wrap(tenant))),
  idleTimeToLive: "5 minutes"
}) {}

const read = Effect.flatMap(Documents, (documents) => documents.get("welcome"))

const program = Effect.gen(function* () {
  yield* Effect.flatMap(Documents, (documents) => documents.put("welcome", "Hello, Acme")).pipe(
    Effect.provide(Tenants.get("acme"))
  )
  yield* Console.log("acme:", yield* Effect.provide(read, Tenants.get("acme")))
  yield* Console.log("umbrella:", yield* Effect.provide(read, Tenants.get("umbrella")))
})

// Provides the shared store, too, so that it stays open while no tenant uses it. A closed Memory store loses its entries.
program.pipe(Effect.provide(Tenants.layer.pipe(Layer.provideMerge(Shared))), NodeRuntime.runMain)

// Prints:
// acme: Hello, Acme
// umbrella: undefined
