import type { Meter } from "../../telemetry/metrics.ts"

/** The counters of a journal. */
export type Meters = ReturnType<typeof metersOf>

export const metersOf = ({ counter }: Meter) => ({
  journaled: counter("fallback.journaled", "Writes that went to the journal"),
  replayed: counter("fallback.replayed", "Keys whose last write was replayed from the journal to the primary store"),
  conflicts: counter(
    "fallback.conflicts",
    "Keys whose last write in the journal was older than the primary store's entry"
  )
})
