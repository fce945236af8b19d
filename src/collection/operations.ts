import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { Atomic } from "../Atomic.ts"
import type { Driver } from "../driver/Driver.ts"
import { Enumeration } from "../Enumeration.ts"
import * as KeyValue from "../KeyValue.ts"
import { StoreSetupError } from "../KeyValueError.ts"
import { Maintenance } from "../Maintenance.ts"
import { atomicOperations } from "./atomic.ts"
import { basics } from "./basics.ts"
import { codecOf } from "./codec.ts"
import { listingOperations } from "./listing.ts"
import type { Capability, Options } from "./options.ts"
import type { Parts } from "./parts.ts"
import { upgradingOperations } from "./upgrade.ts"

/** Makes all operations of a collection, those of its capabilities included. */
export const operationsOf = Effect.fnUntraced(function* <K>(
  collection: string,
  options: Options<Schema.Constraint, K>
) {
  const kv = yield* KeyValue.KeyValue
  const wanted: ReadonlyArray<Capability> = options.capabilities ?? []
  const parts: Parts<any, K, any, any> = {
    kv,
    collection,
    codec: codecOf(collection, options),
    ttl: options.ttl,
    onInvalid: options.onInvalid ?? "fail"
  }
  const atomic = wanted.includes(Atomic) ? yield* Atomic : undefined
  const enumeration = wanted.includes(Enumeration) ? yield* Enumeration : undefined
  const maintenance = wanted.includes(Maintenance) ? yield* Maintenance : undefined
  for (const service of [atomic, enumeration, maintenance]) {
    if (service !== undefined) yield* ofOneStore(collection, kv.driver, service.driver)
  }
  return {
    ...basics(parts),
    ...(atomic && atomicOperations(parts, atomic)),
    ...(enumeration && listingOperations(parts, enumeration)),
    ...(maintenance && { clear: maintenance.clearCollection({ collection }) }),
    ...(atomic && enumeration && upgradingOperations(parts, atomic, enumeration))
  }
})

/** Dies if two services belong to different stores: a value would then be written to one and looked for in the other. */
const ofOneStore = (collection: string, driver: Driver, other: Driver): Effect.Effect<void> =>
  driver === other
    ? Effect.void
    : Effect.die(new StoreSetupError({ module: "Collection", reason: `${mixed} (collection "${collection}")` }))

const mixed =
  "KeyValue and its capabilities are from different stores: provide them with one layer, or declare each store with Store.Service"
