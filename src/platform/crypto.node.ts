import { createCipheriv, createDecipheriv, createHmac, randomFillSync } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

export const randomBytes = (length: number): Uint8Array => randomFillSync(new Uint8Array(length))

export const hmacSha256 = (key: Uint8Array, data: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.succeed(createHmac("sha256", key).update(data).digest())

export const aesCbcEncrypt = (key: Uint8Array, iv: Uint8Array, data: Uint8Array): Effect.Effect<Uint8Array> => {
  const cipher = createCipheriv("aes-128-cbc", key, iv)
  return Effect.succeed(Buffer.concat([cipher.update(data), cipher.final()]))
}

/** `undefined` when the padding is wrong. */
export const aesCbcDecrypt = (
  key: Uint8Array,
  iv: Uint8Array,
  data: Uint8Array
): Effect.Effect<Uint8Array | undefined> => {
  const decipher = createDecipheriv("aes-128-cbc", key, iv)
  return Effect.succeed(
    Result.getOrUndefined(Result.try(() => Buffer.concat([decipher.update(data), decipher.final()])))
  )
}
