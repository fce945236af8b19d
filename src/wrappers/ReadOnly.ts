/**
 * Makes a store read-only.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { type Wrapper, wrapperEffect } from "../Driver.ts"
import type * as Call from "../driver/Call.ts"
import type { Driver } from "../driver/Driver.ts"
import * as options from "../driver/options.ts"
import { ReadOnlyError, type StoreSetupError } from "../KeyValueError.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Whether a write fails with `ReadOnlyError` or does nothing. Default: `"fail"`. */
  readonly onWrite?: "fail" | "ignore" | undefined
}

/**
 * Refuses all writes: `put`, `delete`, `Atomic` and `Maintenance`. Reads reach the store.
 *
 * **When to use**
 *
 * Use it for replicas, for shared caches, and to keep tests from changing data.
 *
 * **Details**
 *
 * With `onWrite: "ignore"`, writes succeed and do nothing. `delete` and `putIfAbsent` return `false`, `deleteMany` and clearing
 * return 0, `update` and `increment` return the existing value, `deleteIf` returns `false`, and `getAndDelete` returns
 * `undefined`.
 *
 * **Errors**
 *
 * - `ReadOnlyError`: a write was called, unless `onWrite` is `"ignore"`.
 *
 * Fails to build with `StoreSetupError` when an option is not valid.
 *
 * **Example**
 *
 * ```ts
 * import { ReadOnly } from "effect-kv"
 * import * as Sqlite from "effect-kv/Sqlite"
 *
 * const Store = Sqlite.layer({ filename: "settings.sqlite" }).pipe(ReadOnly.wrap())
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options = {}): Wrapper<never, StoreSetupError> =>
  wrapperEffect(Effect.map(described.read(config), ({ onWrite }) => reading(onWrite === "ignore")))

/** @internal */
export const described = options.of<Options>()("ReadOnly", {
  onWrite: options.oneOf(["fail", "ignore"], { default: "fail" })
})

const reading =
  (ignore: boolean) =>
  (driver: Driver): Driver => {
    const instead =
      <A>(nothing: A) =>
      (call: Call.Call) =>
        ignore ? Effect.succeed(nothing) : Effect.fail(new ReadOnlyError(call.place))
    const noneRemoved = instead({ count: 0, next: undefined })
    return {
      ...driver,
      put: instead(undefined),
      delete: instead(0),
      atomic: driver.atomic && { compareAndPut: instead<Call.Drop>("ignore") },
      maintenance: driver.maintenance && { clear: noneRemoved, removeExpired: noneRemoved }
    }
  }
