/**
 * Limits the TTL of entries.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type Wrapper, wrapperEffect } from "../Driver.ts"
import type { Driver } from "../driver/Driver.ts"
import { mapEntries } from "../driver/mapEntries.ts"
import * as options from "../driver/options.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { atNow } from "../time/atNow.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /** Shortest TTL. Default: no limit. */
  readonly minTtl?: Duration.Input | undefined
  /** Longest TTL. Default: no limit. */
  readonly maxTtl?: Duration.Input | undefined
  /** TTL of entries that are put without a TTL. It is clamped like any other. Default: none. */
  readonly missingTtl?: Duration.Input | undefined
}

/**
 * Limits the TTL of each written entry to at least `minTtl` and at most `maxTtl`.
 *
 * **When to use**
 *
 * Use it to give every entry of a cache an end (`missingTtl`), or to stop callers from writing entries that live too long.
 *
 * **Details**
 *
 * An `Atomic.update` without a TTL keeps the expiry of the entry, even if less than `minTtl` is left.
 *
 * **Errors**
 *
 * Adds no errors to operations. Fails to build with `StoreSetupError` when a duration is shorter than a millisecond or
 * longer than 1,000 years, or when `minTtl` is above `maxTtl`. `maxTtl` may be infinite.
 *
 * **Gotchas**
 *
 * An entry that is written without a TTL never expires, unless you set `missingTtl`. `maxTtl` does not apply to it.
 *
 * **Example**
 *
 * ```ts
 * import { Memory, TtlClamp } from "effect-kv"
 *
 * const Cache = Memory.layer().pipe(TtlClamp.wrap({ maxTtl: "1 day", missingTtl: "1 hour" }))
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.map(described.read(config), ({ minTtl, maxTtl, missingTtl }) => {
      const clamp = (ttl: number) => Math.max(minTtl, Math.min(maxTtl, ttl))
      const missing = missingTtl === undefined ? undefined : clamp(missingTtl)
      const clamped = mapEntries({
        encode: (entry, { operation }) =>
          atNow((now) => {
            // `touch` keeps the time of writing, and its TTL begins now.
            const from = operation === "touch" ? now : (entry.createdAt ?? now)
            const ttl = entry.expiresAt === undefined ? missing : clamp(entry.expiresAt - from)
            return Effect.succeed({ ...entry, expiresAt: ttl === undefined ? undefined : from + ttl })
          })
      })
      return (driver) => {
        const outer = clamped(driver)
        const [kept, changed] = [driver.atomic, outer.atomic]
        const atomic: Driver["atomic"] = kept &&
          changed && { compareAndPut: (call) => (call.keepsExpiry ? kept : changed).compareAndPut(call) }
        return { ...outer, atomic }
      }
    })
  )

/** @internal */
export const described = options.of<Options>()(
  "TtlClamp",
  {
    minTtl: options.ttl({ default: 0, otherwise: "no limit" }),
    maxTtl: options.ttl({ default: Number.POSITIVE_INFINITY, infinite: true, otherwise: "no limit" }),
    missingTtl: options.ttl({ otherwise: "none" })
  },
  ({ minTtl, maxTtl }) => (minTtl <= maxTtl ? undefined : "minTtl is above maxTtl")
)
