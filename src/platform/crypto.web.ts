import * as Effect from "effect/Effect"

type Bytes = Uint8Array<ArrayBuffer>

export const randomBytes = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length))

export const hmacSha256 = (key: Uint8Array, data: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.promise(() =>
    crypto.subtle
      .importKey("raw", key as Bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
      .then((imported) => crypto.subtle.sign("HMAC", imported, data as Bytes))
      .then((signature) => new Uint8Array(signature))
  )

export const aesCbcEncrypt = (key: Uint8Array, iv: Uint8Array, data: Uint8Array): Effect.Effect<Uint8Array> =>
  Effect.promise(() =>
    importAes(key, "encrypt")
      .then((imported) => crypto.subtle.encrypt({ name: "AES-CBC", iv: iv as Bytes }, imported, data as Bytes))
      .then((encrypted) => new Uint8Array(encrypted))
  )

/** `undefined` when the padding is wrong. */
export const aesCbcDecrypt = (
  key: Uint8Array,
  iv: Uint8Array,
  data: Uint8Array
): Effect.Effect<Uint8Array | undefined> =>
  Effect.promise(() =>
    importAes(key, "decrypt")
      .then((imported) => crypto.subtle.decrypt({ name: "AES-CBC", iv: iv as Bytes }, imported, data as Bytes))
      .then(
        (decrypted) => new Uint8Array(decrypted),
        () => undefined
      )
  )

const importAes = (key: Uint8Array, usage: "encrypt" | "decrypt") =>
  crypto.subtle.importKey("raw", key as Bytes, "AES-CBC", false, [usage])
