/**
 * Limits on the size of values.
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
 * Keeps values that are too small or too large from being stored.
 *
 * **When to use**
 *
 * Use in front of a cache or a store with a limit of its own. Put it outside of `Compression` to limit what the
 * application writes, inside to limit what is stored.
 *
 * **Details**
 *
 * Sizes are bytes of the value's JSON in UTF-8, compact, at this level of the stack; of bytes, their length. A value of
 * exactly a limit's size is stored. With `"fail"` nothing of a batch is stored if one value is refused; else the others
 * are; of equal keys the last value counts. Reads are not limited.
 *
 * A value that is not stored is no failure of `put`. `putIfAbsent` answers `false` for it, and `update` what the key has
 * then: the old value with `"ignore"`, `undefined` with `"delete"`.
 *
 * **Gotchas**
 *
 * A value that is ignored leaves the old one in place, which is served on: use `"delete"` where stale is worse than
 * missing. (py-key-value counts characters of ASCII-escaped JSON instead, so its limits differ for other scripts.)
 *
 * Fails to build with `StoreSetupError` when a size is not valid or `minSize` is above `maxSize`.
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
