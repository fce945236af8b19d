import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type Wrapper, wrapperEffect } from "../Driver.ts"
import * as options from "../driver/options.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { withTimeout } from "./common/withTimeout.ts"

/**
 * Fails operations that take longer than `duration` (default 5 seconds) with `TimeoutError`.
 *
 * **When to use**
 *
 * Use it directly around the store and inside `Retry`, so that each attempt has its limit. For a limit on all attempts
 * together, or on several operations, use `Deadline`.
 *
 * **Details**
 *
 * At the limit, the operation is interrupted and the caller is released, even if the operation cannot be interrupted
 * and goes on. In enumeration and clearing, the limit applies to each page. Calls carry the limit as `deadline` to the
 * stores and wrappers inside, which can use it.
 *
 * **Errors**
 *
 * - `TimeoutError`: the operation took longer than `duration`.
 *
 * Fails to build with `StoreSetupError` unless the duration is positive and finite.
 *
 * **Gotchas**
 *
 * A write that timed out may still be applied: its `outcome` is `"unknown"`.
 *
 * **Example**
 *
 * ```ts
 * import { Timeout } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(Timeout.wrap("1 second"))
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (duration: Duration.Input = "5 seconds"): Wrapper<never, StoreSetupError> =>
  wrapperEffect(Effect.map(described.read({ duration }), ({ duration }) => withTimeout(duration)))

/** @internal */
export const described = options.of<{
  /** Limit on each operation. Default: 5 seconds. */
  readonly duration?: Duration.Input
}>()("Timeout", {
  duration: options.duration({ default: "5 seconds" })
})
