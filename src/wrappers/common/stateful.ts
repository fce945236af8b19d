import * as Effect from "effect/Effect"
import { type Wrapper, wrapperEffect } from "../../Driver.ts"
import { around, type Filter } from "../../driver/around.ts"
import * as Health from "../../Health.ts"
import type { StoreSetupError } from "../../KeyValueError.ts"
import { type Meter, meterOf } from "../../telemetry/metrics.ts"

/** Makes a wrapper from a filter that has metrics and states. `make` checks the options when the layer is built. */
export const stateful = <Policy extends { readonly store: string | undefined }>(
  module: string,
  make: Effect.Effect<Policy, StoreSetupError>,
  filter: (policy: Policy, meter: Meter, health: Health.Component) => Filter
): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.gen(function* () {
      const policy = yield* make
      const meter = yield* meterOf(policy.store)
      const report = yield* Health.reporter({ module, store: policy.store })
      return (driver) => {
        const health = report(driver.system, [driver])
        return { ...around(filter(policy, meter(driver), health))(driver), health }
      }
    })
  )
