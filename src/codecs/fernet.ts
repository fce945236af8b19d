/**
 * Fernet tokens: AES-128-CBC with HMAC-SHA256, as the specification (github.com/fernet/spec) has them.
 *
 * @since 0.1.0
 */

import * as Mac from "effect/crypto/Mac"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as base64 from "#base64"
import * as crypto from "#crypto"
import * as secretKey from "./secretKey.ts"

/**
 * The two halves of a Fernet key.
 *
 * @since 0.1.0
 */
export interface Key {
  readonly signing: crypto.SecretKey
  readonly encryption: crypto.SecretKey
}

/**
 * Why a token was not accepted.
 *
 * @since 0.1.0
 */
export type Failure = "wrong-key" | "corrupted" | "unsupported-version" | "too-old" | "in-future"

/**
 * How old a token may be.
 *
 * @since 0.1.0
 */
export interface Age {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Milliseconds. */
  readonly max: number
}

/**
 * How far ahead the clock of a token's maker may be, in milliseconds: the specification's limit.
 *
 * @since 0.1.0
 */
export const maxClockSkew = 60_000

const tokenVersion = 0x80
const ivAt = 9
const dataAt = 25
const signatureLength = 32

/**
 * The key of 32 bytes.
 *
 * @since 0.1.0
 */
export const makeKey = (bytes: Uint8Array): Key => ({
  signing: crypto.secretKey(bytes.subarray(0, 16)),
  encryption: crypto.secretKey(bytes.subarray(16))
})

/**
 * A key from its text: 32 bytes in base64 or base64url, padded or not, with white space around it. `undefined` when it is
 * none.
 *
 * @since 0.1.0
 */
export const parseKey = (text: string): Key | undefined =>
  Result.getOrUndefined(Result.map(secretKey.parse(Redacted.make(text)), makeKey))

/**
 * The text of a key of 32 bytes.
 *
 * @since 0.1.0
 */
export const formatKey = (bytes: Uint8Array): string => base64.encodeUrl(bytes)

/**
 * The token of a message, as bytes. `time` is in milliseconds since the epoch, and written in seconds. A random `iv` of
 * 16 bytes is made unless it is given, which only test vectors should.
 *
 * @since 0.1.0
 */
export const encrypt = (
  key: Key,
  message: Uint8Array,
  time: number,
  iv: Uint8Array = crypto.randomBytes(16)
): Effect.Effect<Uint8Array> =>
  Effect.flatMapEager(crypto.aesCbcEncrypt(key.encryption, iv, message), (encrypted) => {
    const token = new Uint8Array(dataAt + encrypted.length + signatureLength)
    token[0] = tokenVersion
    new DataView(token.buffer).setBigUint64(1, BigInt(Math.floor(time / 1000)))
    token.set(iv, ivAt)
    token.set(encrypted, dataAt)
    const signed = token.subarray(0, -signatureLength)
    return Effect.mapEager(crypto.hmacSha256(key.signing, signed), (signature) => {
      token.set(signature, signed.length)
      return token
    })
  })

/**
 * The message of a token, which of the keys signed it, and when it was made: whole seconds, in milliseconds since the
 * epoch.
 *
 * @since 0.1.0
 */
export interface Decrypted {
  readonly message: Uint8Array
  readonly key: Key
  readonly time: number
}

/**
 * The message of a token that one of the keys signed, and that is not older than it may be.
 *
 * @since 0.1.0
 */
export const decrypt = (keys: ReadonlyArray<Key>, token: Uint8Array, age?: Age): Effect.Effect<Decrypted, Failure> => {
  if (token.length === 0) return Effect.fail("corrupted")
  if (token[0] !== tokenVersion) return Effect.fail("unsupported-version")
  if (token.length < dataAt + 16 + signatureLength || (token.length - dataAt - signatureLength) % 16 !== 0) {
    return Effect.fail("corrupted")
  }
  return Effect.flatMapEager(signer(keys, token), (key) => {
    const time = timeOf(token)
    const problem = age && problemOfAge(time, age)
    return problem !== undefined
      ? Effect.fail(problem)
      : Effect.flatMapEager(
          crypto.aesCbcDecrypt(key.encryption, token.subarray(ivAt, dataAt), token.subarray(dataAt, -signatureLength)),
          (message) => (message === undefined ? Effect.fail("corrupted") : Effect.succeed({ message, key, time }))
        )
  })
}

const timeOf = (token: Uint8Array): number =>
  Number(new DataView(token.buffer, token.byteOffset).getBigUint64(1)) * 1000

const problemOfAge = (time: number, { now, max }: Age): Failure | undefined => {
  if (time + max < now) return "too-old"
  return time > now + maxClockSkew ? "in-future" : undefined
}

/** The key that signed the token: the first that fits, so that the newest key is found at once. */
const signer = ([key, ...others]: ReadonlyArray<Key>, token: Uint8Array): Effect.Effect<Key, Failure> =>
  key === undefined
    ? Effect.fail("wrong-key")
    : Effect.flatMapEager(crypto.hmacSha256(key.signing, token.subarray(0, -signatureLength)), (signature) =>
        Mac.timingSafeEqual(signature, token.subarray(-signatureLength)) ? Effect.succeed(key) : signer(others, token)
      )

/**
 * A token as text: URL-safe base64 with padding.
 *
 * @since 0.1.0
 */
export const format = (token: Uint8Array): string => base64.encodeUrl(token)

/**
 * The inverse of {@link format}. `undefined` when it is none.
 *
 * @since 0.1.0
 */
export const parse = (text: string): Uint8Array | undefined => Result.getOrUndefined(base64.decodeUrl(text))
