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
import { type Age, maxClockSkew } from "../codecs/fernet.ts"
import { type Wrapper, wrapperEffect } from "../Driver.ts"
import * as options from "../driver/options.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { atNow } from "../time/atNow.ts"
import { encryption, type ReadOptions, readOptions } from "./common/encryption.ts"
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
     * How encrypted values are stored: as `"json"`, which py-key-value reads, or as `"binary"`, without base64. Both
     * forms can always be read. Default: `"json"`.
     */
    readonly envelope?: Envelope | undefined
    /**
     * Maximum age of a value. Values that are more than a minute in the future are rejected, too. Fernet counts whole
     * seconds, so a value may seem up to a second older than it is. Rotation, replay, repair and copies keep the
     * original time of writing. Default: none.
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
 * in both. Fails to build with `StoreSetupError` when a key is not 32 bytes (the message says what was found instead, and
 * never the key), or passphrase or salt are blank.
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
      const { envelope, maxAge: max, keys: given, passphrase, salt, ...reading } = yield* described.read(config)
      const keys = yield* keysOf({ keys: given, passphrase, salt })
      return (driver) =>
        encryption(reading, {
          module: "FernetEncryption",
          encrypt: ({ payload, createdAt = Number.POSITIVE_INFINITY }) =>
            atNow((now) => encrypted.encode(payload, keys[0], Math.max(Math.min(createdAt, now), 0), envelope)),
          decrypt: ({ payload, createdAt }) => {
            const decode = (age?: Age) => encrypted.decode(payload, keys, { age, exact: driver.exactIntegers })
            return Effect.mapEager(max === undefined ? decode() : atNow((now) => decode({ now, max })), (found) => ({
              payload: found.payload,
              needsRotation: found.key !== keys[0] || found.envelope !== envelope,
              createdAt: writtenAt(createdAt, found.time)
            }))
          }
        })(driver)
    })
  )

/**
 * When an entry was written. The token's time is authenticated: an entry that claims to be younger is not, so that nobody
 * can renew `maxAge` by a copy or a rotation.
 */
const writtenAt = (createdAt: number | undefined, time: number): number | undefined => {
  if (createdAt === undefined) return time <= latestTime ? time : undefined
  return createdAt > time + maxClockSkew ? time : createdAt
}

/** The last time that a date can have, in milliseconds since the epoch. */
const latestTime = 8.64e15

/** @internal */
export const described = options.of<Options>()("FernetEncryption", {
  ...readOptions,
  keys: options.optional(options.list(options.secretKey())),
  passphrase: options.value<Redacted.Redacted<string>>("a Redacted passphrase", Redacted.isRedacted),
  salt: options.value<string>("text", (input) => typeof input === "string"),
  envelope: options.oneOf(envelopes, { default: "json" }),
  maxAge: options.duration({ otherwise: "none" })
})
