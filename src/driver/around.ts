import type * as Effect from "effect/Effect"
import type { CommonError, WriteError } from "../KeyValueError.ts"
import type * as Call from "./Call.ts"
import type { Atomic, Driver } from "./Driver.ts"

/**
 * Runs one operation of a driver. It builds a new effect each time it is called.
 *
 * @since 0.1.0
 */
export type Next<C extends Call.Call, A, E> = (call: C) => Effect.Effect<A, E>

/**
 * Changes how an operation runs. The same filter is used for all operations, whatever they return.
 *
 * @since 0.1.0
 */
export type Filter = <C extends Call.Call, A, E>(call: C, next: Next<C, A, E>) => Effect.Effect<A, E | CommonError>

/**
 * Puts a filter around every operation of a driver. Policies such as retry, timeout and logging are made this way.
 *
 * **Details**
 *
 * The filter may run `next` with the same call or a changed one: once, several times or not at all. The filter is generic
 * in the result. So it applies to all operations, including capabilities, and to operations that later versions add.
 * It may add `CommonError` to the errors of an operation.
 *
 * **Gotchas**
 *
 * Call `next` again for each attempt. An effect that `next` returned belongs to one attempt only.
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
 * Transforms every operation that a driver has. `of` returns the same operation of another driver, which must have it.
 *
 * @internal
 */
export const mapOperations = (
  driver: Driver,
  f: <C extends Call.Call, A, E>(
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
  atomic: driver.atomic && {
    compareAndPut: f(driver.atomic.compareAndPut, ({ atomic }) => atomic!.compareAndPut),
    increment: driver.atomic.increment && f(driver.atomic.increment, ({ atomic }) => atomic!.increment!)
  }
})

/**
 * Transforms every operation of `Atomic` that a driver has.
 *
 * @internal
 */
export const mapAtomic = (
  { compareAndPut, increment }: Atomic,
  f: <C extends Call.CompareAndPut | Call.Increment, A>(operation: Next<C, A, WriteError>) => Next<C, A, WriteError>
): Atomic => ({ compareAndPut: f(compareAndPut), increment: increment && f(increment) })
