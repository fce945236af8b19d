import type { KeyObject } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { builtin } from "./builtin.ts"

const crypto = builtin("node:crypto")

/**
 * Bytes that were made a key once: to make them one for each call takes several times longer than the call. It is a
 * `KeyObject`, which is not named, so that types can be checked without those of Node.
 */
export interface SecretKey {
  readonly symmetricKeySize?: number | undefined
}

const keyOf = (key: SecretKey): KeyObject => key as KeyObject

export const secretKey = (bytes: Uint8Array): SecretKey => crypto().createSecretKey(bytes)

/** Asking for a few random bytes takes longer than all else that is done to a small value: so they come from a pool. */
const pool = new Uint8Array(4096)
let used = pool.length

export const randomBytes = (length: number): Uint8Array => {
  if (length > pool.length) return crypto().randomFillSync(new Uint8Array(length))
  if (used + length > pool.length) {
    crypto().randomFillSync(pool)
    used = 0
  }
  const bytes = pool.slice(used, used + length)
  pool.fill(0, used, used + length)
  used += length
  return bytes
}

export const hmacSha256 = (key: SecretKey, data: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.succeed(crypto().createHmac("sha256", keyOf(key)).update(data).digest())

export const aesCbcEncrypt = (key: SecretKey, iv: Uint8Array, data: Uint8Array): Effect.Effect<Uint8Array> => {
  const cipher = crypto().createCipheriv("aes-128-cbc", keyOf(key), iv)
  return Effect.succeed(Buffer.concat([cipher.update(data), cipher.final()]))
}

/** `undefined` when the padding is wrong. */
export const aesCbcDecrypt = (
  key: SecretKey,
  iv: Uint8Array,
  data: Uint8Array
): Effect.Effect<Uint8Array | undefined> => {
  const decipher = crypto().createDecipheriv("aes-128-cbc", keyOf(key), iv)
  return Effect.succeed(
    Result.getOrUndefined(Result.try(() => Buffer.concat([decipher.update(data), decipher.final()])))
  )
}

const tagLength = 16

/** The encrypted data, and the tag behind it. */
export const aesGcmEncrypt = (
  key: SecretKey,
  nonce: Uint8Array,
  data: Uint8Array,
  associated: Uint8Array
): Effect.Effect<Uint8Array> => {
  const cipher = crypto()
    .createCipheriv("aes-256-gcm", keyOf(key), nonce, { authTagLength: tagLength })
    .setAAD(associated)
  return Effect.succeed(Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]))
}

/** `undefined` when the tag does not fit. */
export const aesGcmDecrypt = (
  key: SecretKey,
  nonce: Uint8Array,
  data: Uint8Array,
  associated: Uint8Array
): Effect.Effect<Uint8Array | undefined> => {
  const decipher = crypto()
    .createDecipheriv("aes-256-gcm", keyOf(key), nonce, { authTagLength: tagLength })
    .setAAD(associated)
    .setAuthTag(data.subarray(-tagLength))
  return Effect.succeed(
    Result.getOrUndefined(
      Result.try(() => {
        const decrypted = decipher.update(data.subarray(0, -tagLength))
        decipher.final()
        return decrypted
      })
    )
  )
}
