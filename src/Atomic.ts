/**
 * Reading and writing a key as one step.
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
 * Reads and writes a key as one step. See the members of {@link Atomic}.
 *
 * @since 0.1.0
 */
export interface Service {
  /**
   * Stores a value unless the key has one, and answers whether it did.
   *
   * **Details**
   *
   * `true` means that the value is stored. It is `false`, too, when a limit drops the value (`LimitSize` with `"ignore"`
   * or `"delete"`, `ReadOnly` with `"ignore"`, the `maxSize` of `Memory`).
   */
  readonly putIfAbsent: (key: string, value: Value, options?: PutOptions) => Effect.Effect<boolean, WriteError>

  /**
   * Replaces a value by what a function makes of it, and answers the new value.
   *
   * **Details**
   *
   * The function gets `undefined` when there is no value; when it returns `undefined` the key is deleted (or left
   * missing). If another writer changes the key meanwhile, the function runs again with the new value, after a short
   * random pause; it should do nothing else than compute. Fails with `ConflictError` after `maxRetries`. What the
   * function throws is a defect, and nothing is written.
   *
   * When a limit drops the new value (see `putIfAbsent`), the answer is what the key has then: the old value, or
   * `undefined` if that was deleted.
   */
  readonly update: (
    key: string,
    f: (value: Value | undefined) => Value | undefined,
    options?: UpdateOptions
  ) => Effect.Effect<Value | undefined, ReadError | WriteError | ConflictError>

  /**
   * Deletes a key and answers the value that it had. Of several callers, one gets it. (A `DefaultValue` is answered to
   * all of them.)
   */
  readonly getAndDelete: (
    key: string,
    options?: InCollection
  ) => Effect.Effect<Value | undefined, ReadError | WriteError | ConflictError>
}

/**
 * The capability of atomic reads and writes of one key, also between processes that share the store.
 *
 * @since 0.1.0
 */
export class Atomic extends Context.Service<Atomic, Service>()("effect-kv/Atomic") {}

/**
 * The capability over a driver that has `atomic`.
 *
 * @since 0.1.0
 */
export const make = (self: AtomicDriver): Service => {
  const { driver, loads } = served(self)
  return {
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
        // Also if there is nothing to delete, what is being loaded is not to be stored afterwards.
        return Effect.suspend(() => {
          loads.drop(idOf(place.collection, key))
          return taken
        })
      })
  }
}

const defaultRetries = 100

/** A number of retries: with what is no number there would be no end of them. */
const retriesOf = (maxRetries: unknown = defaultRetries): number =>
  typeof maxRetries === "number" && maxRetries > 0 ? Math.floor(maxRetries) : 0
