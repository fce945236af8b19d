/**
 * Values encrypted with AES-256-GCM or XChaCha20-Poly1305, in a frame, and bound to their store, collection and key.
 *
 * **Details**
 *
 * After the number of its codec, the frame contains:
 *
 * | bytes | content |
 * |---|---|
 * | 1 + n | the length of the key's id, and the id in UTF-8 |
 * | 1 | 1 if the entry expires, otherwise 0 |
 * | 8 | the time when the entry expires, if it does: milliseconds since the epoch, a 64-bit float |
 * | 4 | a checksum (32-bit FNV-1a) of the binding, which distinguishes a moved value from an altered one |
 * | 12 or 24 | the nonce |
 * | n + 16 | the encrypted content (see `content.ts`), and the tag |
 *
 * The binding has three parts: the store's id, the collection and the key. Before each part is its length in bytes (32
 * bits). The associated data consists of the version of the frame (1), the number of the codec, the key's id with its
 * length, the expiry with its flag, and the binding. Numbers are big-endian.
 *
 * @since 0.1.0
 */
import * as EffectAead from "effect/crypto/Aead"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { allocate } from "#bytes"
import * as crypto from "#crypto"
import type { DecryptionReason } from "../KeyValueError.ts"
import type { ExactIntegersOption, Payload } from "../Value.ts"
import * as bytes from "../value/bytes.ts"
import * as utf8 from "../value/utf8.ts"
import * as content from "./content.ts"
import * as frame from "./frame.ts"

/**
 * The algorithm of encryption.
 *
 * @since 0.1.0
 */
export type Algorithm = "aes-256-gcm" | "xchacha20-poly1305"

/**
 * The names of the algorithms.
 *
 * @since 0.1.0
 */
export const algorithms: ReadonlyArray<Algorithm> = ["aes-256-gcm", "xchacha20-poly1305"]

/**
 * A key and its id.
 *
 * @since 0.1.0
 */
export interface Key {
  readonly id: string
  readonly bytes: Uint8Array
  readonly secret: crypto.SecretKey
}

/**
 * Makes a key from 32 bytes.
 *
 * @since 0.1.0
 */
export const makeKey = (id: string, bytes: Uint8Array): Key => ({ id, bytes, secret: crypto.secretKey(bytes) })

/**
 * The store, collection, key and expiry to which a value is bound.
 *
 * @since 0.1.0
 */
export interface Binding {
  readonly store: string
  readonly collection: string
  readonly key: string
  readonly expiresAt: number | undefined
}

interface Cipher {
  readonly nonceLength: number
  readonly encrypt: (key: Key, nonce: Uint8Array, data: Uint8Array, associated: Uint8Array) => Effect.Effect<Uint8Array>
  /** Returns `undefined` if the tag does not match. */
  readonly decrypt: (
    key: Key,
    nonce: Uint8Array,
    data: Uint8Array,
    associated: Uint8Array
  ) => Effect.Effect<Uint8Array | undefined>
}

const xchacha = EffectAead.xchacha20Poly1305.implementation!

const ciphers: Record<Algorithm, Cipher> = {
  "aes-256-gcm": {
    nonceLength: 12,
    encrypt: ({ secret }, nonce, data, associated) => crypto.aesGcmEncrypt(secret, nonce, data, associated),
    decrypt: ({ secret }, nonce, data, associated) => crypto.aesGcmDecrypt(secret, nonce, data, associated)
  },
  "xchacha20-poly1305": {
    nonceLength: 24,
    encrypt: ({ bytes }, nonce, data, associated) => Effect.succeed(xchacha.encrypt(bytes, nonce, data, associated)),
    decrypt: ({ bytes }, nonce, data, associated) => Effect.succeed(xchacha.decrypt(bytes, nonce, data, associated))
  }
}

const tagLength = 16
const checksumLength = 4

/**
 * Encrypts a value and binds it to its store, collection, key and expiry. The `nonce` is random by default; only test
 * vectors should pass one.
 *
 * @since 0.1.0
 */
export const encode = (
  payload: Payload,
  key: Key,
  algorithm: Algorithm,
  binding: Binding,
  nonce: Uint8Array = crypto.randomBytes(ciphers[algorithm].nonceLength)
): Effect.Effect<Payload> => {
  const head = headOf(key.id, binding.expiresAt)
  const { associated, checksum } = bind(algorithm, head, binding)
  return Effect.mapEager(ciphers[algorithm].encrypt(key, nonce, content.encode(payload), associated), (encrypted) =>
    frame.make(algorithm, head, bytesOf(checksum), nonce, encrypted)
  )
}

/**
 * The result of {@link decode}.
 *
 * @since 0.1.0
 */
export interface Decoded {
  readonly payload: Payload
  readonly algorithm: Algorithm
  readonly key: Key
  /** The expiry to which the value is bound. */
  readonly expiresAt: number | undefined
}

/**
 * Decrypts a frame with the key that encrypted it, and checks its binding.
 *
 * @since 0.1.0
 */
export const decode = (
  payload: Payload,
  keys: ReadonlyMap<string, Key>,
  binding: Omit<Binding, "expiresAt">,
  options?: ExactIntegersOption
): Effect.Effect<Decoded, DecryptionReason> => {
  const opened = open(payload)
  if (Result.isFailure(opened)) return Effect.fail(opened.failure)
  const { algorithm, keyId, expiresAt, head, checksum, nonce, encrypted } = opened.success
  const key = keys.get(keyId)
  if (key === undefined) return Effect.fail("wrong-key")
  const bound = bind(algorithm, head, binding)
  if (checksum !== bound.checksum) return Effect.fail("moved")
  return Effect.flatMapEager(ciphers[algorithm].decrypt(key, nonce, encrypted, bound.associated), (bytes) => {
    if (bytes === undefined) return Effect.fail("altered")
    const decoded = content.decode(bytes, options)
    return Result.isFailure(decoded)
      ? Effect.fail("corrupted")
      : Effect.succeed({ payload: decoded.success, algorithm, key, expiresAt })
  })
}

interface Opened {
  readonly algorithm: Algorithm
  readonly keyId: string
  readonly expiresAt: number | undefined
  readonly head: Uint8Array
  readonly checksum: number
  readonly nonce: Uint8Array
  readonly encrypted: Uint8Array
}

const isAlgorithm = (codec: frame.Codec): codec is Algorithm => codec in ciphers

const open = (payload: Payload): Result.Result<Opened, DecryptionReason> => {
  const opened = frame.open(payload)
  if (opened === undefined) return Result.fail("not-encrypted")
  if (opened === "an unknown version") return Result.fail("unsupported-version")
  if (opened === "an unknown codec") return Result.fail("corrupted")
  return isAlgorithm(opened.codec) ? split(opened.codec, opened.data) : Result.fail("not-encrypted")
}

const split = (algorithm: Algorithm, data: Uint8Array): Result.Result<Opened, DecryptionReason> => {
  const flagAt = 1 + (data[0] ?? 0)
  const expires = data[flagAt]
  const headLength = flagAt + 1 + (expires === 1 ? 8 : 0)
  const nonceAt = headLength + checksumLength
  const encryptedAt = nonceAt + ciphers[algorithm].nonceLength
  if ((expires !== 0 && expires !== 1) || data.length < encryptedAt + tagLength) return Result.fail("corrupted")
  const keyId = Result.try(() => utf8.decodeUnsafe(data.subarray(1, flagAt)))
  const expiresAt = expires === 1 ? new DataView(data.buffer, data.byteOffset).getFloat64(flagAt + 1) : undefined
  if (Result.isFailure(keyId) || !Number.isFinite(expiresAt ?? 0)) return Result.fail("corrupted")
  return Result.succeed({
    algorithm,
    keyId: keyId.success,
    expiresAt,
    head: data.subarray(0, headLength),
    checksum: new DataView(data.buffer, data.byteOffset).getUint32(headLength),
    nonce: data.subarray(nonceAt, encryptedAt),
    encrypted: data.subarray(encryptedAt)
  })
}

/** Encodes the key's id and the expiry. */
const headOf = (keyId: string, expiresAt: number | undefined): Uint8Array => {
  const id = utf8.encode(keyId)
  const bytes = new Uint8Array(2 + id.length + (expiresAt === undefined ? 0 : 8))
  bytes[0] = id.length
  bytes.set(id, 1)
  if (expiresAt !== undefined) {
    bytes[1 + id.length] = 1
    new DataView(bytes.buffer).setFloat64(2 + id.length, expiresAt)
  }
  return bytes
}

/** Returns the associated data (the format, the head and the binding), and the checksum of the binding. */
const bind = (
  algorithm: Algorithm,
  head: Uint8Array,
  { store, collection, key }: Omit<Binding, "expiresAt">
): { readonly associated: Uint8Array; readonly checksum: number } => {
  const texts = [utf8.encode(store), utf8.encode(collection), utf8.encode(key)]
  const bindingAt = 2 + head.length
  const associated = allocate(bindingAt + 4 * texts.length + bytes.lengthOf(texts))
  const view = new DataView(associated.buffer, associated.byteOffset)
  associated[0] = frame.version
  associated[1] = frame.codecs[algorithm]
  associated.set(head, 2)
  let at = bindingAt
  for (const text of texts) {
    view.setUint32(at, text.length)
    associated.set(text, at + 4)
    at += 4 + text.length
  }
  return { associated, checksum: checksumOf(associated, bindingAt) }
}

/** Computes FNV-1a of the bytes after `from`. It is not for security: it only decides the reason of an error. */
const checksumOf = (bytes: Uint8Array, from: number): number => {
  let hash = 0x811c9dc5
  for (let i = from; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return hash >>> 0
}

const bytesOf = (checksum: number): Uint8Array =>
  Uint8Array.of(checksum >>> 24, checksum >>> 16, checksum >>> 8, checksum)
