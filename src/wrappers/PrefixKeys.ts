/**
 * A namespace by key.
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
 * Puts `prefix + separator` before every key.
 *
 * **When to use**
 *
 * Use to give tenants or applications their own keys in shared collections.
 *
 * **Details**
 *
 * Enumeration lists the keys of this prefix, without it; clearing removes no others. Of nested wrappers the inner
 * prefix comes first in the stored key.
 *
 * Fails to build with `StoreSetupError` when the prefix is empty, or when it holds the separator or ends with a part of
 * it: two such prefixes could reach each other's entries (`a` and `a__b`).
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
