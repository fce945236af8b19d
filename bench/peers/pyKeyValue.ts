import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  randomBytes,
  timingSafeEqual
} from "node:crypto"
import { gunzipSync, gzipSync } from "node:zlib"
import { Redis } from "ioredis"
import type { Peer, Place } from "./Peer.ts"

/**
 * What py-key-value stores when it compresses and encrypts, by hand: `node:zlib` and `node:crypto` around the client,
 * without policies, types or checks of what cannot go wrong in a benchmark.
 */
export const overRedis = async ({ url, prefix }: Place, subject: string, secret: Uint8Array): Promise<Peer> => {
  const client = new Redis(url)
  const signing = createSecretKey(secret.subarray(0, 16))
  const encryption = createSecretKey(secret.subarray(16))

  const encrypt = (message: Buffer): Buffer => {
    const iv = randomBytes(16)
    const cipher = createCipheriv("aes-128-cbc", encryption, iv)
    const head = Buffer.alloc(9)
    head[0] = 0x80
    head.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000)), 1)
    const signed = Buffer.concat([head, iv, cipher.update(message), cipher.final()])
    return Buffer.concat([signed, createHmac("sha256", signing).update(signed).digest()])
  }

  const decrypt = (token: Buffer): Buffer => {
    const signed = token.subarray(0, -32)
    if (!timingSafeEqual(createHmac("sha256", signing).update(signed).digest(), token.subarray(-32))) {
      throw new Error("the signature is wrong")
    }
    const decipher = createDecipheriv("aes-128-cbc", encryption, token.subarray(9, 25))
    return Buffer.concat([decipher.update(signed.subarray(25)), decipher.final()])
  }

  const encode = (value: object): string => {
    const text = JSON.stringify(value)
    const inner =
      text.length < 1024
        ? text
        : JSON.stringify({
            __compressed_data__: gzipSync(text, { level: 1 }).toString("base64"),
            __compression_algorithm__: "gzip",
            __compression_version__: 1
          })
    const token = encrypt(Buffer.from(inner)).toString("base64url")
    const padded = token.padEnd(Math.ceil(token.length / 4) * 4, "=")
    return JSON.stringify({
      created_at: new Date().toISOString(),
      value: { __encrypted_data__: Buffer.from(padded).toString("base64"), __encryption_version__: 1 },
      version: 1
    })
  }

  const decode = (stored: string | null): unknown => {
    if (stored === null) return undefined
    const { value } = JSON.parse(stored)
    const token = Buffer.from(Buffer.from(value.__encrypted_data__, "base64").toString(), "base64url")
    const inner = JSON.parse(decrypt(token).toString())
    return "__compressed_data__" in inner
      ? JSON.parse(gunzipSync(Buffer.from(inner.__compressed_data__, "base64")).toString())
      : inner
  }

  const name = (key: string) => `${prefix}${subject}:${key}`
  return {
    subject,
    get: async (key) => decode(await client.get(name(key))),
    set: (key, value) => client.set(name(key), encode(value)),
    getMany: async (keys) => (await client.mget(keys.map(name))).map(decode),
    setMany: (entries) => client.pipeline(entries.map(([key, value]) => ["set", name(key), encode(value)])).exec(),
    close: async () => client.disconnect()
  }
}
