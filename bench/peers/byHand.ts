import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomFillSync,
  timingSafeEqual
} from "node:crypto"
import { gunzipSync, gzipSync } from "node:zlib"
import { Redis } from "ioredis"
import type { Peer, Place } from "./Peer.ts"

/**
 * Stores what effect-kv's stacks store, by hand: `node:zlib` and `node:crypto` around the client, without policies,
 * types, or checks that a benchmark does not need. This is the minimum that such a stack can cost.
 */
export interface Form {
  readonly encode: (value: object, name: string) => string | Buffer
  readonly decode: (stored: Buffer, name: string) => unknown
}

/** Random bytes from a pool, because getting a few bytes takes longer than encrypting a small value. */
const pool = Buffer.alloc(4096)
let used = pool.length
const randomBytes = (length: number): Buffer => {
  if (used + length > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += length
  return Buffer.from(pool.subarray(used - length, used))
}

interface Cipher {
  readonly encrypt: (message: Buffer, name: string) => Buffer
  readonly decrypt: (stored: Buffer, name: string) => Buffer
}

const fernetCipher = (secret: Uint8Array): Cipher => {
  const signing = createSecretKey(secret.subarray(0, 16))
  const encryption = createSecretKey(secret.subarray(16))
  return {
    encrypt: (message: Buffer): Buffer => {
      const head = Buffer.alloc(9)
      head[0] = 0x80
      head.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000)), 1)
      const iv = randomBytes(16)
      const cipher = createCipheriv("aes-128-cbc", encryption, iv)
      const signed = Buffer.concat([head, iv, cipher.update(message), cipher.final()])
      return Buffer.concat([signed, createHmac("sha256", signing).update(signed).digest()])
    },
    decrypt: (token: Buffer): Buffer => {
      const signed = token.subarray(0, -32)
      if (!timingSafeEqual(createHmac("sha256", signing).update(signed).digest(), token.subarray(-32))) {
        throw new Error("the signature is wrong")
      }
      const decipher = createDecipheriv("aes-128-cbc", encryption, token.subarray(9, 25))
      return Buffer.concat([decipher.update(signed.subarray(25)), decipher.final()])
    }
  }
}

/** Bound to the name. */
const aeadCipher = (key: KeyObject): Cipher => ({
  encrypt: (message, name) => {
    const iv = randomBytes(12)
    const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(name))
    return Buffer.concat([iv, cipher.update(message), cipher.final(), cipher.getAuthTag()])
  },
  decrypt: (stored, name) => {
    const decipher = createDecipheriv("aes-256-gcm", key, stored.subarray(0, 12))
    decipher.setAAD(Buffer.from(name)).setAuthTag(stored.subarray(-16))
    return Buffer.concat([decipher.update(stored.subarray(12, -16)), decipher.final()])
  }
})

/** The format of a bare store and of py-key-value: a value with its names and times. */
export const managedEntry: Form = {
  encode: (value) =>
    JSON.stringify({ collection: "default", created_at: new Date().toISOString(), key: "key", value, version: 1 }),
  decode: (stored) => {
    const { created_at, value } = JSON.parse(stored.toString())
    if (Number.isNaN(Date.parse(created_at))) throw new Error("there is no time")
    return value
  }
}

/** Compressed from 4 KiB, encrypted, and stored as bytes. The first byte says whether it is compressed. */
const binary = (cipher: Cipher): Form => ({
  encode: (value, name) => {
    const text = Buffer.from(JSON.stringify(value))
    const isLarge = text.length >= 4096
    const content = isLarge ? gzipSync(text, { level: 1 }) : text
    return Buffer.concat([Buffer.of(isLarge ? 1 : 0), cipher.encrypt(content, name)])
  },
  decode: (stored, name) => {
    const content = cipher.decrypt(stored.subarray(1), name)
    return JSON.parse((stored[0] === 1 ? gunzipSync(content) : content).toString())
  }
})

/** The format of py-key-value: compressed from 1 KiB, as JSON in base64 in JSON. */
const json = (cipher: Cipher): Form => ({
  encode: (value, name) => {
    const text = JSON.stringify(value)
    const inner =
      text.length < 1024
        ? text
        : JSON.stringify({
            __compressed_data__: gzipSync(text, { level: 1 }).toString("base64"),
            __compression_algorithm__: "gzip",
            __compression_version__: 1
          })
    const token = cipher.encrypt(Buffer.from(inner), name).toString("base64url")
    const padded = token.padEnd(Math.ceil(token.length / 4) * 4, "=")
    return JSON.stringify({
      created_at: new Date().toISOString(),
      value: { __encrypted_data__: Buffer.from(padded).toString("base64"), __encryption_version__: 1 },
      version: 1
    })
  },
  decode: (stored, name) => {
    const { value } = JSON.parse(stored.toString())
    const token = Buffer.from(Buffer.from(value.__encrypted_data__, "base64").toString(), "base64url")
    const inner = JSON.parse(cipher.decrypt(token, name).toString())
    return "__compressed_data__" in inner
      ? JSON.parse(gunzipSync(Buffer.from(inner.__compressed_data__, "base64")).toString())
      : inner
  }
})

export const fernet = (secret: Uint8Array): Form => binary(fernetCipher(secret))
export const aead = (secret: Uint8Array): Form => binary(aeadCipher(createSecretKey(secret)))
export const pyKeyValue = (secret: Uint8Array): Form => json(fernetCipher(secret))

export const entriesByHand = "managed entries by hand"
export const aeadByHand = "AES-GCM by hand"
export const pyKeyValueByHand = "py-key-value's envelopes by hand"

export const entriesOverRedis = (place: Place): Promise<Peer> => over(place, entriesByHand, managedEntry)

/** All of them by subject, each with its own client. */
export const overRedis = (place: Place, secret: Uint8Array): Readonly<Record<string, () => Promise<Peer>>> => ({
  [aeadByHand]: () => over(place, aeadByHand, aead(secret)),
  [pyKeyValueByHand]: () => over(place, pyKeyValueByHand, pyKeyValue(secret))
})

const over = async ({ url, prefix }: Place, subject: string, { encode, decode }: Form): Promise<Peer> => {
  const client = new Redis(url)
  const nameOf = (key: string) => `${prefix}${subject}:${key}`
  const read = (stored: Buffer | null, name: string) => (stored === null ? undefined : decode(stored, name))
  const setting = (key: string, value: object) => {
    const name = nameOf(key)
    return [name, encode(value, name)] as const
  }
  return {
    subject,
    get: async (key) => {
      const name = nameOf(key)
      return read(await client.getBuffer(name), name)
    },
    set: (key, value) => client.set(...setting(key, value)),
    getMany: async (keys) => {
      const names = keys.map(nameOf)
      return (await client.mgetBuffer(names)).map((stored, i) => read(stored, names[i]!))
    },
    setMany: (entries) => client.pipeline(entries.map(([key, value]) => ["set", ...setting(key, value)])).exec(),
    close: async () => client.disconnect()
  }
}
