import type { KeyObject } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { builtin } from "./builtin.ts"

const crypto = builtin("node:crypto")

/**
 * A key that is made only once, because making it for each call would take several times longer than the call.
 *
 * The key is a `KeyObject`. The type does not say so, so that programs can be type-checked without the types of Node.
 */
export interface SecretKey {
  readonly symmetricKeySize?: number | undefined
}

const keyOf = (key: SecretKey): KeyObject => key as KeyObject

export const secretKey = (bytes: Uint8Array): SecretKey => crypto().createSecretKey(bytes)

/** A pool, because a request for a few random bytes takes longer than all other work on a small value. */
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

/** Returns `undefined` if the padding is wrong. */
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

/** Returns the encrypted data, followed by the authentication tag. */
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

/** Returns `undefined` if the authentication tag does not match. */
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
