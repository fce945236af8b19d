/**
 * A second store for when the first is unavailable.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Atomic } from "../Atomic.ts"
import * as Call from "../driver/Call.ts"
import { type Combination, combine } from "../driver/combine.ts"
import { type Combiner, combination } from "../driver/layers.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { KeyValueError } from "../KeyValueError.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options<Store extends Layer.Layer<KeyValue, any, any>> {
  /** The store to fall back to. */
  readonly fallback: Store
  /** Which failures make it take over. Default: those that are `retryable`, which is to say unavailability. */
  readonly fallbackOn?: ((error: KeyValueError) => boolean) | undefined
  /** Whether it takes over for writes and deletes as well. Default: false. */
  readonly writeToFallback?: boolean | undefined
}

/**
 * Answers from a second store while the first is unavailable.
 *
 * **When to use**
 *
 * Use for reads that an older or a default copy can answer, and for migrations.
 *
 * **Details**
 *
 * A miss is an answer, and so is a failure that is not unavailability: what was tampered with is never silently answered
 * from the fallback, unless `fallbackOn` says so. Capabilities are those that both stores have, without `Atomic`.
 * An enumeration that has begun goes on with the store that it began with.
 *
 * **Gotchas**
 *
 * - With `writeToFallback`, what was written or deleted in an outage is known to the fallback only: when the first store
 *   is back, it answers as if nothing had happened.
 * - Put `Timeout` inside of the first store, so that an outage is noticed soon.
 *
 * **Example**
 *
 * ```ts
 * import { Fallback, Memory, Timeout } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(
 *   Timeout.wrap("1 second"),
 *   Fallback.wrap({ fallback: Memory.layer() })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = <Store extends Layer.Layer<KeyValue, any, any>>(
  options: Options<Store>
): Combiner<readonly [Store], Atomic> =>
  combination([options.fallback], (primary, [fallback]) => {
    const { compareAndPut: _, ...driver } = combine([primary, fallback!], fallingBack(options))
    return Effect.succeed(driver)
  })

const fallingBack =
  ({
    fallbackOn = (error) => error.retryable,
    writeToFallback = false
  }: Omit<Options<never>, "fallback">): Combination =>
  (call, [primary, fallback]) =>
    Call.isWrite(call) && !writeToFallback
      ? primary!(call)
      : Effect.catchIf(
          primary!(call),
          (error) => fallbackOn(error as KeyValueError),
          () => fallback!(call)
        )
