import * as Effect from "effect/Effect"
import * as base64 from "#base64"
import { allocate } from "#bytes"
import * as crypto from "#crypto"
import { forEach } from "../../concurrency/slices.ts"
import * as utf8 from "../../value/utf8.ts"

/** Turns the names of the application into the names that are stored. */
export interface Naming {
  readonly hidesCollections: boolean
  readonly collection: (name: string) => Effect.Effect<string>
  readonly keys: (collection: string, keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>>
}

/**
 * The input of an HMAC begins with a byte for its kind, so that no key and collection share an HMAC. The input of a key
 * includes its collection, so that the same key has different HMACs in different collections.
 */
export const make = (secret: crypto.SecretKey, hidesCollections: boolean): Naming => {
  const nameOf = (bytes: Uint8Array) =>
    Effect.mapEager(crypto.hmacSha256(secret, bytes), (code) => base64.encodeUrl(code).slice(0, nameLength))
  const keyIn = (collection: string) => {
    const prefix = utf8.encode(collection)
    return (key: string) => {
      const name = utf8.encode(key)
      const bytes = allocate(5 + prefix.length + name.length)
      bytes[0] = kinds.key
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(1, prefix.length)
      bytes.set(prefix, 5)
      bytes.set(name, 5 + prefix.length)
      return nameOf(bytes)
    }
  }
  return {
    hidesCollections,
    collection: (name) =>
      hidesCollections
        ? Effect.suspend(() => nameOf(Uint8Array.of(kinds.collection, ...utf8.encode(name))))
        : Effect.succeed(name),
    keys: (collection, keys) => {
      const nameOfKey = keyIn(collection)
      return keys.length === 1 ? Effect.mapEager(nameOfKey(keys[0]!), (name) => [name]) : forEach(keys, nameOfKey, 1)
    }
  }
}

const kinds = { collection: 1, key: 2 } as const

/** The length of 32 bytes in base64url, without padding. */
const nameLength = 43
