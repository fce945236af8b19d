/** Encrypted values: some with a wrong signature, and some with damaged content and a valid signature. */
import { Effect, Redacted } from "effect"
import { Aead, Compression, type Driver, FernetEncryption } from "effect-kv"
import * as aead from "../../../src/codecs/aead.ts"
import { toJson } from "../../../src/codecs/encrypted.ts"
import type { Envelope } from "../../../src/codecs/envelope.ts"
import * as fernet from "../../../src/codecs/fernet.ts"
import * as frame from "../../../src/codecs/frame.ts"
import { defaultCollection } from "../../../src/driver/Driver.ts"
import type { Dice } from "../Dice.ts"
import { damaged, mutate } from "../mutations.ts"
import * as raw from "../raw.ts"
import { damagedContent, entryOf, now, payloadOf } from "../sealed.ts"
import { aeadKey, fernetKey, olderAeadKey, olderFernetKey, passphrase } from "../secrets.ts"
import { instance, keyOf, type Stored } from "../stack.ts"
import type { Target } from "../target.ts"

export const fernetWrapper = (envelope: Envelope): Driver.Wrapper<never, unknown> =>
  FernetEncryption.wrap({ keys: [Redacted.make(fernetKey), Redacted.make(olderFernetKey)], envelope })

const sealedFernet = (envelope: Envelope) => {
  const keys = [fernetKey, olderFernetKey].map((text) => fernet.parseKey(text)!)
  return (dice: Dice): Uint8Array => {
    const time = dice.pick([0, Date.now(), 2 ** 52])
    const token = now(fernet.encrypt(dice.pick(keys), damagedContent(dice), time))
    const data = dice.oneIn(4) ? mutate(dice, token, token) : token
    return entryOf(envelope === "binary" ? frame.make("fernet", data) : toJson(data))
  }
}

const fernetTarget = (envelope: Envelope): Target => ({
  name: `Fernet, ${envelope}`,
  weight: 4,
  make: Effect.suspend(() =>
    instance({ raw: raw.memory(), wrap: fernetWrapper(envelope), special: sealedFernet(envelope) })
  )
})

const lenient: Target = {
  name: "Fernet, lenient",
  weight: 2,
  make: Effect.suspend(() =>
    instance({
      raw: raw.memory(),
      wrap: FernetEncryption.wrap({
        passphrase: Redacted.make(passphrase),
        salt: "salt",
        onDecryptionError: "miss",
        allowPlaintext: true,
        maxAge: "1 hour"
      })
    })
  )
}

const ring = [
  { id: "new", key: Redacted.make(aeadKey) },
  { id: "old", key: Redacted.make(olderAeadKey) }
] as const

export const aeadWrapper = (algorithm: aead.Algorithm): Driver.Wrapper<never, unknown> =>
  Aead.wrap({ keys: ring, algorithm, storeId: "fuzz" })

/** Values that an owner of the keys could write, and the value of the other key, damaged or not. */
const sealedAead = (algorithm: aead.Algorithm) => {
  const keys = ring.map(({ id, key }) => aead.makeKey(id, Buffer.from(Redacted.value(key), "base64url")))
  const place = { store: "fuzz", collection: defaultCollection, key: keyOf(0) }
  return (dice: Dice, { other }: Stored): Uint8Array => {
    if (dice.oneIn(4)) return dice.oneIn(2) ? other : damaged(dice, [other])
    const expiresAt = dice.pick([undefined, 0, Date.now() + 60_000, 2 ** 53, 1e300, -1])
    const binding = { ...place, ...(dice.oneIn(8) && { collection: "another" }), expiresAt }
    const sealed = now(aead.encode(payloadOf(damagedContent(dice)), dice.pick(keys), algorithm, binding))
    return entryOf(sealed, { expiresAt: dice.pick([expiresAt, undefined]) })
  }
}

const aeadTarget = (algorithm: aead.Algorithm): Target => ({
  name: `Aead, ${algorithm}`,
  weight: 4,
  make: Effect.suspend(() =>
    instance({ raw: raw.memory(), wrap: aeadWrapper(algorithm), special: sealedAead(algorithm) })
  )
})

/** Compression over Aead, as in `Stack.production`. */
const production: Target = {
  name: "Compression on Aead",
  weight: 4,
  make: Effect.suspend(() =>
    instance({
      raw: raw.memory(),
      wrap: (store) =>
        store.pipe(aeadWrapper("aes-256-gcm"), Compression.wrap({ envelope: "binary", maxDecompressedSize: "4 MiB" })),
      special: sealedAead("aes-256-gcm")
    })
  )
}

export const encryption: ReadonlyArray<Target> = [
  fernetTarget("json"),
  fernetTarget("binary"),
  lenient,
  aeadTarget("aes-256-gcm"),
  aeadTarget("xchacha20-poly1305"),
  production
]
