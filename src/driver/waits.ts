import type { Driver } from "./Driver.ts"

/**
 * What a driver says about its waits. `"never"`: its operations wait for nothing. `"within-limit"`: an operation whose call
 * has a `limit` fails by itself when the time of the limit is up.
 *
 * @since 0.1.0
 */
export type Waits = "never" | "within-limit"

/** Keyed by the driver, so that a driver made by a spread, which may wait longer, does not inherit the declaration. */
const declared = new WeakMap<Driver, Waits>()

/**
 * Declares how the operations of a driver wait.
 *
 * **When to use**
 *
 * Use it in a store that never waits, or that enforces limits itself. A `Timeout` directly around such a store needs no
 * fiber.
 *
 * **Details**
 *
 * The declaration holds for this object only. A driver that is made from it, for example by a spread, has none.
 *
 * @since 0.1.0
 */
export const declareWaits = <D extends Driver>(driver: D, waits: Waits | undefined): D => {
  if (waits !== undefined) declared.set(driver, waits)
  return driver
}

/**
 * Returns what {@link declareWaits} declared for a driver.
 *
 * @since 0.1.0
 */
export const waitsOf = (driver: Driver): Waits | undefined => declared.get(driver)
