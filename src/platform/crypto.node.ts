import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomFillSync
} from "node:crypto"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

/** Bytes that were made a key once: to make them one for each call takes several times longer than the call. */
export type SecretKey = KeyObject

export const secretKey = (bytes: Uint8Array): SecretKey => createSecretKey(bytes)

export const randomBytes = (length: number): Uint8Array => randomFillSync(new Uint8Array(length))

export const hmacSha256 = (key: SecretKey, data: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.succeed(createHmac("sha256", key).update(data).digest())

export const aesCbcEncrypt = (key: SecretKey, iv: Uint8Array, data: Uint8Array): Effect.Effect<Uint8Array> => {
  const cipher = createCipheriv("aes-128-cbc", key, iv)
  return Effect.succeed(Buffer.concat([cipher.update(data), cipher.final()]))
}

/** `undefined` when the padding is wrong. */
export const aesCbcDecrypt = (
  key: SecretKey,
  iv: Uint8Array,
  data: Uint8Array
): Effect.Effect<Uint8Array | undefined> => {
  const decipher = createDecipheriv("aes-128-cbc", key, iv)
  return Effect.succeed(
    Result.getOrUndefined(Result.try(() => Buffer.concat([decipher.update(data), decipher.final()])))
  )
}
