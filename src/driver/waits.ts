import type { Driver } from "./Driver.ts"

/**
 * How long the operations of a driver may take: they `"never"` wait for anything, or they end `"within-limit"` whenever
 * the call has a `limit`.
 *
 * @since 0.1.0
 */
export type Waits = "never" | "within-limit"

const declared = new WeakMap<Driver, Waits>()

/**
 * Declares how long the operations of a driver may take.
 *
 * **Details**
 *
 * A `Timeout` next to such a driver is free; it keeps an eye on all others from a fiber of its own. What is declared holds
 * for this very object: a driver that is made of it, by a spread for one, is one of which nothing is known.
 *
 * @since 0.1.0
 */
export const declareWaits = <D extends Driver>(driver: D, waits: Waits | undefined): D => {
  if (waits !== undefined) declared.set(driver, waits)
  return driver
}

/**
 * What {@link declareWaits} was told of a driver.
 *
 * @since 0.1.0
 */
export const waitsOf = (driver: Driver): Waits | undefined => declared.get(driver)
