import type * as Effect from "effect/Effect"
import type { CommonError } from "../KeyValueError.ts"
import type { Call } from "./Call.ts"
import type { Driver } from "./Driver.ts"

/**
 * Runs one operation of a driver. Each application builds a fresh effect.
 *
 * @since 0.1.0
 */
export type Next<C extends Call, A, E> = (call: C) => Effect.Effect<A, E>

/**
 * Changes how an operation runs, whatever it is and whatever it returns.
 *
 * @since 0.1.0
 */
export type Filter = <C extends Call, A, E>(call: C, next: Next<C, A, E>) => Effect.Effect<A, E | CommonError>

/**
 * Puts a filter around every operation of a driver: the combinator of policies such as retry, timeout and logging.
 *
 * **Details**
 *
 * The filter may run `next` with the call or a changed one, once, several times or not at all. It cannot tell the
 * operations' results apart, so whatever it does holds for all eight of them, for capabilities and for those that
 * later versions add. What it may add to their errors is `CommonError`.
 *
 * **Gotchas**
 *
 * Call `next` for each attempt: the effect that it returned once is the same attempt again.
 *
 * **Example** (A wrapper that counts calls)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Driver } from "effect-kv"
 *
 * let calls = 0
 *
 * export const counted = Driver.wrapper(
 *   Driver.around((call, next) =>
 *     Effect.suspend(() => {
 *       calls++
 *       return next(call)
 *     })
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 */
export const around =
  (filter: Filter) =>
  (driver: Driver): Driver =>
    mapOperations(driver, (next) => (call) => filter(call, next))

/**
 * Transforms every operation that a driver has. `of` finds the same operation in another driver, which must have it.
 *
 * @internal
 */
export const mapOperations = (
  driver: Driver,
  f: <C extends Call, A, E>(
    operation: Next<C, A, E>,
    of: (other: Driver) => Next<C, A, E>
  ) => Next<C, A, E | CommonError>
): Driver => ({
  ...driver,
  get: f(driver.get, ({ get }) => get),
  put: f(driver.put, ({ put }) => put),
  delete: f(driver.delete, (other) => other.delete),
  listing: driver.listing && {
    keys: f(driver.listing.keys, ({ listing }) => listing!.keys),
    collections: f(driver.listing.collections, ({ listing }) => listing!.collections)
  },
  maintenance: driver.maintenance && {
    clear: f(driver.maintenance.clear, ({ maintenance }) => maintenance!.clear),
    removeExpired: f(driver.maintenance.removeExpired, ({ maintenance }) => maintenance!.removeExpired)
  },
  atomic: driver.atomic && { compareAndPut: f(driver.atomic.compareAndPut, ({ atomic }) => atomic!.compareAndPut) }
})
