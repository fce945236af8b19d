/**
 * Names that only a key can tell.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as crypto from "#crypto"
import { type WrapperOver, wrapperOver } from "../Driver.ts"
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
 * Stores each entry under the HMAC-SHA256 of its key, and of its collection, in place of their names (a blind index).
 *
 * **When to use**
 *
 * Use it when names are secrets themselves: email addresses, session ids, account numbers. Encryption hides values only.
 *
 * **Details**
 *
 * - Without the key, a reader of the store can neither tell a name nor test a guess. The same name always has the same HMAC, so
 *   that reads, writes, `Atomic` and `clearCollection` find it; the same key in two collections has two.
 * - Names cannot be told from what is stored, so that there is nothing to list: the layer has no `Enumeration`.
 * - `Maintenance` works: `clear` removes all entries of the wrapped store, `removeExpired` those that have expired.
 * - Names in errors, logs and spans are the application's, above this wrapper and below it.
 * - A stored name has 43 characters.
 *
 * Put it outside of all that needs to list: of encryption, because of `Rotation`, of `Replicate`, and of `PrefixKeys`,
 * `PrefixCollections` and `SingleCollection`. With one of these three outside, nobody can tell what has the prefix: `clear`
 * fails with `StoreError` (`clearCollection` too, but for `PrefixCollections`), and `removeExpired` removes nothing.
 *
 * Put `Routing` and `CollectionRouting` outside of it, around stores that each have it. Inside of it they are given the stored
 * names of collections (but with `collections: false`), and route none of them as your program means.
 *
 * Fails to build with `StoreSetupError` when the key is not 32 bytes.
 *
 * **Gotchas**
 *
 * - Sizes, times, the number of entries, and which of them are in one collection are not hidden.
 * - The key cannot be rotated in place, because the names are not stored. After a change of the key, all entries are missing.
 *   Let them expire, or copy them by their names: read through a layer with the old key, write through one with the new key,
 *   and delete the old entry.
 * - Two layers with different keys over one store do not see each other's entries, but `clear` removes both.
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

type Keyed = Call.Get | Call.Put | Call.Delete | Call.CompareAndPut

const hidden = (driver: Driver, naming: Naming): Driver => {
  const { atomic, maintenance } = driver
  const inward =
    <C extends Keyed, A, E>(next: (call: C) => Effect.Effect<A, E>) =>
    (call: C): Effect.Effect<A, E> =>
      Effect.flatMapEager(naming.collection(call.collection), (collection) =>
        Effect.flatMapEager(naming.keys(call.collection, call.keys), (keys) => next({ ...call, collection, keys }))
      )
  return {
    ...driver,
    get: inward(driver.get),
    put: inward(driver.put),
    delete: inward(driver.delete),
    atomic: atomic && { compareAndPut: inward(atomic.compareAndPut) },
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
        "HmacNames hides which entries have a prefix: put PrefixKeys, PrefixCollections and SingleCollection inside of it"
    })
  )
