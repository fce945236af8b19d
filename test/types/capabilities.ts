/** Tests the types of capabilities by compiling. Nothing here runs. */
// @effect-diagnostics missingEffectContext:off
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Atomic } from "../../src/Atomic.ts"
import * as Driver from "../../src/Driver.ts"
import { Enumeration } from "../../src/Enumeration.ts"
import type { Health } from "../../src/Health.ts"
import type { KeyValue } from "../../src/KeyValue.ts"
import type { StoreSetupError } from "../../src/KeyValueError.ts"
import { Maintenance } from "../../src/Maintenance.ts"
import * as Memory from "../../src/stores/Memory.ts"
import * as StoreContract from "../../src/testing/StoreContract.ts"
import * as Compression from "../../src/wrappers/Compression.ts"
import * as Fallback from "../../src/wrappers/Fallback.ts"
import * as HmacNames from "../../src/wrappers/HmacNames.ts"
import * as PassthroughCache from "../../src/wrappers/PassthroughCache.ts"
import * as Replicate from "../../src/wrappers/Replicate.ts"
import * as Routing from "../../src/wrappers/Routing.ts"
import * as SingleCollection from "../../src/wrappers/SingleCollection.ts"
import * as Statistics from "../../src/wrappers/Statistics.ts"
import * as Timeout from "../../src/wrappers/Timeout.ts"
import type { Equals, True } from "./equals.ts"

type All = KeyValue | Health | Enumeration | Maintenance | Atomic
type Provided<L> = L extends Layer.Layer<infer A, infer _E, infer _R> ? A : never
type Needed<L> = L extends Layer.Layer<infer _A, infer _E, infer R> ? R : never

declare const plain: Layer.Layer<KeyValue>
declare const listing: Layer.Layer<KeyValue | Enumeration>
declare const driver: Driver.Driver
declare const listingDriver: Driver.Driver & { readonly listing: Driver.Listing }

const runs = <A, E>(_effect: Effect.Effect<A, E>): void => {}

// A store provides what its driver has.

const memory = Memory.layer()
export type _memory = True<Equals<Provided<typeof memory>, All>>

export const fromDriver = [Driver.layer(Effect.succeed(driver)), Driver.layer(Effect.succeed(listingDriver))] as const
export type _plain = True<Equals<Provided<(typeof fromDriver)[0]>, KeyValue | Health>>
export type _listing = True<Equals<Provided<(typeof fromDriver)[1]>, KeyValue | Health | Enumeration>>

// A missing capability does not compile.

runs(Effect.provide(Enumeration, memory))
runs(Effect.provide(Enumeration, listing))
// @ts-expect-error plain has no Enumeration
runs(Effect.provide(Enumeration, plain))
// @ts-expect-error listing has no Maintenance
runs(Effect.provide(Maintenance, listing))
// @ts-expect-error listing has no Atomic
runs(Effect.provide(Atomic, listing))

// Wrappers keep the capabilities, and add none.

const wrapped = memory.pipe(Timeout.wrap(), Compression.wrap(), SingleCollection.wrap("all"))
export type _wrapped = True<Equals<Provided<typeof wrapped>, All>>
export type _wrappedNeeds = True<Equals<Needed<typeof wrapped>, never>>

const wrappedPlain = plain.pipe(Timeout.wrap(), Compression.wrap())
export type _wrappedPlain = True<Equals<Provided<typeof wrappedPlain>, KeyValue>>
// @ts-expect-error wrapping gives no capability
runs(Effect.provide(Enumeration, wrappedPlain))

const measured = memory.pipe(Statistics.wrap())
export type _measured = True<Equals<Provided<typeof measured>, All | Statistics.Statistics>>

// Wrappers accept only stores.

// @ts-expect-error not a layer of KeyValue
Timeout.wrap()(Driver)

// Combinations keep the capabilities that both sides have.

const both = memory.pipe(Fallback.wrap({ fallback: Memory.layer() }))
export type _both = True<Equals<Provided<typeof both>, KeyValue | Health | Enumeration | Maintenance>>

const half = memory.pipe(Fallback.wrap({ fallback: listing }))
export type _half = True<Equals<Provided<typeof half>, KeyValue | Health | Enumeration>>
// @ts-expect-error the fallback has no Maintenance
runs(Effect.provide(Maintenance, half))
// @ts-expect-error a fallback has no Atomic, even if both have
runs(Effect.provide(Atomic, both))

const recovering = memory.pipe(Fallback.wrap({ fallback: listing, recovery: {} }))
export type _recovering = True<Equals<Provided<typeof recovering>, KeyValue | Health | Enumeration>>
// @ts-expect-error recovery needs a fallback with Enumeration
Fallback.wrap({ fallback: plain, recovery: {} })

const replicated = memory.pipe(Replicate.wrap({ replicas: [Memory.layer(), Memory.layer()] }))
export type _replicated = True<Equals<Provided<typeof replicated>, KeyValue | Health | Enumeration | Maintenance>>

const routed = memory.pipe(Routing.wrap({ stores: { listing, memory: Memory.layer() }, route: () => "listing" }))
export type _routed = True<Equals<Provided<typeof routed>, KeyValue | Health | Enumeration>>

const cached = plain.pipe(PassthroughCache.wrap({ cache: Memory.layer() }))
export type _cached = True<Equals<Provided<typeof cached>, KeyValue>>
// @ts-expect-error a cache must be able to clear
PassthroughCache.wrap({ cache: plain })
// @ts-expect-error there is no such store to route to
Routing.wrap({ stores: { listing }, route: () => "other" })

// Names that are hidden cannot be listed.

declare const hidingKey: HmacNames.Options["key"]
const hiding = memory.pipe(HmacNames.wrap({ key: hidingKey }), Timeout.wrap())
export type _hiding = True<Equals<Provided<typeof hiding>, KeyValue | Health | Maintenance | Atomic>>
// @ts-expect-error hidden names cannot be listed
runs(Effect.provide(Enumeration, hiding))

// Replicate clears what it can list.

const hidingReplicated = hiding.pipe(Replicate.wrap({ replicas: [hiding] }), Statistics.wrap())
export type _hidingReplicated = True<
  Equals<Provided<typeof hidingReplicated>, KeyValue | Health | Statistics.Statistics>
>
const hidingReplica = memory.pipe(Replicate.wrap({ replicas: [memory, hiding] }))
export type _hidingReplica = True<Equals<Provided<typeof hidingReplica>, KeyValue | Health>>
const replicatedHiding = replicated.pipe(HmacNames.wrap({ key: hidingKey }))
export type _replicatedHiding = True<Equals<Provided<typeof replicatedHiding>, KeyValue | Health | Maintenance>>

const hidingPlain = plain.pipe(HmacNames.wrap({ key: hidingKey }))
export type _hidingPlain = True<Equals<Provided<typeof hidingPlain>, KeyValue>>

// The errors and requirements of all layers are kept.

declare const needy: Layer.Layer<KeyValue, "down", Statistics.Statistics>
const combined = needy.pipe(Timeout.wrap(), Fallback.wrap({ fallback: Memory.layer() }))
export type _needs = True<Equals<Needed<typeof combined>, Statistics.Statistics>>
export type _errors = True<Equals<Layer.Error<typeof combined>, "down" | StoreSetupError>>

// The contract requires the named capabilities.

const [all] = StoreContract.cases({ capabilities: StoreContract.allCapabilities })
const [basic] = StoreContract.cases()
const [enumerating] = StoreContract.cases({ capabilities: ["Enumeration"] })
runs(Effect.provide(all!.run, memory))
runs(Effect.provide(basic!.run, plain))
runs(Effect.provide(enumerating!.run, listing))
// @ts-expect-error plain has no Enumeration
runs(Effect.provide(enumerating!.run, plain))
// @ts-expect-error there is no such capability
StoreContract.cases({ capabilities: ["Flying"] })
