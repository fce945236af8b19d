/**
 * Replaces keys and collection names by HMACs.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as crypto from "#crypto"
import { type WrapperOver, wrapperOver } from "../Driver.ts"
import { mapAtomic } from "../driver/around.ts"
import type * as Call from "../driver/Call.ts"
import type { Driver } from "../driver/Driver.ts"
import * as options from "../driver/options.ts"
import type { Enumeration } from "../Enumeration.ts"
import { StoreError, type StoreSetupError } from "../KeyValueError.ts"
import { make as makeNaming, type Naming } from "./hmacNames/naming.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /**
   * Secret key of 32 bytes. It is given as bytes, or in base64 or base64url, with or without padding. Do not use the key
   * of an encryption. `Aead.generateKey` creates one.
   */
  readonly key: Redacted.Redacted<string | Uint8Array>
  /** Whether the names of collections are hidden, too. Default: true. */
  readonly collections?: boolean | undefined
}

/**
 * Stores each entry under the HMAC-SHA256 of its key and of its collection, instead of their names (a blind index).
 *
 * **When to use**
 *
 * Use it when names are secrets: email addresses, session ids, account numbers. Encryption hides only values.
 *
 * **Details**
 *
 * - Without the secret key, nobody who reads the store can recover a name or test a guess.
 * - The same name always has the same HMAC, so reads, writes, `Atomic` and `clearCollection` find it. The same key has
 *   different HMACs in different collections.
 * - The layer has no `Enumeration`, because stored names cannot be turned back into names.
 * - In `Maintenance`, `clear` removes all entries of the wrapped store, and `removeExpired` all expired entries.
 * - Errors, logs and spans contain the application's names, also those of wrappers inside this one.
 * - A stored name has 43 characters.
 *
 * Put it outside everything that lists entries: encryption (for `Rotation`), `Replicate`, `PrefixKeys`, `PrefixCollections`
 * and `SingleCollection`. If one of the last three is outside, this wrapper cannot tell which entries have the prefix. Then
 * `clear` fails with `StoreError`, `removeExpired` removes nothing, and `clearCollection` works only with
 * `PrefixCollections`.
 *
 * Put `Routing` and `CollectionRouting` outside, and wrap each of their stores with `HmacNames`. Inside, they would receive
 * HMACs instead of the names of collections, unless `collections` is false.
 *
 * **Errors**
 *
 * - `StoreError`: `clear` was called through `PrefixKeys`, `PrefixCollections` or `SingleCollection` outside of this
 *   wrapper.
 *
 * Fails to build with `StoreSetupError` when the key is not 32 bytes.
 *
 * **Gotchas**
 *
 * - Not hidden are sizes, times, the number of entries, and which entries share a collection.
 * - The key cannot be rotated in place, because the store does not contain the names. With a new key, all entries are
 *   missing. Let the old entries expire, or copy each by its name: read it through a layer with the old key, write it through
 *   a layer with the new key, and delete the old entry.
 * - Two layers with different keys over one store do not see each other's entries, but `clear` removes the entries of both.
 *
 * **Example**
 *
 * ```ts
 * import { Redacted } from "effect"
 * import { Aead, HmacNames, Memory } from "effect-kv"
 *
 * declare const [key, nameKey]: [string, string]
 *
 * const Store = Memory.layer().pipe(
 *   Aead.wrap({ keys: [{ id: "2026-11", key: Redacted.make(key) }] }),
 *   HmacNames.wrap({ key: Redacted.make(nameKey) })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options): WrapperOver<readonly [], Enumeration, StoreSetupError> =>
  wrapperOver<readonly [], Enumeration, StoreSetupError>([], (driver) =>
    Effect.map(described.read(config), ({ key, collections }) =>
      hidden(driver, makeNaming(crypto.secretKey(key), collections))
    )
  )

/** @internal */
export const described = options.of<Options>()("HmacNames", {
  key: options.required(options.secretKey()),
  collections: options.boolean({ default: true })
})

type Keyed = Call.Get | Call.Put | Call.Delete | Call.CompareAndPut | Call.Increment

const hidden = (driver: Driver, naming: Naming): Driver => {
  const { atomic, maintenance } = driver
  const hashNames =
    <C extends Keyed, A, E>(next: (call: C) => Effect.Effect<A, E>) =>
    (call: C): Effect.Effect<A, E> =>
      Effect.flatMapEager(naming.collection(call.collection), (collection) =>
        Effect.flatMapEager(naming.keys(call.collection, call.keys), (keys) => next({ ...call, collection, keys }))
      )
  return {
    ...driver,
    get: hashNames(driver.get),
    put: hashNames(driver.put),
    delete: hashNames(driver.delete),
    atomic: atomic && mapAtomic(atomic, hashNames),
    listing: undefined,
    maintenance: maintenance && {
      clear: (call) => {
        const { collection } = call
        if (call.keyPrefix !== "") return refuse(call)
        if ("name" in collection) {
          return Effect.flatMap(naming.collection(collection.name), (name) =>
            maintenance.clear({ ...call, collection: { name } })
          )
        }
        return naming.hidesCollections && collection.prefix !== "" ? refuse(call) : maintenance.clear(call)
      },
      removeExpired: (call) => (call.selects === undefined ? maintenance.removeExpired(call) : nothingRemoved)
    }
  }
}

const nothingRemoved = Effect.succeed<Call.Removed>({ count: 0, next: undefined })

const refuse = (call: Call.Clear): Effect.Effect<never, StoreError> =>
  Effect.fail(
    new StoreError({
      ...call.place,
      reason:
        "HmacNames hides which entries have a prefix; put PrefixKeys, PrefixCollections and SingleCollection inside HmacNames"
    })
  )
