/**
 * Values that only a key can read, each in its own place only.
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
 * Encrypts values, and binds each to its store, collection, key and expiry.
 *
 * **When to use**
 *
 * Use where somebody else may write to the store. Use `FernetEncryption` to share the values with py-key-value.
 *
 * **Details**
 *
 * A value is stored in a frame of bytes, with the id of its key, and is authenticated together with the names that it
 * has at this level of the stack and the time at which it expires. Reads fail with `DecryptionError`, whose `reason`
 * says what happened to it: `"moved"` from another store, collection or key; `"revived"`, so that it would live longer
 * than it was written for; `"altered"` or cut; `"not-encrypted"`, or encrypted another way (a downgrade);
 * `"wrong-key"`, of which the ring has none with the id; `"corrupted"`; `"unsupported-version"`.
 *
 * To rotate keys, put a new one first and keep the old ones until everything is written anew: `Rotation` does that.
 *
 * Nonces are random. With `"aes-256-gcm"` they have 96 bits, so that one key is good for 2^32 writes (the chance that a
 * nonce comes twice is then below 2^-32, the limit of NIST SP 800-38D): rotate it before. With `"xchacha20-poly1305"`
 * they have 192 bits, and no number of writes that can be reached is too large; it takes longer, since it is computed
 * in JavaScript.
 *
 * Fails to build with `StoreSetupError` when a key is not 32 bytes, or an id is empty, too long or there twice. The message
 * says what was found instead, such as "24 bytes of base64", and never the key.
 *
 * **Gotchas**
 *
 * - Names, sizes and times are not hidden, and an older value of the same entry can be put back in its place.
 * - What renames (`PrefixKeys`, …) is bound only when it is outside of this wrapper; a value does not survive that the
 *   names below it, or `storeId`, are changed.
 * - `TtlClamp` belongs outside: who lengthens a TTL below makes it `"revived"`.
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
            Effect.flatMapEager(
              aead.decode(entry.payload, ring, { store, ...name }, { exact: driver.exactIntegers }),
              (found) =>
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

/** A shorter life is no secret's harm: who can write to the store can delete as well. */
const isRevived = (entry: Entry, bound: number | undefined, tolerance: number): boolean =>
  bound !== undefined && (entry.expiresAt === undefined || entry.expiresAt > bound + tolerance)

const earlier = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)

/**
 * A new random key: 32 bytes in URL-safe base64.
 *
 * @since 0.1.0
 */
export const generateKey: Effect.Effect<Redacted.Redacted<string>> = Effect.sync(() =>
  Redacted.make(base64.encodeUrl(crypto.randomBytes(32)))
)
