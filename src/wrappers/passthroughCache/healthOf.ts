import * as Effect from "effect/Effect"
import type { Driver } from "../../driver/Driver.ts"
import * as Health from "../../Health.ts"

/**
 * The state of a store with a cache. A cache that is down only costs time. A store that is down is made up for by stale
 * copies, if they may be returned.
 */
export const healthOf = (
  store: Driver,
  cache: Driver,
  { name, maxStale }: { readonly name: string | undefined; readonly maxStale: number }
) => {
  const rule: Health.Rule = (own, [far = "up", near = "up"]) =>
    maxStale > 0 && far === "down" ? "degraded" : Health.everyPart(own, [far, near === "down" ? "degraded" : near])
  const covers = () => maxStale > 0
  return Effect.map(Health.reporter({ module: "PassthroughCache", store: name, rule, covers }), (report) =>
    report(store.system, [store, cache])
  )
}
