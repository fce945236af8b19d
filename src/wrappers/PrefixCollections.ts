/**
 * A namespace by collection.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { type Wrapper, wrapperEffect } from "../Driver.ts"
import { mapNames } from "../driver/mapNames.ts"
import * as options from "../driver/options.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { namesOf, type PrefixOptions, prefixOptions, problemOf } from "./common/prefixing.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options extends PrefixOptions {
  /** Collection of calls that name no collection, before the prefix is added. Default: that of the wrapped store. */
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
export const wrap = (prefix: string, config: Options = {}): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.map(described.read(config, { prefix }), (it) => (driver) => ({
      ...mapNames({ collection: namesOf(it) })(driver),
      defaultCollection: it.defaultCollection ?? driver.defaultCollection
    }))
  )

/** @internal */
export const described = options.of<
  Options & {
    /** Prefix of every collection. */
    readonly prefix: string
  }
>()(
  "PrefixCollections",
  { ...prefixOptions, defaultCollection: options.collection({ otherwise: "that of the wrapped store" }) },
  problemOf
)
