/**
 * Values that only a key can read.
 *
 * @since 0.1.0
 */

import * as Effect from "effect/Effect"
import * as encrypted from "../codecs/encrypted.ts"
import { type Wrapper, wrapperEffect } from "../driver/layers.ts"
import { type EntryMapping, mapEntries } from "../driver/mapEntries.ts"
import { DecryptionError, type StoreSetupError } from "../KeyValueError.ts"
import { keysOf, type Secret } from "./fernetEncryption/keys.ts"

export { deriveKey, generateKey, type Secret } from "./fernetEncryption/keys.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export type Options = Secret & {
  /** What a value that cannot be decrypted is to a reader: a `DecryptionError`, or a miss. Default: `"fail"`. */
  readonly onDecryptionError?: "fail" | "miss" | undefined
  /** Whether values that are not encrypted are read, for the time of a migration. Default: false. */
  readonly allowPlaintext?: boolean | undefined
}

/**
 * Encrypts values with Fernet (AES-128-CBC and HMAC-SHA256).
 *
 * **Details**
 *
 * An encrypted value is stored in py-key-value's envelope, which both can read. To rotate keys, put the new one first
 * and keep the old ones until everything is written anew.
 *
 * Reads fail with `DecryptionError`, whose `reason` says whether the key was wrong, the value damaged, not encrypted,
 * or of an unknown version; a batch fails if one of its values does. With `onDecryptionError: "miss"` it is missing in
 * both. Fails to build with `StoreSetupError` when a key is not a Fernet key, or passphrase or salt are blank.
 *
 * **Gotchas**
 *
 * - Names, sizes and times are not hidden.
 * - Fernet binds a value to its key only: who can write to the store can move an encrypted value to another name.
 *
 * **Example**
 *
 * ```ts
 * import { Redacted } from "effect"
 * import { FernetEncryption, Memory } from "effect-kv"
 *
 * declare const key: string
 *
 * const Store = Memory.layer().pipe(FernetEncryption.wrap({ keys: [Redacted.make(key)] }))
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.map(keysOf(config), (keys) => {
      const { onDecryptionError = "fail", allowPlaintext = false } = config
      const encode: EntryMapping["encode"] = (entry) =>
        Effect.clockWith((clock) =>
          Effect.mapEager(encrypted.encode(entry.payload, keys[0], clock.currentTimeMillisUnsafe()), (payload) => ({
            ...entry,
            payload
          }))
        )
      const decode: EntryMapping["decode"] = (entry, place) => {
        if (entry === undefined) return Effect.undefined
        return Effect.matchEffect(encrypted.decode(entry.payload, keys), {
          onFailure: (reason) => {
            if (reason === "not-encrypted" && allowPlaintext) return Effect.succeed(entry)
            return onDecryptionError === "miss"
              ? Effect.undefined
              : Effect.fail(new DecryptionError({ ...place, reason }))
          },
          onSuccess: (payload) => Effect.succeed({ ...entry, payload })
        })
      }
      return mapEntries({ encode, decode })
    })
  )
