import * as Effect from "effect/Effect"

type Bytes = Uint8Array<ArrayBuffer>
type Imported = ReturnType<typeof crypto.subtle.importKey>

/** Bytes that are made a key when they are first used as one. */
export class SecretKey {
  private readonly bytes: Bytes
  private readonly imported = new Map<string, Imported>()

  constructor(bytes: Uint8Array) {
    this.bytes = Uint8Array.from(bytes)
  }

  for(usage: "sign" | "encrypt" | "decrypt"): Imported {
    let key = this.imported.get(usage)
    if (key === undefined) {
      const algorithm = usage === "sign" ? { name: "HMAC", hash: "SHA-256" } : "AES-CBC"
      key = crypto.subtle.importKey("raw", this.bytes, algorithm, false, [usage])
      this.imported.set(usage, key)
    }
    return key
  }
}

export const secretKey = (bytes: Uint8Array): SecretKey => new SecretKey(bytes)

export const randomBytes = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))

export const hmacSha256 = (key: SecretKey, data: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.promise(() =>
    key
      .for("sign")
      .then((imported) => crypto.subtle.sign("HMAC", imported, data as Bytes))
      .then((signature) => new Uint8Array(signature))
  )

export const aesCbcEncrypt = (key: SecretKey, iv: Uint8Array, data: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.promise(() =>
    key
      .for("encrypt")
      .then((imported) => crypto.subtle.encrypt({ name: "AES-CBC", iv: iv as Bytes }, imported, data as Bytes))
      .then((encrypted) => new Uint8Array(encrypted))
  )

/** `undefined` when the padding is wrong. */
export const aesCbcDecrypt = (
  key: SecretKey,
  iv: Uint8Array,
  data: Uint8Array
): Effect.Effect<Uint8Array | undefined> =>
  Effect.promise(() =>
    key
      .for("decrypt")
      .then((imported) => crypto.subtle.decrypt({ name: "AES-CBC", iv: iv as Bytes }, imported, data as Bytes))
      .then(
        (decrypted) => new Uint8Array(decrypted),
        () => undefined
      )
  )
