/**
 * What can be added to the workload of a simulation, beside reads, writes, and the faults of stores.
 *
 * - `loads`: `getOrSet`, with loaders that take their time, fail, or are joined.
 * - `listings`: listing of keys, and removal of expired entries, where the stack can.
 * - `hotKeys`: up to a thousand callers that want one key at the same moment.
 * - `interruptions`: callers that are interrupted after a random number of steps or milliseconds, and a scheduler that
 *   lets other fibers run between any two steps.
 * - `budgets`: callers with a `Deadline.within`.
 * - `clockJumps`: the wall clock is set forward and back, by seconds to an hour. Monotonic time goes on.
 * - `stalls`: the event loop is blocked, so that all timers that become due meanwhile run at once.
 * - `throws`: loaders, update functions and predicates that throw.
 * - `restarts`: the layer is closed while operations are in flight, and built again over the same stores.
 *
 * @since 0.1.0
 */
export const hazards = [
  "loads",
  "listings",
  "hotKeys",
  "interruptions",
  "budgets",
  "clockJumps",
  "stalls",
  "throws",
  "restarts"
] as const

/**
 * The name of something that can be added to the workload.
 *
 * @since 0.1.0
 */
export type Hazard = (typeof hazards)[number]
