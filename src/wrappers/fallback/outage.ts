import * as Effect from "effect/Effect"
import type { Driver } from "../../driver/Driver.ts"
import * as Health from "../../Health.ts"
import type { KeyValueError } from "../../KeyValueError.ts"

/** Notices when the fallback takes over, and when the first store answers again. */
export interface Outage {
  readonly health: Health.Component
  readonly began: (error: KeyValueError) => void
  /** Only a call that begins during an outage shows its end, and costs more than without it. */
  readonly noticingEnd: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E>
}

/** With the fallback, the stack works while the first store does not. `isDown` says whether the fallback has taken over. */
export const ruleOf =
  (isDown: () => boolean): Health.Rule =>
  (own, [first = "up", second = "up"]) =>
    Health.anyPart(own, [isDown() ? "down" : first, second])

export const outageOf = Effect.fnUntraced(function* (drivers: readonly [first: Driver, second: Driver]) {
  let isDown = false
  const report = yield* Health.reporter({ module: "Fallback", rule: ruleOf(() => isDown), covers: () => isDown })
  const health = report(drivers[0].system, drivers)
  return {
    health,
    began: ({ _tag }) => {
      if (isDown) return
      isDown = true
      health.to("degraded", `The first store fails (${_tag}). The fallback takes over.`)
    },
    noticingEnd: (effect) =>
      isDown
        ? Effect.tap(effect, () =>
            Effect.sync(() => {
              isDown = false
              health.to("up", "The first store answers again.")
            })
          )
        : effect
  } satisfies Outage as Outage
})
