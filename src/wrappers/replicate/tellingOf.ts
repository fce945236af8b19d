import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Driver } from "../../driver/Driver.ts"
import * as Health from "../../Health.ts"
import type { Stores } from "./Stores.ts"

/** The component of a `Replicate`, whose parts are one component for each store. */
export interface Telling {
  readonly health: Health.Component
  /** Reports the state of a store after it has changed. */
  readonly tell: (stores: Stores, store: number) => void
}

export const tellingOf = Effect.fnUntraced(function* (
  drivers: ReadonlyArray<Driver>,
  store: string | undefined
): Effect.fn.Return<Telling, never, Scope.Scope> {
  const { system } = drivers[0]!
  const replicas: Array<Health.Component> = []
  for (const [i, driver] of drivers.entries()) {
    const report = yield* Health.reporter({ module: `Replica ${i + 1}`, store })
    replicas.push(report(driver.system, [driver]))
  }
  const report = yield* Health.reporter({ module: "Replicate", store, rule: Health.anyPart })
  const health = report(
    system,
    drivers.map((driver, i) => ({ ...driver, health: replicas[i]! }))
  )
  return {
    health,
    tell: ({ health, ledger }, store) => {
      const replica = replicas[store]!
      if (ledger.givenUp[store]) {
        replica.to("down", "It has missed too many writes. It is not read until the layer is built again.")
      } else if (health.isWell(store)) replica.to("up", "It answers again.")
      else replica.to("down", "Its last operation failed. Other stores are read first.")
    }
  }
})
