/** The faults of the store. Outages begin after 20 seconds, and last for 20 seconds. */
import type { Chaos } from "effect-kv/testing"

const outage = (fault: Chaos.Fault): Chaos.Options => ({
  outages: [{ from: "20 seconds", to: "40 seconds", fault }]
})

export const someFail: Chaos.Options = { rates: { failBefore: 0.05 } }

export const someRepliesAreLost: Chaos.Options = { rates: { failAfter: 0.05 } }

export const someAreSlow: Chaos.Options = { rates: { delay: 0.02 }, delay: { min: "1500 millis", max: "1500 millis" } }

export const refuses = outage({ _tag: "failBefore" })

export const isSilent = outage({ _tag: "stall" })

export const isSlow = outage({ _tag: "delay", before: 1500, after: 1500 })
