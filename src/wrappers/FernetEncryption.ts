/**
 * Values that only a key can read.
 *
 * @since 0.1.0
 */

import * as Kdf from "effect/crypto/Kdf"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as crypto from "#crypto"
import * as encrypted from "../codecs/encrypted.ts"
import * as fernet from "../codecs/fernet.ts"
import { type Wrapper, wrapperEffect } from "../driver/layers.ts"
import { type EntryMapping, mapEntries } from "../driver/mapEntries.ts"
import * as options from "../internal/options.ts"
import * as utf8 from "../internal/utf8.ts"
import { DecryptionError, type StoreSetupError } from "../KeyValueError.ts"

/**
 * What to encrypt with: keys, of which the first encrypts and all decrypt; or a passphrase and a salt.
 *
 * @since 0.1.0
 */
export type Secret =
  | {
      /** Fernet keys (32 bytes in URL-safe base64), the current one first. See {@link generateKey}. */
      readonly keys: readonly [Redacted.Redacted<string>, ...ReadonlyArray<Redacted.Redacted<string>>]
      readonly passphrase?: never
      readonly salt?: never
    }
  | {
      /** From which the key is derived when the layer is built, with {@link deriveKey}. Neither may be blank. */
      readonly passphrase: Redacted.Redacted<string>
      readonly salt: string
      readonly keys?: never
    }

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
        if (entry === undefined) return Effect.succeed(undefined)
        return Effect.matchEffect(encrypted.decode(entry.payload, keys), {
          onFailure: (reason) => {
            if (reason === "not-encrypted" && allowPlaintext) return Effect.succeed(entry)
            return onDecryptionError === "miss"
              ? Effect.succeed(undefined)
              : Effect.fail(new DecryptionError({ ...place, reason }))
          },
          onSuccess: (payload) => Effect.succeed({ ...entry, payload })
        })
      }
      return mapEntries({ encode, decode })
    })
  )

type Keys = readonly [fernet.Key, ...Array<fernet.Key>]

const keysOf = Effect.fnUntraced(function* (secret: Secret): Effect.fn.Return<Keys, StoreSetupError> {
  if ((secret.keys === undefined) === (secret.passphrase === undefined)) {
    return yield* options.invalid("FernetEncryption", "either keys or a passphrase and a salt must be given")
  }
  const texts = secret.keys ?? [yield* deriveKey(secret)]
  const keys = texts.flatMap((text) => fernet.parseKey(Redacted.value(text)) ?? [])
  if (keys.length < texts.length || keys[0] === undefined) {
    return yield* options.invalid("FernetEncryption", "a key is not 32 bytes in URL-safe base64")
  }
  return keys as unknown as Keys
})

/**
 * The key of a passphrase and a salt: PBKDF2-HMAC-SHA256 with 1,200,000 rounds, as py-key-value derives it.
 *
 * **Details**
 *
 * Takes a few tenths of a second, off the event loop. Fails with `StoreSetupError` when either is blank.
 *
 * @since 0.1.0
 */
export const deriveKey = Effect.fnUntraced(function* ({
  passphrase,
  salt
}: {
  readonly passphrase: Redacted.Redacted<string>
  readonly salt: string
}): Effect.fn.Return<Redacted.Redacted<string>, StoreSetupError> {
  const text = Redacted.value(passphrase)
  yield* options.check(
    "FernetEncryption",
    text.trim() !== "" && salt?.trim() !== "" && salt !== undefined,
    "passphrase and salt must not be blank"
  )
  const bytes = yield* Kdf.Kdf.use((kdf) =>
    kdf.derive(pbkdf2, utf8.encode(text), { salt: utf8.encode(salt), length: 32 })
  ).pipe(Effect.provide(Kdf.layerWebCrypto), Effect.orDie)
  return Redacted.make(fernet.formatKey(bytes))
})

const pbkdf2 = { ...Kdf.pbkdf2Sha256, iterations: 1_200_000 }

/**
 * A new random key.
 *
 * @since 0.1.0
 */
export const generateKey: Effect.Effect<Redacted.Redacted<string>> = Effect.sync(() =>
  Redacted.make(fernet.formatKey(crypto.randomBytes(32)))
)
