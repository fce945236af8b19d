import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { Atomic } from "../Atomic.ts"
import { sameStack } from "../driver/sameStack.ts"
import { Enumeration } from "../Enumeration.ts"
import * as KeyValue from "../KeyValue.ts"
import { Maintenance } from "../Maintenance.ts"
import { atomicOperations } from "./atomic.ts"
import { basics } from "./basics.ts"
import { codecOf } from "./codec.ts"
import { listingOperations } from "./listing.ts"
import { loadingOperations } from "./loading.ts"
import type { Capability, Options } from "./options.ts"
import type { Parts } from "./parts.ts"
import { withReading } from "./reading.ts"
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
  yield* Effect.orDie(sameStack("Collection", kv, atomic, enumeration, maintenance))
  const operations = {
    ...basics(parts),
    ...loadingOperations(parts),
    ...(atomic && atomicOperations(parts, atomic)),
    ...(enumeration && listingOperations(parts, enumeration)),
    ...(maintenance && { clear: maintenance.clearCollection({ collection }) }),
    ...(atomic && enumeration && upgradingOperations(parts, atomic, enumeration))
  }
  return withReading(operations, { kv, encodeKey: parts.codec.encodeKey, decode: parts.codec.decode })
})
