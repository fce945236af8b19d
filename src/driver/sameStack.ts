import * as Effect from "effect/Effect"
import { StoreSetupError } from "../KeyValueError.ts"
import type { Driver } from "./Driver.ts"

/**
 * Fails if services come from different stacks. A context that was merged from several stacks may have the `KeyValue` of one
 * and a capability of another. What uses both would then read one store and write the other.
 */
export const sameStack = (
  module: string,
  ...services: ReadonlyArray<{ readonly driver: Driver } | undefined>
): Effect.Effect<void, StoreSetupError> =>
  Effect.suspend(() => {
    const drivers = new Set(services.flatMap((service) => (service === undefined ? [] : [service.driver])))
    return drivers.size <= 1 ? Effect.void : Effect.fail(new StoreSetupError({ module, reason: mixed }))
  })

const mixed =
  "KeyValue and the capabilities in the context come from different stacks: give each stack a name with Store.Service, " +
  "and provide the services of one of them (Sessions.services)"
