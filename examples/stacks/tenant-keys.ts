/**
 * Tenants in one store: each has its own collections, encryption key and rate limit, and can be deleted.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Context, Effect, Layer, LayerMap, type Redacted } from "effect"
import { Aead, KeyValue, Maintenance, PrefixCollections, Retry, Stack, Timeout } from "effect-kv"
import { Remote } from "../support/remote.ts"

/** The keys of the tenants. In a real program: a key management service. */
class Keys extends Context.Service<Keys, Map<string, Redacted.Redacted<string>>>()("app/Keys") {}

// What protects the store is shared by all tenants.
const Shared = Remote.pipe(Timeout.wrap("1 second"), Retry.wrap())

class Tenants extends LayerMap.Service<Tenants>()("app/Tenants", {
  lookup: (tenant: string) =>
    Layer.unwrap(
      Effect.gen(function* () {
        const keys = yield* Keys
        const key = keys.get(tenant) ?? (yield* Aead.generateKey)
        keys.set(tenant, key)
        return Shared.pipe(
          Aead.wrap({ keys: [{ id: "1", key }], storeId: tenant }),
          Stack.multiTenant({ tenant, store: "tenants", rateLimit: { limit: 3, window: "1 hour" } })
        )
      })
    ),
  idleTimeToLive: "5 minutes"
}) {}

/** Knows nothing about tenants. */
const settings = { collection: "settings" }
const save = (theme: string) => KeyValue.KeyValue.use((kv) => kv.put("theme", theme, settings))
const load = KeyValue.KeyValue.use((kv) => kv.get("theme", settings))

const remove = Effect.fnUntraced(function* (tenant: string) {
  yield* Tenants.invalidate(tenant)
  // A layer without the limits of the tenant: clearing takes one call for each page of entries.
  const removed = yield* Maintenance.Maintenance.use((it) => it.clear).pipe(
    Effect.provide(Shared.pipe(PrefixCollections.wrap(tenant)))
  )
  // Without the key, nobody can read what backups still contain.
  ;(yield* Keys).delete(tenant)
  return removed
})

const program = Effect.gen(function* () {
  const acme = Tenants.get("acme")
  const umbrella = Tenants.get("umbrella")
  yield* Effect.provide(save("dark"), acme)
  yield* Effect.provide(save("light"), umbrella)
  yield* Console.log("acme:", yield* Effect.provide(load, acme), "umbrella:", yield* Effect.provide(load, umbrella))

  yield* Effect.provide(load, acme)
  yield* Console.log("acme, a fourth call:", (yield* Effect.flip(Effect.provide(load, acme)))._tag)

  // An operator copies a value from one tenant to the other.
  const store = yield* KeyValue.KeyValue
  const copy = yield* store.get("theme", { collection: "acme__settings" })
  yield* store.put("theme", copy ?? null, { collection: "umbrella__settings" })
  yield* Console.log("umbrella, a copied value:", (yield* Effect.flip(Effect.provide(load, umbrella))).message)

  yield* Console.log("entries of acme that were removed:", yield* remove("acme"))
  yield* Console.log("acme:", yield* Effect.provide(load, acme))
})

program.pipe(
  Effect.provide(Tenants.layer.pipe(Layer.provideMerge([Shared, Layer.succeed(Keys, new Map())]))),
  NodeRuntime.runMain
)

// Prints:
// acme: dark umbrella: light
// acme, a fourth call: RateLimitedError
// umbrella, a copied value: get in collection "settings": the stored value could not be decrypted (moved).
// entries of acme that were removed: 1
// acme: undefined
