import * as Effect from "effect/Effect"

type Bytes = Uint8Array<ArrayBuffer>
type Imported = Awaited<ReturnType<typeof crypto.subtle.importKey>>

const algorithms = { HMAC: { name: "HMAC", hash: "SHA-256" }, "AES-CBC": "AES-CBC", "AES-GCM": "AES-GCM" }

/** The bytes of a key. A key for an algorithm is imported when it is first used. */
export class SecretKey {
  private readonly bytes: Bytes
  private readonly imported = new Map<string, Imported>()

  constructor(bytes: Uint8Array) {
    this.bytes = Uint8Array.from(bytes)
  }

  for(algorithm: keyof typeof algorithms, usages: ReadonlyArray<"sign" | "encrypt" | "decrypt">): Promise<Imported> {
    const known = this.imported.get(algorithm)
    if (known !== undefined) return Promise.resolve(known)
    // The key is kept, not the promise: the promise may belong to a request that has ended.
    return crypto.subtle.importKey("raw", this.bytes, algorithms[algorithm], false, [...usages]).then((key) => {
      this.imported.set(algorithm, key)
      return key
    })
  }
}

export const secretKey = (bytes: Uint8Array): SecretKey => new SecretKey(bytes)

export const randomBytes = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))

export const hmacSha256 = (key: SecretKey, data: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.promise(() =>
    key
      .for("HMAC", ["sign"])
      .then((imported) => crypto.subtle.sign("HMAC", imported, data as Bytes))
      .then((signature) => new Uint8Array(signature))
  )

type Parameters = { readonly name: "AES-CBC" | "AES-GCM"; readonly iv: Bytes; readonly additionalData?: Bytes }

const encrypt = (key: SecretKey, parameters: Parameters, data: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.promise(() =>
    key
      .for(parameters.name, ["encrypt", "decrypt"])
      .then((imported) => crypto.subtle.encrypt(parameters, imported, data as Bytes))
      .then((encrypted) => new Uint8Array(encrypted))
  )

const decrypt = (key: SecretKey, parameters: Parameters, data: Uint8Array): Effect.Effect<Uint8Array | undefined> =>
  Effect.promise(() =>
    key
      .for(parameters.name, ["encrypt", "decrypt"])
      .then((imported) => crypto.subtle.decrypt(parameters, imported, data as Bytes))
      .then(
        (decrypted) => new Uint8Array(decrypted),
        () => undefined
      )
  )

const cbc = (iv: Uint8Array): Parameters => ({ name: "AES-CBC", iv: iv as Bytes })

const gcm = (nonce: Uint8Array, associated: Uint8Array): Parameters => ({
  name: "AES-GCM",
  iv: nonce as Bytes,
  additionalData: associated as Bytes
})

export const aesCbcEncrypt = (key: SecretKey, iv: Uint8Array, data: Uint8Array): Effect.Effect<Uint8Array> =>
  encrypt(key, cbc(iv), data)

/** Returns `undefined` if the padding is wrong. */
export const aesCbcDecrypt = (
  key: SecretKey,
  iv: Uint8Array,
  data: Uint8Array
): Effect.Effect<Uint8Array | undefined> => decrypt(key, cbc(iv), data)

/** Returns the encrypted data, followed by the authentication tag. */
export const aesGcmEncrypt = (
  key: SecretKey,
  nonce: Uint8Array,
  data: Uint8Array,
  associated: Uint8Array
): Effect.Effect<Uint8Array> => encrypt(key, gcm(nonce, associated), data)

/** Returns `undefined` if the authentication tag does not match. */
export const aesGcmDecrypt = (
  key: SecretKey,
  nonce: Uint8Array,
  data: Uint8Array,
  associated: Uint8Array
): Effect.Effect<Uint8Array | undefined> => decrypt(key, gcm(nonce, associated), data)
