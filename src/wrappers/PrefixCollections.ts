/**
 * A namespace by collection.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { Driver } from "../driver/Driver.ts"
import { type Wrapper, wrapperEffect } from "../driver/layers.ts"
import { mapNames } from "../driver/mapNames.ts"
import { nameOption } from "../internal/nameOption.ts"
import { type PrefixOptions, prefixing } from "../internal/prefixing.ts"
import type { StoreSetupError } from "../KeyValueError.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options extends PrefixOptions {
  /** The collection of a call that names none, before it is prefixed. Default: the wrapped store's. */
  readonly defaultCollection?: string | undefined
}

/**
 * Puts `prefix + separator` before every collection.
 *
 * **When to use**
 *
 * Use to give tenants, applications or environments their own collections in one store.
 *
 * **Details**
 *
 * The default collection is prefixed like any other. Enumeration lists the collections of this prefix, without it;
 * clearing removes no others.
 *
 * Fails to build with `StoreSetupError` when the prefix is empty, or when it holds the separator or ends with a part of
 * it: two such prefixes could reach each other's entries (`a` and `a__b`).
 *
 * @since 0.1.0
 */
export const wrap = (prefix: string, options?: Options): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.andThen(
      nameOption("PrefixCollections", "defaultCollection", options?.defaultCollection),
      prefixing("PrefixCollections", prefix, options, (collection) => (driver: Driver) => ({
        ...mapNames({ collection })(driver),
        defaultCollection: options?.defaultCollection ?? driver.defaultCollection
      }))
    )
  )
