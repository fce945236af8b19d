/**
 * Stores all collections in one collection.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { compound, joined } from "../codecs/names.ts"
import { type Wrapper, wrapperEffect } from "../Driver.ts"
import { foldCollections } from "../driver/mapNames.ts"
import * as options from "../driver/options.ts"
import type { StoreSetupError } from "../KeyValueError.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /**
   * Text between the collection and the key. It must start with an ASCII punctuation character other than `%`.
   * Default: `"__"`.
   */
  readonly separator?: string | undefined
  /** Collection of calls that name no collection, as part of the key. Default: that of the wrapped store. */
  readonly defaultCollection?: string | undefined
  /**
   * How collections are written in keys. `"escaped"` escapes ambiguous collections, so that no two entries share a key.
   * `"py-key-value"` writes them unescaped, as py-key-value does. All other collections are written the same way in both
   * forms. Default: `"escaped"`.
   */
  readonly names?: "escaped" | "py-key-value" | undefined
}

/**
 * Stores the entries of all collections in the one named `collection`, under keys of the form `collection + separator + key`.
 *
 * **When to use**
 *
 * Use it for stores that have no collections, or where each collection is expensive.
 *
 * **Details**
 *
 * A collection name that contains the separator or a `%`, or ends with a part of the separator, is escaped in the key.
 * So two names never share an entry. All other stored keys are the same as those of py-key-value, byte for byte.
 *
 * **Errors**
 *
 * Adds no errors to operations. Fails to build with `StoreSetupError` unless the separator starts with an ASCII
 * punctuation character other than `%`.
 *
 * **Gotchas**
 *
 * Listing collections, and clearing more than one, reads all keys.
 *
 * **Example**
 *
 * ```ts
 * import { SingleCollection } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ url: "redis://localhost:6379" }).pipe(SingleCollection.wrap("app"))
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (collection: string, config: Options = {}): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.map(described.read(config, { collection }), ({ collection, separator, names, defaultCollection }) => {
      const fold = foldCollections(collection, names === "py-key-value" ? joined(separator) : compound(separator))
      return (driver) => ({ ...fold(driver), defaultCollection: defaultCollection ?? driver.defaultCollection })
    })
  )

/** @internal */
export const described = options.of<
  Options & {
    /** Collection that holds all entries. */
    readonly collection: string
  }
>()(
  "SingleCollection",
  {
    collection: options.required(options.collection()),
    separator: options.text({ default: "__" }),
    defaultCollection: options.collection({ otherwise: "that of the wrapped store" }),
    names: options.oneOf(["escaped", "py-key-value"], { default: "escaped" })
  },
  ({ collection, separator }) => {
    if (collection === "") return "the collection must not be empty"
    return /^[!-$&-/:-@[-`{-~]/.test(separator)
      ? undefined
      : `the separator ${JSON.stringify(separator)} must start with an ASCII punctuation character other than %`
  }
)
