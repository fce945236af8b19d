/**
 * The hazards that you can add to the workload of a simulation, in addition to reads, writes and faults of stores.
 *
 * - `loads`: `getOrSet`, with loaders that are slow, fail, or are shared by several callers.
 * - `listings`: keys are listed and expired entries removed, if the stack has these capabilities.
 * - `hotKeys`: up to 2,000 callers that use one key at the same moment.
 * - `interruptions`: callers that are interrupted after a random number of steps or milliseconds, and a scheduler that
 *   makes fibers yield after few steps in half of the runs.
 * - `budgets`: callers that use `Deadline.within`.
 * - `clockJumps`: the wall clock is set forward or back by a second to an hour. Monotonic time does not jump.
 * - `stalls`: the event loop is blocked, so that all timers that are due by then fire at once.
 * - `throws`: loaders, update functions and predicates that throw.
 * - `restarts`: the layer is closed with operations in flight, and built again over the same stores.
 * - `counters`: clients that increment a counter, if the stack has `Atomic`. No increment may be lost or counted twice.
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
  "restarts",
  "counters"
] as const

/**
 * The name of a hazard.
 *
 * @since 0.1.0
 */
export type Hazard = (typeof hazards)[number]
