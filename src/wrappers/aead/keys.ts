import * as Effect from "effect/Effect"
import * as aead from "../../codecs/aead.ts"
import type { Input as SecretKey } from "../../codecs/secretKey.ts"
import * as options from "../../driver/options.ts"
import * as utf8 from "../../value/utf8.ts"

/**
 * An encryption key with its id.
 *
 * @since 0.1.0
 */
export interface Key {
  /**
   * Id of the key, which is stored unencrypted with each value. It has up to 255 bytes of UTF-8, such as `"2026-11"`.
   */
  readonly id: string
  /** Secret key of 32 bytes. It is given as bytes, or in base64 or base64url, with or without padding. */
  readonly key: SecretKey
}

/** Returns the keys by id (`ring`), and the key that encrypts. */
export const ringOf = Effect.fnUntraced(function* (
  keys: ReadonlyArray<{ readonly id: string; readonly key: Uint8Array }>
) {
  const ring = new Map<string, aead.Key>()
  for (const { id, key } of keys) {
    yield* options.check(
      "Aead",
      id !== "" && id.isWellFormed() && utf8.length(id) <= 255,
      "the id of a key is empty, longer than 255 bytes, or not well-formed"
    )
    yield* options.check("Aead", !ring.has(id), `two keys have the id "${id}"`)
    ring.set(id, aead.makeKey(id, key))
  }
  const current = keys[0] && ring.get(keys[0].id)
  return current === undefined ? yield* options.invalid("Aead", "at least one key is required") : { current, ring }
})
