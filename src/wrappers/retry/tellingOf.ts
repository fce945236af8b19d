import type { Component } from "../../Health.ts"
import { Lasting } from "../../health/Lasting.ts"
import type { Policy } from "./again.ts"
import { window } from "./Budget.ts"

/** Counts failures that were not retried because the budget was spent, and reports the first and the end of them. */
export const tellingOf = (health: Component, count: () => void): Policy["onExhausted"] => {
  const spent = new Lasting(health, window, {
    began: "The retry budget is spent. Failures are not retried.",
    ended: `The retry budget was not spent for ${window} ms.`
  })
  return (now) => {
    count()
    spent.seen(now)
  }
}
