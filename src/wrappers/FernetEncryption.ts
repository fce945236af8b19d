/**
 * Encrypts values with Fernet.
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
 * **When to use**
 *
 * Use it to share encrypted values with py-key-value. If only TypeScript reads the store, use `Aead`, which also binds each
 * value to its name and expiry. Put it inside `Compression`, because encrypted values do not compress.
 *
 * **Details**
 *
 * An encrypted value is stored as JSON, which py-key-value reads, or as bytes (`envelope`).
 *
 * To rotate keys, first add the new key after the old one in all processes, so that each of them can read what the others
 * will write. Then put it first. Keep the old keys until all entries are re-encrypted, which `Rotation` does.
 *
 * **Errors**
 *
 * - `DecryptionError`: a value cannot be decrypted, also in a batch. Its `reason` is `"wrong-key"` (also for altered
 *   data), `"too-old"`, `"in-future"`, `"corrupted"`, `"not-encrypted"` or `"unsupported-version"`. With
 *   `onDecryptionError: "miss"`, such a value is a miss.
 * - `EntryTooLargeError`: a value is too large to be encrypted.
 *
 * Fails to build with `StoreSetupError` when a key is not 32 bytes, or when the passphrase or the salt is blank. The
 * message describes the invalid key, such as "24 bytes of base64", and never quotes it.
 *
 * **Gotchas**
 *
 * - Names, sizes and times are not hidden.
 * - Fernet binds a value only to its encryption key. Anyone who can write to the store can move an encrypted value to
 *   another name or extend its TTL. `Aead` detects both.
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
      const keys = yield* keysOf(given, passphrase, salt)
      return (driver) =>
        encryption(reading, {
          module: "FernetEncryption",
          encrypt: ({ payload, createdAt = Number.POSITIVE_INFINITY }) =>
            atNow((now) => encrypted.encode(payload, keys[0], Math.max(Math.min(createdAt, now), 0), envelope)),
          decrypt: ({ payload, createdAt }) => {
            const decode = (age?: Age) => encrypted.decode(payload, keys, { age, exactIntegers: driver.exactIntegers })
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
 * When an entry was written. Only the token's time is authenticated. It replaces a later `createdAt`, so that no copy or
 * rotation extends `maxAge`.
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
