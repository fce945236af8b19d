import * as Effect from "effect/Effect"
import { type Wrapper, wrapperEffect } from "../../Driver.ts"
import { around, type Filter } from "../../driver/around.ts"
import type { StoreSetupError } from "../../KeyValueError.ts"
import { type Meter, meterOf } from "../../telemetry/metrics.ts"

/** Makes a wrapper from a filter that has metrics. `make` checks the options when the layer is built. */
export const metered = <Policy extends { readonly store: string | undefined }>(
  make: Effect.Effect<Policy, StoreSetupError>,
  filter: (policy: Policy, meter: Meter) => Filter
): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.gen(function* () {
      const policy = yield* make
      const meter = yield* meterOf(policy.store)
      return (driver) => around(filter(policy, meter(driver)))(driver)
    })
  )
