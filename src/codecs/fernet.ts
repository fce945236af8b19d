/**
 * Fernet tokens: AES-128-CBC with HMAC-SHA256, according to the specification (https://github.com/fernet/spec).
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
 * The reason why a token was rejected.
 *
 * @since 0.1.0
 */
export type Failure = "wrong-key" | "corrupted" | "unsupported-version" | "too-old" | "in-future"

/**
 * The maximum age of a token.
 *
 * @since 0.1.0
 */
export interface Age {
  /** The current time, in milliseconds since the epoch. */
  readonly now: number
  /** The maximum age in milliseconds. */
  readonly max: number
}

/**
 * How far in the future the time of a token may be, in milliseconds. This is the limit of the specification.
 *
 * @since 0.1.0
 */
export const maxClockSkew = 60_000

const tokenVersion = 0x80
const ivAt = 9
const dataAt = 25
const signatureLength = 32

/**
 * Makes a key from 32 bytes.
 *
 * @since 0.1.0
 */
export const makeKey = (bytes: Uint8Array): Key => ({
  signing: crypto.secretKey(bytes.subarray(0, 16)),
  encryption: crypto.secretKey(bytes.subarray(16))
})

/**
 * Parses a key: 32 bytes in base64 or base64url, with or without padding and surrounding white space. Returns
 * `undefined` if the text is not a key.
 *
 * @since 0.1.0
 */
export const parseKey = (text: string): Key | undefined =>
  Result.getOrUndefined(Result.map(secretKey.parse(Redacted.make(text)), makeKey))

/**
 * Formats the 32 bytes of a key as base64url with padding.
 *
 * @since 0.1.0
 */
export const formatKey = (bytes: Uint8Array): string => base64.encodeUrl(bytes)

/**
 * Encrypts a message as the bytes of a token. `time` is in milliseconds since the epoch; the token contains it in
 * seconds. The `iv` of 16 bytes is random by default; only test vectors should pass one.
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
 * The message of a token, the key that signed it, and its time (in milliseconds since the epoch, with a precision of
 * one second).
 *
 * @since 0.1.0
 */
export interface Decrypted {
  readonly message: Uint8Array
  readonly key: Key
  readonly time: number
}

/**
 * Decrypts a token with the key that signed it. Fails if the token is older than `age` allows.
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

/** Finds the key that signed the token. The keys are tried in their order, so the newest key should be first. */
const signer = ([key, ...others]: ReadonlyArray<Key>, token: Uint8Array): Effect.Effect<Key, Failure> =>
  key === undefined
    ? Effect.fail("wrong-key")
    : Effect.flatMapEager(crypto.hmacSha256(key.signing, token.subarray(0, -signatureLength)), (signature) =>
        Mac.timingSafeEqual(signature, token.subarray(-signatureLength)) ? Effect.succeed(key) : signer(others, token)
      )

/**
 * Formats a token as text: base64url with padding.
 *
 * @since 0.1.0
 */
export const format = (token: Uint8Array): string => base64.encodeUrl(token)

/**
 * Parses the text of a token. Returns `undefined` if it is not base64url.
 *
 * @since 0.1.0
 */
export const parse = (text: string): Uint8Array | undefined => Result.getOrUndefined(base64.decodeUrl(text))
