import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Place } from "../../KeyValueError.ts"
import type { Value } from "../../Value.ts"
import { oneLine } from "../../value/oneLine.ts"

/** How a load treats the store. `E2` and `R2` belong to `isUsable`. */
export interface LoadOptions<E2, R2> {
  /** The TTL of a loaded value, or a function that returns it. */
  readonly ttl: Duration.Input | ((value: Value, key: string) => Duration.Input | undefined) | undefined
  /** Whether a stored value can be used. A value that cannot be used is replaced. Default: all values can be used. */
  readonly isUsable?: ((value: Value, key: string) => Effect.Effect<boolean, E2, R2>) | undefined
  /** With `"load"`, a failure of the store does not fail the call. Default: `"fail"`. */
  readonly onStoreFailure?: "fail" | "load" | undefined
}

/**
 * Runs a load while no other process runs one for the same key, or takes the value that another process has stored. `look` asks
 * the store. `load` reads the key again before it loads. It gets the failure of the store that made a lease impossible.
 */
export type Once = <E, R>(
  place: Place,
  look: Effect.Effect<Outcome, never, R>,
  load: (failure?: unknown) => Effect.Effect<Outcome, E, R>
) => Effect.Effect<Outcome, E, R>

/**
 * What a load has for one key.
 *
 * The callers of a shared load may differ in `onStoreFailure`, so the load keeps a failure of the store apart from its own
 * failures. With a `failure` and a `value`, the value was loaded and not stored. Without either, the load has no value.
 */
export interface Outcome {
  readonly value?: Value
  readonly failure?: unknown
}

/** Returns the TTL of a loaded value. A function that throws is a defect. */
export const ttlOf = (
  { ttl }: Pick<LoadOptions<never, never>, "ttl">,
  value: Value,
  key: string
): Duration.Input | undefined => (typeof ttl === "function" ? ttl(value, key) : ttl)

/** Logs that loaded values were not stored. */
export const logNotStored = (failure: unknown, count: number): Effect.Effect<void> =>
  Effect.logWarning(
    `${count === 1 ? "A loaded value was" : `${count} loaded values were`} not stored: ${oneLine(String((failure as Error).message), 1000)}`
  )
