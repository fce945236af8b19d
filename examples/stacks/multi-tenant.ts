/**
 * Stack.multiTenant: each tenant has its own collections in a shared store, a size limit for values, and its own
 * statistics. Tenants come and go: a `LayerMap` keeps a stack for each active tenant.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, LayerMap, Stream } from "effect"
import { Enumeration, KeyValue, Memory, Retry, Stack, Timeout } from "effect-kv"

// Timeout and Retry protect the shared store. This is one layer, so it is built once, for any number of tenants.
const Shared = Memory.layer().pipe(Timeout.wrap("1 second"), Retry.wrap())

class Tenants extends LayerMap.Service<Tenants>()("Tenants", {
  lookup: (tenant: string) => Shared.pipe(Stack.multiTenant({ tenant, limitSize: { maxSize: "1 KiB" } })),
  idleTimeToLive: "5 minutes"
}) {}

/** Does not need to know about tenants. */
const saveProfile = (name: string) =>
  KeyValue.KeyValue.use((kv) => kv.put("profile", { name }, { collection: "settings" }))

const program = Effect.gen(function* () {
  yield* saveProfile("Acme").pipe(Effect.provide(Tenants.get("acme")))
  yield* saveProfile("x".repeat(2000)).pipe(
    Effect.provide(Tenants.get("umbrella")),
    Effect.catchTag("EntryTooLargeError", (error) => Console.log(`umbrella: ${error.size} of ${error.maxSize} bytes`))
  )

  const profile = KeyValue.KeyValue.use((kv) => kv.get("profile", { collection: "settings" }))
  yield* Console.log("acme has", yield* Effect.provide(profile, Tenants.get("acme")))
  yield* Console.log("umbrella has", yield* Effect.provide(profile, Tenants.get("umbrella")))

  const { collections } = yield* Enumeration.Enumeration
  yield* Console.log("the store has", yield* Stream.runCollect(collections()))
})

program.pipe(Effect.provide([Tenants.layer, Shared]), NodeRuntime.runMain)

// Prints:
// umbrella: 2011 of 1024 bytes
// acme has { name: 'Acme' }
// umbrella has undefined
// the store has [ 'acme__settings' ]
