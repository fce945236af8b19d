/**
 * Reading and writing a key as one step.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Driver } from "./driver/Driver.ts"
import type { Entry } from "./Entry.ts"
import { callAt, encode, type InCollection, type PutOptions, withPlace } from "./KeyValue.ts"
import { ConflictError, type Operation, type Place, type ReadError, type WriteError } from "./KeyValueError.ts"
import type { Value } from "./Value.ts"

/**
 * Options of {@link Service.update}.
 *
 * @since 0.1.0
 */
export interface UpdateOptions extends PutOptions {
  /** How long the entry lives from now on. Default: it keeps the expiry that it has. */
  readonly ttl?: Duration.Input | undefined
  /** How often to start again when another writer came between. Default: 100. */
  readonly maxRetries?: number | undefined
}

/**
 * Reads and writes a key as one step. See the members of {@link Atomic}.
 *
 * @since 0.1.0
 */
export interface Service {
  /** Stores a value unless the key has one, and answers whether it did. */
  readonly putIfAbsent: (key: string, value: Value, options?: PutOptions) => Effect.Effect<boolean, WriteError>

  /**
   * Replaces a value by what a function makes of it, and answers the new value.
   *
   * **Details**
   *
   * The function gets `undefined` when there is no value; when it returns `undefined` the key is deleted (or left
   * missing). If another writer changes the key meanwhile, the function runs again with the new value, after a short
   * random pause; it should do nothing else than compute. Fails with `ConflictError` after `maxRetries`.
   */
  readonly update: (
    key: string,
    f: (value: Value | undefined) => Value | undefined,
    options?: UpdateOptions
  ) => Effect.Effect<Value | undefined, ReadError | WriteError | ConflictError>

  /** Deletes a key and answers the value that it had. Of several callers, one gets it. */
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
 * The capability over a driver that has `compareAndPut`.
 *
 * @since 0.1.0
 */
export const make = (driver: Driver & Required<Pick<Driver, "compareAndPut">>): Service => {
  const compareAndPut = (place: Place, entry: Entry | undefined, expected: unknown) =>
    driver.compareAndPut({ _tag: "compareAndPut", ...callAt(place), entry, expected })

  const change = (
    operation: Operation,
    key: string,
    options: UpdateOptions | undefined,
    f: (place: Place, current: Entry | undefined) => Effect.Effect<Change, ReadError | WriteError>
  ) =>
    withPlace(driver, operation, [key], options, (place) => {
      const attempt = Effect.gen(function* () {
        const [current] = yield* driver.get({ _tag: "get", ...callAt(place), expiry: true, versioned: true })
        const { entry, answer } = yield* f(place, current)
        if (entry === undefined && current === undefined) return answer
        const done = yield* compareAndPut(place, entry, current?.version)
        if (!done) return yield* new Lost()
        return answer
      })
      const maxRetries = options?.maxRetries ?? 100
      return attempt.pipe(
        Effect.retry({ schedule: pauses, times: maxRetries, while: (error) => error._tag === "Lost" }),
        Effect.catchTag("Lost", () => Effect.fail(new ConflictError({ ...place, attempts: maxRetries + 1 })))
      )
    })

  return {
    putIfAbsent: (key, value, options) =>
      withPlace(driver, "putIfAbsent", [key], options, (place) =>
        Effect.flatMap(encode(place, [value], options?.ttl), ([entry]) => compareAndPut(place, entry, undefined))
      ),
    update: (key, f, options) =>
      change(
        "update",
        key,
        options,
        Effect.fnUntraced(function* (place, current) {
          const value = f(current?.payload.copy().value)
          if (value === undefined) return { entry: undefined, answer: undefined }
          const [entry] = yield* encode(place, [value], options?.ttl)
          const expiresAt = options?.ttl === undefined ? current?.expiresAt : entry!.expiresAt
          return { entry: { ...entry!, expiresAt }, answer: entry!.payload.copy().value }
        })
      ),
    getAndDelete: (key, options) =>
      change("getAndDelete", key, options, (_, current) =>
        Effect.succeed({ entry: undefined, answer: current?.payload.value })
      )
  }
}

interface Change {
  readonly entry: Entry | undefined
  readonly answer: Value | undefined
}

/** Another writer came between. */
class Lost extends Data.TaggedError("Lost") {}

const pauses = Schedule.min([Schedule.exponential("1 millis"), Schedule.spaced("50 millis")]).pipe(Schedule.jittered)
