/**
 * Encrypts values, and binds each value to its store, collection, key and expiry.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as base64 from "#base64"
import * as crypto from "#crypto"
import * as aead from "../codecs/aead.ts"
import { type Wrapper, wrapperEffect } from "../Driver.ts"
import * as options from "../driver/options.ts"
import type { Entry } from "../Entry.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { type Key, ringOf } from "./aead/keys.ts"
import { encryption, type ReadOptions, readOptions } from "./common/encryption.ts"

export type { Key } from "./aead/keys.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options extends ReadOptions {
  /**
   * Keys, the current one first. The first key encrypts. Each value is decrypted with the key whose id it carries. See
   * {@link generateKey}.
   */
  readonly keys: readonly [Key, ...ReadonlyArray<Key>]
  /** Algorithm for encryption. Values of both algorithms can always be read. Default: `"aes-256-gcm"`. */
  readonly algorithm?: aead.Algorithm | undefined
  /**
   * Name of the store that each value is bound to. A value that was encrypted under another name, such as one of a test
   * system or of another tenant, is rejected. Default: `""`.
   */
  readonly storeId?: string | undefined
  /** How far the clocks of writers, readers and the store may differ. Default: 1 minute. */
  readonly clockTolerance?: Duration.Input | undefined
}

/**
 * Encrypts values, and binds each value to its store, collection, key and expiry.
 *
 * **When to use**
 *
 * Use it when other people or programs can write to the store. Use `FernetEncryption` to share values with py-key-value.
 *
 * **Details**
 *
 * A value is stored as bytes, together with the id of its encryption key. The authentication tag also covers the
 * expiry, and the collection and key as this level of the stack sees them. Reads fail with `DecryptionError`. Its
 * `reason` is one of
 *
 * - `"moved"`: the value was copied from another store, collection or key;
 * - `"revived"`: the entry expires later than it was written to expire;
 * - `"altered"`: the value was changed or cut;
 * - `"not-encrypted"`: the value is unencrypted, or was encrypted by another wrapper (a downgrade);
 * - `"wrong-key"`: none of the `keys` has the id that the value carries;
 * - `"corrupted"`: the value does not have the form of an encrypted value;
 * - `"unsupported-version"`: this release does not know the version of the value's format.
 *
 * To rotate keys, first add the new key after the old one in all processes, so that each of them can read what the others
 * will write. Then put it first. Keep the old keys until all entries are re-encrypted, which `Rotation` does.
 *
 * Nonces are random. `"aes-256-gcm"` has nonces of 96 bits, so rotate each key before it has encrypted 2^32 values. Until
 * then, the chance of a repeated nonce is below 2^-32, the limit of NIST SP 800-38D. `"xchacha20-poly1305"` has nonces
 * of 192 bits, and needs no such rotation. It is slower, because it runs in JavaScript.
 *
 * **Errors**
 *
 * - `DecryptionError`: a value cannot be decrypted. Its `reason` says why (see above). With `onDecryptionError:
 *   "miss"`, such a value is a miss.
 * - `EntryTooLargeError`: a value is too large to be encrypted.
 *
 * Fails to build with `StoreSetupError` when a key is not 32 bytes, or when an id is empty, too long or used twice.
 * The message describes the invalid key, such as "24 bytes of base64", and never quotes it.
 *
 * **Gotchas**
 *
 * - Names, sizes and times are not hidden. An attacker can put an older value of the same entry back in its place.
 * - The prefix of a wrapper such as `PrefixKeys` is bound only if that wrapper is outside this one. If `storeId` or a bound
 *   name changes later, existing values cannot be read.
 * - Put `TtlClamp` outside. If it lengthens a TTL inside, reads fail with `"revived"`.
 *
 * **Example**
 *
 * ```ts
 * import { Redacted } from "effect"
 * import { Aead, Memory } from "effect-kv"
 *
 * declare const key: string
 *
 * const Store = Memory.layer().pipe(
 *   Aead.wrap({ keys: [{ id: "2026-11", key: Redacted.make(key) }], storeId: "sessions" })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options): Wrapper<never, StoreSetupError> =>
  wrapperEffect(
    Effect.gen(function* () {
      const { keys, algorithm, storeId: store, clockTolerance: tolerance, ...reading } = yield* described.read(config)
      const { current, ring } = yield* ringOf(keys)
      return (driver) =>
        encryption(reading, {
          module: "Aead",
          encrypt: ({ payload, expiresAt }, name) =>
            aead.encode(payload, current, algorithm, { store, ...name, expiresAt }),
          decrypt: (entry, name) =>
            Effect.flatMapEager(aead.decode(entry.payload, ring, { store, ...name }, driver), (found) =>
              isRevived(entry, found.expiresAt, tolerance)
                ? Effect.fail("revived")
                : Effect.succeed({
                    payload: found.payload,
                    needsRotation: found.key !== current || found.algorithm !== algorithm,
                    expiresAt: earlier(entry.expiresAt, found.expiresAt)
                  })
            )
        })(driver)
    })
  )

/** @internal */
export const described = options.of<Options>()("Aead", {
  ...readOptions,
  keys: options.required(
    options.list(
      options.group<Key>()({
        id: options.required(options.value<string>("text", (input) => typeof input === "string")),
        key: options.required(options.secretKey())
      })
    )
  ),
  algorithm: options.oneOf(aead.algorithms, { default: "aes-256-gcm" }),
  storeId: options.text({ default: "" }),
  clockTolerance: options.duration({ default: "1 minute" })
})

/** An earlier expiry is accepted, because a writer that can shorten a TTL can also delete the entry. */
const isRevived = (entry: Entry, boundExpiry: number | undefined, tolerance: number): boolean =>
  boundExpiry !== undefined && (entry.expiresAt === undefined || entry.expiresAt > boundExpiry + tolerance)

const earlier = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)

/**
 * Generates a random key: 32 bytes in URL-safe base64.
 *
 * @since 0.1.0
 */
export const generateKey: Effect.Effect<Redacted.Redacted<string>> = Effect.sync(() =>
  Redacted.make(base64.encodeUrl(crypto.randomBytes(32)))
)
