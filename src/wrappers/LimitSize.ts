/**
 * Limits the size of values.
 *
 * @since 0.1.0
 */
import type * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import { type Wrapper, wrapperEffect } from "../Driver.ts"
import type { Drop } from "../driver/Call.ts"
import { type EntryMapping, mapEntries } from "../driver/mapEntries.ts"
import * as options from "../driver/options.ts"
import { EntryTooLargeError, EntryTooSmallError, type Place, type StoreSetupError } from "../KeyValueError.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Minimum size of a value. Default: no limit. */
  readonly minSize?: ByteSize.Input | undefined
  /** Maximum size of a value. Default: no limit. */
  readonly maxSize?: ByteSize.Input | undefined
  /**
   * Whether a write of a value that is too small fails with `EntryTooSmallError` or stores nothing. Default: `"ignore"`.
   */
  readonly onTooSmall?: "fail" | "ignore" | undefined
  /**
   * What a write of a value that is too large does. It fails with `EntryTooLargeError` (`"fail"`), stores nothing
   * (`"ignore"`), or stores nothing and deletes the existing entry (`"delete"`). Default: `"fail"`.
   */
  readonly onTooLarge?: "fail" | "ignore" | "delete" | undefined
}

/**
 * Rejects or ignores writes of values that are too small or too large.
 *
 * **When to use**
 *
 * Use it for a cache, or for a store that limits the size of values itself. Put it outside `Compression` to limit the values
 * that the application writes, or inside to limit what is stored.
 *
 * **Details**
 *
 * The size of a value is measured at this level of the stack. It is the number of bytes of the value's compact JSON in UTF-8,
 * or the length of a `Uint8Array`. A value whose size is exactly a limit is stored. Reads are not limited.
 *
 * With `"fail"`, one refused value fails the whole batch, and nothing of the batch is stored. With `"ignore"` and
 * `"delete"`, the other values of the batch are stored. If a batch contains a key twice, the last value counts.
 *
 * With `"ignore"` and `"delete"`, `put` succeeds although the value is not stored, and `putIfAbsent` returns `false`.
 * `update` returns the value that the key has afterwards: the old value with `"ignore"`, `undefined` with `"delete"`.
 *
 * **Errors**
 *
 * - `EntryTooLargeError`: a value is larger than `maxSize`, unless `onTooLarge` is `"ignore"` or `"delete"`.
 * - `EntryTooSmallError`: a value is smaller than `minSize`, with `onTooSmall: "fail"`.
 *
 * Fails to build with `StoreSetupError` when a size is not valid or `minSize` is above `maxSize`.
 *
 * **Gotchas**
 *
 * - With `"ignore"`, the old value stays and is still read. Use `"delete"` if a stale value is worse than a missing one.
 * - py-key-value counts the characters of ASCII-escaped JSON, so the same limit differs for text that is not ASCII.
 *
 * **Example**
 *
 * ```ts
 * import { LimitSize } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(LimitSize.wrap({ maxSize: "1 MiB" }))
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.map(described.read(config), ({ minSize, maxSize, onTooSmall, onTooLarge }) => {
      const tooSmall = (place: Place, size: number): Effect.Effect<Drop, EntryTooSmallError> =>
        onTooSmall === "fail"
          ? Effect.fail(new EntryTooSmallError({ ...place, size, minSize }))
          : Effect.succeed(onTooSmall)
      const tooLarge = (place: Place, size: number): Effect.Effect<Drop, EntryTooLargeError> =>
        onTooLarge === "fail"
          ? Effect.fail(new EntryTooLargeError({ ...place, size, maxSize, limitedBy: "LimitSize" }))
          : Effect.succeed(onTooLarge)
      const encode: EntryMapping["encode"] = (entry, place) => {
        const { size } = entry.payload
        if (size < minSize) return tooSmall(place, size)
        return size > maxSize ? tooLarge(place, size) : Effect.succeed(entry)
      }
      return mapEntries({ encode })
    })
  )

/** @internal */
export const described = options.of<Options>()(
  "LimitSize",
  {
    minSize: options.size({ default: 0, otherwise: "no limit" }),
    maxSize: options.size({ default: Number.POSITIVE_INFINITY, otherwise: "no limit" }),
    onTooSmall: options.oneOf(["fail", "ignore"], { default: "ignore" }),
    onTooLarge: options.oneOf(["fail", "ignore", "delete"], { default: "fail" })
  },
  ({ minSize, maxSize }) => (minSize <= maxSize ? undefined : `minSize ${minSize} is above maxSize ${maxSize}`)
)
