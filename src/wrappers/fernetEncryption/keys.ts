import * as Kdf from "effect/crypto/Kdf"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as crypto from "#crypto"
import * as fernet from "../../codecs/fernet.ts"
import * as options from "../../internal/options.ts"
import type { Input as SecretKey } from "../../internal/secretKey.ts"
import * as utf8 from "../../internal/utf8.ts"
import type { StoreSetupError } from "../../KeyValueError.ts"

/**
 * What to encrypt with: keys, of which the first encrypts and all decrypt; or a passphrase and a salt.
 *
 * @since 0.1.0
 */
export type Secret =
  | {
      /**
       * Fernet keys of 32 bytes, the current one first: as bytes, or in base64 or base64url, padded or not. See
       * {@link generateKey}.
       */
      readonly keys: readonly [SecretKey, ...ReadonlyArray<SecretKey>]
      readonly passphrase?: never
      readonly salt?: never
    }
  | {
      /** From which the key is derived when the layer is built, with {@link deriveKey}. Neither may be blank. */
      readonly passphrase: Redacted.Redacted<string>
      readonly salt: string
      readonly keys?: never
    }

/** Keys to decrypt with, the first of which encrypts. */
export type Keys = readonly [fernet.Key, ...Array<fernet.Key>]

/** The keys of a secret. */
export const keysOf = Effect.fnUntraced(function* (secret: Secret): Effect.fn.Return<Keys, StoreSetupError> {
  if ((secret.keys === undefined) === (secret.passphrase === undefined)) {
    return yield* options.invalid("FernetEncryption", "either keys or a passphrase and a salt must be given")
  }
  const given = secret.keys ?? ([yield* deriveKey(secret)] as const)
  yield* options.check("FernetEncryption", given.length > 0, "there must be a key")
  const [first, ...others] = given
  const keys: [fernet.Key, ...Array<fernet.Key>] = [yield* keyOf(first, 0)]
  for (const [index, key] of others.entries()) keys.push(yield* keyOf(key, index + 1))
  return keys
})

const keyOf = (key: SecretKey, index: number): Effect.Effect<fernet.Key, StoreSetupError> =>
  Effect.map(options.secretKey("FernetEncryption", `keys[${index}]`, key), fernet.makeKey)

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
    text.trim() !== "" && salt !== undefined && salt.trim() !== "",
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
