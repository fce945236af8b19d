/**
 * Gives a program its own collections by a prefix.
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
 * Adds `prefix + separator` to the name of every collection.
 *
 * **When to use**
 *
 * Use it to give tenants, applications or environments their own collections in one store.
 *
 * **Details**
 *
 * The default collection gets the prefix like any other. Enumeration lists only the collections with this prefix, by their
 * names without the prefix. Clearing removes only these collections.
 *
 * **Errors**
 *
 * Adds no errors to operations. Fails to build with `StoreSetupError` when the prefix is empty, contains the separator
 * or ends with a part of it. Two such prefixes, such as `a` and `a__b`, could reach each other's entries.
 *
 * **Example** (Two tenants in one store)
 *
 * ```ts
 * import { PrefixCollections } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Shared = Redis.layer({ url: "redis://localhost:6379" })
 *
 * const Acme = Shared.pipe(PrefixCollections.wrap("acme"))
 * const Globex = Shared.pipe(PrefixCollections.wrap("globex"))
 * ```
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
