/**
 * Returns a default value for missing keys.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Wrapper, wrapperEffect } from "../Driver.ts"
import { mapEntries } from "../driver/mapEntries.ts"
import * as options from "../driver/options.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { atNow } from "../time/atNow.ts"
import { Payload, type Value } from "../Value.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Value of every missing key. */
  readonly value: Value
  /** TTL that `ttl` returns for a missing key. Default: none. */
  readonly ttl?: Duration.Input | undefined
}

/**
 * Returns a default value for keys that are missing or expired.
 *
 * **When to use**
 *
 * Use it for settings and feature flags, where a missing entry means the usual value. Outside `Fallback`, it also answers
 * for keys that neither store has.
 *
 * **Details**
 *
 * The default is never stored. For a missing key, `delete` returns `false`, `putIfAbsent` stores its value, `touch`
 * returns `false`, and enumeration does not list the key. `has` returns `true` for every key. `update`, `getAndDelete`
 * and `getOrSet` see the default as the current value. Each read returns a new copy.
 *
 * **Errors**
 *
 * Adds no errors to operations. Fails to build with `StoreSetupError` when the value cannot be stored, or when the TTL
 * is shorter than a millisecond or longer than 1,000 years.
 *
 * **Example**
 *
 * ```ts
 * import { DefaultValue, Memory } from "effect-kv"
 *
 * const Settings = Memory.layer().pipe(DefaultValue.wrap({ value: { theme: "light", beta: false } }))
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.gen(function* () {
      const { value, ttl } = yield* described.read(config)
      const payload = Payload.from(value)
      if (Result.isFailure(payload)) {
        return yield* options.invalid(
          "DefaultValue",
          `the value cannot be stored: ${payload.failure.reason} at ${payload.failure.path}`
        )
      }
      return mapEntries({
        mayHide: false,
        decode: (entry) =>
          entry !== undefined
            ? Effect.succeed(entry)
            : atNow((now) =>
                Effect.succeed({
                  payload: payload.success.copy(),
                  createdAt: undefined,
                  isDefault: true,
                  expiresAt: ttl === undefined ? undefined : now + ttl
                })
              )
      })
    })
  )

/** @internal */
export const described = options.of<Options>()("DefaultValue", {
  value: options.required(options.value<Value>("a value that can be stored", () => true)),
  ttl: options.ttl({ otherwise: "none" })
})
