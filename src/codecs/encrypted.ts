/**
 * Encrypted values, in py-key-value's envelope.
 *
 * **Details**
 *
 * `{ "__encrypted_data__": base64 of a Fernet token, "__encryption_version__": 1 }`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { DecryptionReason } from "../KeyValueError.ts"
import { Payload } from "../Value.ts"
import { matchFields } from "./envelope.ts"
import * as fernet from "./fernet.ts"
import * as plaintext from "./plaintext.ts"

const version = 1
const fields = ["__encrypted_data__", "__encryption_version__"] as const

/**
 * The envelope of a value, encrypted under a key.
 *
 * @since 0.1.0
 */
export const encode = (payload: Payload, key: fernet.Key, time: number): Effect.Effect<Payload> =>
  Effect.mapEager(fernet.encrypt(key, plaintext.encode(payload), time), (token) =>
    Payload.json({ __encrypted_data__: fernet.wrapToken(token), __encryption_version__: version })
  )

/**
 * The value of an envelope that one of the keys was used for.
 *
 * @since 0.1.0
 */
export const decode = (payload: Payload, keys: ReadonlyArray<fernet.Key>): Effect.Effect<Payload, DecryptionReason> => {
  const envelope = matchFields(payload.value, fields)
  if (envelope === undefined) return Effect.fail(isMarked(payload) ? "corrupted" : "not-encrypted")
  const { __encrypted_data__: data, __encryption_version__: written } = envelope
  if (typeof written === "number" && written !== version) return Effect.fail("unsupported-version")
  const token = typeof data === "string" && written === version ? fernet.unwrapToken(data) : undefined
  if (token === undefined) return Effect.fail("corrupted")
  return Effect.flatMapEager(fernet.decrypt(keys, token), (message) =>
    Effect.mapError(Effect.fromResult(plaintext.decode(message)), () => "corrupted" as const)
  )
}

const isMarked = ({ value }: Payload): boolean =>
  typeof value === "object" && value !== null && Object.hasOwn(value, fields[0])
