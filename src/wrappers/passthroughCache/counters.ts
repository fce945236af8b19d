import type { Meter } from "../../telemetry/metrics.ts"

/** How a key was read. */
const results = ["hit", "miss", "stale", "refresh", "error"] as const

/** Counts keys by how they were read. */
export type Counters = Readonly<Record<(typeof results)[number], (keys: number) => void>>

export const countersOf = (meter: Meter): Counters => {
  const counter = (result: (typeof results)[number]) => {
    const count = meter.counter("cache", "Keys that a read cache was asked for, by what became of them", {
      "cache.result": result
    })
    return [result, (keys: number) => (keys > 0 ? count(keys) : undefined)] as const
  }
  return Object.fromEntries(results.map(counter)) as unknown as Counters
}
