import * as Effect from "effect/Effect"
import type { TooLarge } from "../../codecs/envelope.ts"
import type { Driver } from "../../driver/Driver.ts"
import { type EntryMapping, mapEntries, type Name } from "../../driver/mapEntries.ts"
import * as options from "../../driver/options.ts"
import type { Entry } from "../../Entry.ts"
import { DecryptionError, type DecryptionReason, EntryTooLargeError } from "../../KeyValueError.ts"
import type { Payload } from "../../Value.ts"

/** The options for reading of all wrappers that encrypt. */
export interface ReadOptions {
  /**
   * Whether reading a value that cannot be decrypted fails with `DecryptionError` or is a miss. With `"miss"`,
   * `putIfAbsent` and `update` replace such a value, and `delete` does not count it. Listing and clearing include it.
   * Default: `"fail"`.
   */
  readonly onDecryptionError?: "fail" | "miss" | undefined
  /** Whether unencrypted values can be read, for the time of a migration. Default: false. */
  readonly allowPlaintext?: boolean | undefined
}

export const readOptions = {
  onDecryptionError: options.oneOf(["fail", "miss"], { default: "fail" }),
  allowPlaintext: options.boolean({ default: false })
}

/** A decrypted entry. `needsRotation`: the cipher would now use another key, algorithm or form. */
export interface Decrypted {
  readonly payload: Payload
  readonly needsRotation: boolean
  /** The times that the cipher authenticates, which replace those of the store. */
  readonly createdAt?: number | undefined
  readonly expiresAt?: number | undefined
}

export interface Cipher {
  /** The name of the wrapper in errors. */
  readonly module: string
  readonly encrypt: (entry: Entry, name: Name) => Effect.Effect<Payload, TooLarge>
  readonly decrypt: (entry: Entry, name: Name) => Effect.Effect<Decrypted, DecryptionReason>
}

/** Encrypts values when they are written, and decrypts them when they are read. */
export const encryption = (
  { onDecryptionError, allowPlaintext }: options.Read<typeof readOptions>,
  cipher: Cipher
): ((driver: Driver) => Driver) => {
  const encode: EntryMapping["encode"] = (entry, place, name) =>
    Effect.mapBothEager(cipher.encrypt(entry, name), {
      onSuccess: (payload) => ({ ...entry, payload }),
      onFailure: (found) => new EntryTooLargeError({ ...place, ...found, limitedBy: cipher.module })
    })
  const decode: EntryMapping["decode"] = (entry, place, name) => {
    if (entry === undefined) return Effect.undefined
    const found = Effect.mapEager(
      cipher.decrypt(entry, name),
      ({ payload, needsRotation, createdAt = entry.createdAt, expiresAt = entry.expiresAt }): Entry | undefined =>
        needsRotation
          ? { ...entry, payload, createdAt, expiresAt, needsRotation }
          : { ...entry, payload, createdAt, expiresAt }
    )
    return Effect.catchEager(found, (reason) => {
      if (reason === "not-encrypted" && allowPlaintext) return Effect.succeed({ ...entry, needsRotation: true })
      return onDecryptionError === "miss" ? Effect.undefined : Effect.fail(new DecryptionError({ ...place, reason }))
    })
  }
  return mapEntries({ encode, decode, mayHide: onDecryptionError === "miss", prefersText: true })
}
