/**
 * Values that only a key can read.
 *
 * @since 0.1.0
 */

import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as encrypted from "../codecs/encrypted.ts"
import { type Envelope, envelopes } from "../codecs/envelope.ts"
import type { Age } from "../codecs/fernet.ts"
import { type Wrapper, wrapperEffect } from "../driver/layers.ts"
import { atNow } from "../internal/atNow.ts"
import { encryption, type ReadOptions, readOptions } from "../internal/encryption.ts"
import * as options from "../internal/options.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { keysOf, type Secret } from "./fernetEncryption/keys.ts"

export { deriveKey, generateKey, type Secret } from "./fernetEncryption/keys.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export type Options = Secret &
  ReadOptions & {
    /**
     * How encrypted values are stored: as `"json"`, which py-key-value reads, or as `"binary"`, without base64. Either is
     * read, whatever is written. Default: `"json"`.
     */
    readonly envelope?: Envelope | undefined
    /**
     * How long after it was written a value is accepted. Also refuses values that are more than a minute from the future. (Fernet
     * counts whole seconds, so a value may be up to a second younger than it seems.)
     * Default: any time, as in py-key-value.
     */
    readonly maxAge?: Duration.Input | undefined
  }

/**
 * Encrypts values with Fernet (AES-128-CBC and HMAC-SHA256).
 *
 * **Details**
 *
 * An encrypted value is stored in py-key-value's envelope, which both can read, or in a frame of bytes. To rotate keys,
 * put the new one first and keep the old ones until everything is written anew: `Rotation` does that.
 *
 * Reads fail with `DecryptionError`, whose `reason` says whether the key was wrong, the value damaged, not encrypted, too
 * old, or of an unknown version; a batch fails if one of its values does. With `onDecryptionError: "miss"` it is missing
 * in both. Fails to build with `StoreSetupError` when a key is not a Fernet key, or passphrase or salt are blank.
 *
 * **Gotchas**
 *
 * - Names, sizes and times are not hidden.
 * - Fernet binds a value to its encryption key only: who can write to the store can move an encrypted value to another
 *   name, or let it live longer. `Aead` does not let him.
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
    Effect.gen(function* () {
      const { envelope, maxAge: max, ...secretAndReading } = yield* described.read(config)
      const keys = yield* keysOf(secretAndReading as unknown as Secret)
      return (driver) =>
        encryption(secretAndReading, {
          encrypt: ({ payload }) => atNow((now) => encrypted.encode(payload, keys[0], now, envelope)),
          decrypt: ({ payload }) => {
            const decode = (age?: Age) => encrypted.decode(payload, keys, { age, exact: driver.exact })
            return Effect.mapEager(max === undefined ? decode() : atNow((now) => decode({ now, max })), (found) => ({
              payload: found.payload,
              outdated: found.key !== keys[0] || found.envelope !== envelope
            }))
          }
        })(driver)
    })
  )

/** @internal */
export const described = options.of<Options>()("FernetEncryption", {
  ...readOptions,
  keys: options.value<NonNullable<Secret["keys"]>>("a list of Redacted keys", (input) =>
    Array.isArray(input) ? input.every(Redacted.isRedacted) : false
  ),
  passphrase: options.value<Redacted.Redacted<string>>("a Redacted passphrase", Redacted.isRedacted),
  salt: options.value<string>("text", (input) => typeof input === "string"),
  envelope: options.oneOf(envelopes, { default: "json" }),
  maxAge: options.duration({ otherwise: "any time" })
})
