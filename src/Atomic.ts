/**
 * Atomic operations: read and write a key as one step.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { encode, valueOf, withPlace } from "./driver/boundary.ts"
import * as Calls from "./driver/Calls.ts"
import { idOf } from "./driver/ids.ts"
import { type AtomicDriver, change, isStored } from "./driver/service/change.ts"
import { served } from "./driver/service/served.ts"
import { update } from "./driver/service/update.ts"
import type { InCollection, PutOptions } from "./KeyValue.ts"
import type { ConflictError, ReadError, WriteError } from "./KeyValueError.ts"
import type { Value } from "./Value.ts"

/**
 * Options of {@link Service.update}.
 *
 * @since 0.1.0
 */
export interface UpdateOptions extends PutOptions {
  /** How long the entry lives from now on. Default: it keeps the expiry that it has. */
  readonly ttl?: Duration.Input | undefined
  /** How often to start again when another writer came between; a negative number, or none, is 0. Default: 100. */
  readonly maxRetries?: number | undefined
}

/**
 * The errors of operations that read a key and write it on condition: `update` and `getAndDelete`.
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
  readonly putIfAbsent: (key: string, value: Value, options?: PutOptions) => Effect.Effect<boolean, WriteError>

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
  readonly update: (
    key: string,
    f: (value: Value | undefined) => Value | undefined,
    options?: UpdateOptions
  ) => Effect.Effect<Value | undefined, UpdateError>

  /**
   * Deletes a key and returns the value that it had. If several callers do so at the same time, only one gets the value. The
   * others get `undefined`, or the default of a `DefaultValue`.
   */
  readonly getAndDelete: (key: string, options?: InCollection) => Effect.Effect<Value | undefined, UpdateError>
}

/**
 * The capability to read and write a key as one step, even if several processes share the store.
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
  const { driver, loads } = served(self)
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
          Option.some(f(value))
        )
      ),
    getAndDelete: (key, options) =>
      withPlace(driver, "getAndDelete", [key], options, (place) => {
        const taken = change(driver, place, { maxRetries: defaultRetries, expiry: true }, (current) => {
          const answer = current && valueOf(driver, current)
          return Effect.succeed(
            isStored(current) ? { answer, write: { entry: undefined }, ifDropped: () => Effect.undefined } : { answer }
          )
        })
        // Even if there is nothing to delete, a running load of the key must not store its value afterwards.
        return Effect.suspend(() => {
          loads.drop(idOf(place.collection, key))
          return taken
        })
      })
  }
}

const defaultRetries = 100

/** Reads `maxRetries`. A value that is not a number is 0: otherwise, the retries might never end. */
const retriesOf = (maxRetries: unknown = defaultRetries): number =>
  typeof maxRetries === "number" && maxRetries > 0 ? Math.floor(maxRetries) : 0
