/**
 * Gives a program its own keys by a prefix.
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
export interface Options extends PrefixOptions {}

/**
 * Adds `prefix + separator` to every key.
 *
 * **When to use**
 *
 * Use it to give tenants or applications their own keys in shared collections.
 *
 * **Details**
 *
 * Enumeration lists only the keys with this prefix, without the prefix. Clearing removes only these keys. If you nest two of
 * these wrappers, the inner prefix comes first in the stored key.
 *
 * **Errors**
 *
 * Adds no errors to operations. Fails to build with `StoreSetupError` when the prefix is empty, contains the separator
 * or ends with a part of it. Two such prefixes, such as `a` and `a__b`, could reach each other's entries.
 *
 * **Example**
 *
 * ```ts
 * import { PrefixKeys } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(PrefixKeys.wrap("app1"))
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (prefix: string, config: Options = {}): Wrapper<never, StoreSetupError> =>
  wrapperEffect(Effect.map(described.read(config, { prefix }), (it) => mapNames({ key: namesOf(it) })))

/** @internal */
export const described = options.of<
  Options & {
    /** Prefix of every key. */
    readonly prefix: string
  }
>()("PrefixKeys", prefixOptions, problemOf)
