/**
 * A near copy of what is read from a far store.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Driver } from "../driver/Driver.ts"
import { combination, type Wrapper } from "../driver/layers.ts"
import * as options from "../internal/options.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import type { Maintenance } from "../Maintenance.ts"
import { Copies } from "./passthroughCache/Copies.ts"
import { ReadThrough } from "./passthroughCache/ReadThrough.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options<Cache extends Layer.Layer<KeyValue | Maintenance, any, any>> {
  /** The near store. It must be able to clear, since clearing the far store clears it, too. */
  readonly cache: Cache
  /** The longest time that an entry is kept near. Default: 30 minutes. */
  readonly maxTtl?: Duration.Input | undefined
  /** How long an entry that does not expire is kept near. Default: 30 minutes. */
  readonly missingTtl?: Duration.Input | undefined
}

/**
 * Answers reads from a near store, which it fills from the wrapped, far one.
 *
 * **When to use**
 *
 * Use with `Memory` (and its limits) as the near store of a remote one. Put it outside of codecs and of `Retry`, so that
 * a hit costs neither.
 *
 * **Details**
 *
 * - Only `get` and `getMany` are answered from near. `ttl`, `Atomic` and enumeration ask the far store.
 * - Misses of a batch are asked for in one call. A key that is being asked for is not asked for again: all who want it
 *   wait for the one answer.
 * - Writes go to the far store, and the near copy is removed. A fill that raced a write is not kept.
 * - The near copy never outlives the far one.
 * - A failure of the near store is a miss, never the caller's. A failure of the far store is the caller's.
 *
 * **Gotchas**
 *
 * Other processes' near stores do not hear of a write: they may answer the old value until their copy expires, so
 * choose `maxTtl` by how stale an answer may be. A near store that was unreachable when a key was written may answer
 * the old value, too.
 *
 * Fails to build with `StoreSetupError` unless both times are positive and finite.
 *
 * @since 0.1.0
 */
export const wrap = <Cache extends Layer.Layer<KeyValue | Maintenance, any, any>>(
  config: Options<Cache>
): Wrapper<never, StoreSetupError | Layer.Error<Cache>, Layer.Services<Cache>> =>
  combination(
    [config.cache],
    Effect.fnUntraced(function* (far, [store]) {
      const copies = new Copies(store!, {
        maxTtl: yield* options.millis("PassthroughCache", "maxTtl", config.maxTtl ?? "30 minutes"),
        missingTtl: yield* options.millis("PassthroughCache", "missingTtl", config.missingTtl ?? "30 minutes")
      })
      return cached(far, new ReadThrough(far, copies))
    })
  ) as unknown as Wrapper<never, StoreSetupError | Layer.Error<Cache>, Layer.Services<Cache>>

const cached = (far: Driver, through: ReadThrough): Driver => ({
  ...far,
  get: (call) => (call.expiry || call.versioned ? far.get(call) : through.get(call)),
  put: (call) => through.invalidating(call, far.put(call)),
  delete: (call) => through.invalidating(call, far.delete(call)),
  ...(far.compareAndPut && { compareAndPut: (call) => through.invalidating(call, far.compareAndPut!(call)) }),
  ...(far.clear && { clear: (call) => through.clearing(call, far.clear!(call)) })
})
