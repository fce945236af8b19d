import * as Kdf from "effect/crypto/Kdf"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as crypto from "#crypto"
import * as fernet from "../../codecs/fernet.ts"
import type { Input as SecretKey } from "../../codecs/secretKey.ts"
import * as options from "../../driver/options.ts"
import type { StoreSetupError } from "../../KeyValueError.ts"
import * as utf8 from "../../value/utf8.ts"

/**
 * Fernet keys, or a passphrase and a salt from which one key is derived. The first key encrypts, and all keys decrypt.
 *
 * @since 0.1.0
 */
export type Secret =
  | {
      /**
       * Fernet keys of 32 bytes, the current one first, unless `passphrase` and `salt` are given. Each is given as
       * bytes, or in base64 or base64url, with or without padding. See {@link generateKey}. Default: none.
       */
      readonly keys: readonly [SecretKey, ...ReadonlyArray<SecretKey>]
      readonly passphrase?: never
      readonly salt?: never
    }
  | {
      /**
       * Passphrase to derive the key from when the layer is built, with {@link deriveKey}. It must not be blank.
       * Default: none.
       */
      readonly passphrase: Redacted.Redacted<string>
      /** Salt of the passphrase. It must not be blank. Default: none. */
      readonly salt: string
      readonly keys?: never
    }

/** The keys. The first encrypts, and all decrypt. */
export type Keys = readonly [fernet.Key, ...Array<fernet.Key>]

export const keysOf = Effect.fnUntraced(function* (
  keys: ReadonlyArray<Uint8Array> | undefined,
  passphrase: Redacted.Redacted<string> | undefined,
  salt: string | undefined
): Effect.fn.Return<Keys, StoreSetupError> {
  if ((keys === undefined) === (passphrase === undefined)) {
    return yield* options.invalid("FernetEncryption", "either keys or a passphrase and a salt must be given")
  }
  const [first, ...others] = keys ?? [yield* derive(passphrase!, salt)]
  return first === undefined
    ? yield* options.invalid("FernetEncryption", "at least one key is required")
    : ([fernet.makeKey(first), ...others.map(fernet.makeKey)] as const)
})

/**
 * Derives a key from a passphrase and a salt, as py-key-value does: PBKDF2-HMAC-SHA256 with 1,200,000 iterations.
 *
 * **Details**
 *
 * Takes a few tenths of a second, and does not block the event loop. Fails with `StoreSetupError` when the passphrase or
 * the salt is blank.
 *
 * @since 0.1.0
 */
export const deriveKey = ({
  passphrase,
  salt
}: {
  readonly passphrase: Redacted.Redacted<string>
  readonly salt: string
}): Effect.Effect<Redacted.Redacted<string>, StoreSetupError> =>
  Effect.map(derive(passphrase, salt), (bytes) => Redacted.make(fernet.formatKey(bytes)))

const derive = Effect.fnUntraced(function* (
  passphrase: Redacted.Redacted<string>,
  salt = ""
): Effect.fn.Return<Uint8Array, StoreSetupError> {
  const text = Result.getOrElse(
    Result.try(() => Redacted.value(passphrase)),
    () => ""
  )
  yield* options.check(
    "FernetEncryption",
    text.trim() !== "" && salt.trim() !== "",
    "passphrase and salt must not be blank"
  )
  return yield* Kdf.Kdf.use((kdf) =>
    kdf.derive(pbkdf2, utf8.encode(text), { salt: utf8.encode(salt), length: 32 })
  ).pipe(Effect.provide(Kdf.layerWebCrypto), Effect.orDie)
})

const pbkdf2 = { ...Kdf.pbkdf2Sha256, iterations: 1_200_000 }

/**
 * Generates a random key: 32 bytes in URL-safe base64.
 *
 * @since 0.1.0
 */
export const generateKey: Effect.Effect<Redacted.Redacted<string>> = Effect.sync(() =>
  Redacted.make(fernet.formatKey(crypto.randomBytes(32)))
)
