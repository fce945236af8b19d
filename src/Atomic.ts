/**
 * Atomic operations: reads and writes a key as one step, even if several processes share the store.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { encode, valueOf, withPlace } from "./driver/boundary.ts"
import * as Calls from "./driver/Calls.ts"
import { type AtomicDriver, change, isStored } from "./driver/service/change.ts"
import { increment } from "./driver/service/increment.ts"
import { defaultRetries, retriesOf } from "./driver/service/retries.ts"
import { served } from "./driver/service/served.ts"
import { take } from "./driver/service/take.ts"
import { update } from "./driver/service/update.ts"
import type { InCollection, PutOptions } from "./KeyValue.ts"
import type { ConflictError, CounterRangeError, InvalidIncrementError, ReadError, WriteError } from "./KeyValueError.ts"
import type { Storable, Value } from "./Value.ts"

/**
 * Options of {@link Service.update}.
 *
 * @since 0.1.0
 */
export interface UpdateOptions extends PutOptions {
  /** How long the entry lives from now on. Default: it keeps the expiry that it has. */
  readonly ttl?: Duration.Input | undefined
  /** Maximum number of retries when another writer came first. A negative number, or `NaN`, is 0. Default: 100. */
  readonly maxRetries?: number | undefined
}

/**
 * Options of {@link Service.increment}.
 *
 * @since 0.2.0
 */
export interface IncrementOptions extends InCollection {
  /** The value of a missing counter before the increment. Default: 0. */
  readonly initial?: number | undefined
  /** How long a new counter lives. An existing counter keeps its expiry, unless `renew` is true. Default: none. */
  readonly ttl?: Duration.Input | undefined
  /** Whether an existing counter gets the TTL as well, at each increment. Default: false. */
  readonly renew?: boolean | undefined
  /** The lowest value that the counter may have after the increment. Default: −(2^53 − 1). */
  readonly min?: number | undefined
  /** The highest value that the counter may have after the increment. Default: 2^53 − 1. */
  readonly max?: number | undefined
}

/**
 * The errors of {@link Service.increment}.
 *
 * @since 0.2.0
 */
export type IncrementError = ReadError | WriteError | ConflictError | InvalidIncrementError | CounterRangeError

/**
 * The errors of operations that read a key and write it on condition: `update`, `getAndDelete` and `deleteIf`.
 *
 * @since 0.2.0
 */
export type UpdateError = ReadError | WriteError | ConflictError

/**
 * Reads and writes a key as one step. This is the interface of {@link Atomic}.
 *
 * @since 0.1.0
 */
export interface Service {
  /** The driver of the service, for wrappers and for what is built on the service. */
  readonly driver: AtomicDriver

  /**
   * Stores a value if the key is missing. Returns whether the value was stored.
   *
   * **Details**
   *
   * The result is also `false` if a limit drops the value: `LimitSize` with `"ignore"` or `"delete"`, `ReadOnly` with
   * `"ignore"`, or the `maxSize` of `Memory`.
   */
  readonly putIfAbsent: <A>(
    key: string,
    value: Value | (A & Storable<A>),
    options?: PutOptions
  ) => Effect.Effect<boolean, WriteError>

  /**
   * Replaces the value of a key with the result of a function. Returns the new value.
   *
   * **Details**
   *
   * The function gets `undefined` if the key is missing. If the function returns `undefined`, the key is deleted (or stays
   * missing). If another writer changes the key in the meantime, the function runs again with the new value, after a short
   * random pause. So it should have no side effects. Fails with `ConflictError` after `maxRetries`. If the function throws,
   * that is a defect, and nothing is written.
   *
   * If a limit drops the new value (see `putIfAbsent`), `update` returns the value that the key has afterwards: the old
   * value, or `undefined` if the old value was deleted.
   */
  readonly update: <A>(
    key: string,
    f: (value: Value | undefined) => Value | (A & Storable<A>) | undefined,
    options?: UpdateOptions
  ) => Effect.Effect<Value | undefined, UpdateError>

  /**
   * Deletes a key and returns the value that it had. If several callers do so at the same time, only one gets the value. The
   * others get `undefined`, or the default of a `DefaultValue`.
   */
  readonly getAndDelete: (key: string, options?: InCollection) => Effect.Effect<Value | undefined, UpdateError>

  /**
   * Deletes a key if its value passes a test. Returns whether it was deleted.
   *
   * **When to use**
   *
   * Use it to delete only what you have seen or written, such as a lock that you own (compare-and-delete).
   *
   * **Details**
   *
   * If another writer changes the key in the meantime, the test runs again with the new value, so it should have no side
   * effects. It does not run for a missing key. Fails with `ConflictError` after 100 retries. If the test throws, that is a
   * defect, and nothing is deleted.
   */
  readonly deleteIf: (
    key: string,
    test: (value: Value) => boolean,
    options?: InCollection
  ) => Effect.Effect<boolean, UpdateError>

  /**
   * Adds `by` (default: 1, may be negative or 0) to a counter. Returns the counter after the increment.
   *
   * **When to use**
   *
   * Use it for rate limits, stock and sequence numbers: concurrent increments lose nothing, also between processes.
   *
   * **Details**
   *
   * - A counter is an entry whose value is an integer within ±(2^53 − 1). There are no counters with fractions, because
   *   their sums depend on the order. Count in a smaller unit, such as cents.
   * - A missing counter counts as `initial` (default: 0), so the first result is `initial + by`.
   * - `ttl` starts with the first increment: later increments keep the expiry (a fixed window). With `renew`, each
   *   increment starts it again.
   * - If the result would be below `min` or above `max`, nothing changes, and the increment fails with
   *   `CounterRangeError`.
   * - Memory, Sqlite and Redis increment in one step. Through wrappers that change entries (codecs, `LimitSize`,
   *   `TtlClamp`, `DefaultValue`), the counter is read and written conditionally, at most 101 times, before the increment
   *   fails with `ConflictError`.
   *
   * Fails with `InvalidIncrementError` if an argument is not valid, and with `DeserializationError` if the key has a value
   * that is not a counter. Such a value is never overwritten.
   *
   * **Gotchas**
   *
   * - If an increment fails with the outcome `"unknown"`, it may have been counted. `Retry` does not repeat it. If you
   *   repeat it, it may be counted twice.
   * - If a limit drops the new value (see `putIfAbsent`), `increment` returns the counter that the key has afterwards. A
   *   missing counter counts as `initial`.
   */
  readonly increment: (
    key: string,
    by?: number | undefined,
    options?: IncrementOptions
  ) => Effect.Effect<number, IncrementError>
}

/**
 * The capability to read and write a key as one step, even if several processes share the store.
 *
 * **When to use**
 *
 * Use it for values that several callers change at the same time: counters, stock, shopping carts, locks.
 *
 * **Errors**
 *
 * - `ConflictError`: other writers changed the key during every attempt.
 * - `InvalidIncrementError`: an argument of `increment` is not valid.
 * - `CounterRangeError`: an `increment` would leave the range from `min` to `max`.
 * - `DeserializationError`: the value that `increment` finds is not a counter.
 * - All errors of reads and writes.
 *
 * **Example**
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Atomic, Memory } from "effect-kv"
 *
 * const program = Effect.gen(function* () {
 *   const atomic = yield* Atomic.Atomic
 *   yield* atomic.update("cart:alice", (cart) => [...(Array.isArray(cart) ? cart : []), "book"])
 *   return yield* atomic.increment("visits", 1, { collection: "counters", ttl: "1 day" })
 * })
 *
 * program.pipe(Effect.provide(Memory.layer()))
 * ```
 *
 * @since 0.1.0
 */
export class Atomic extends Context.Service<Atomic, Service>()("effect-kv/Atomic") {}

/**
 * Makes the capability for a driver that has `atomic`.
 *
 * @since 0.1.0
 */
export const make = (self: AtomicDriver): Service => {
  const { driver } = served(self)
  return {
    driver: self,
    putIfAbsent: (key, value, options) =>
      withPlace(driver, "putIfAbsent", [key], options, (place) =>
        Effect.flatMap(encode(driver, place, [value], options?.ttl), ([entry]) =>
          Effect.map(
            driver.atomic.compareAndPut(Calls.compareAndPut(place, { entry, expected: undefined })),
            (swapped) => swapped === true
          )
        )
      ),
    update: (key, f, options) =>
      withPlace(driver, "update", [key], options, (place) =>
        update(driver, place, { ttl: options?.ttl, maxRetries: retriesOf(options?.maxRetries) }, (value) =>
          Option.some(f(value) as Value | undefined)
        )
      ),
    getAndDelete: (key, options) =>
      withPlace(driver, "getAndDelete", [key], options, (place) =>
        take(self, place, (current) => Effect.sync(() => current && valueOf(driver, current)), undefined)
      ),
    deleteIf: (key, test, options) =>
      withPlace(driver, "deleteIf", [key], options, (place) =>
        change(driver, place, { maxRetries: defaultRetries, expiry: false }, (current) =>
          Effect.sync(() =>
            isStored(current) && test(valueOf(driver, current))
              ? { answer: true, write: { entry: undefined }, ifDropped: () => Effect.succeed(false) }
              : { answer: false }
          )
        )
      ),
    increment: (key, by = 1, options = {}) =>
      withPlace(driver, "increment", [key], options, (place) => {
        const { initial = 0, ttl, renew, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = options
        return increment(driver, place, {
          by,
          initial,
          min,
          max,
          ttl,
          renew: renew === true,
          maxRetries: defaultRetries
        })
      })
  }
}
