/**
 * Values encrypted with Fernet, in py-key-value's envelope or in a frame.
 *
 * **Details**
 *
 * The envelope is `{ "__encrypted_data__": base64 of a Fernet token, "__encryption_version__": 1 }`, where the token is
 * base64 itself. A frame holds the bytes of the token.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as base64 from "#base64"
import type { DecryptionReason } from "../KeyValueError.ts"
import { type ExactOption, type Json, Payload } from "../Value.ts"
import * as utf8 from "../value/utf8.ts"
import * as content from "./content.ts"
import { type Envelope, maxEnvelopeBytes, type TooLarge } from "./envelope.ts"
import * as fernet from "./fernet.ts"
import * as frame from "./frame.ts"

const version = 1
const dataField = "__encrypted_data__"
const versionField = "__encryption_version__"

/**
 * A value, encrypted under a key. A random `iv` is made unless it is given, which only test vectors should. Fails when the
 * value is too large for a JSON envelope, where it is base64 twice.
 *
 * @since 0.1.0
 */
export const encode = (
  payload: Payload,
  key: fernet.Key,
  time: number,
  envelope: Envelope,
  iv?: Uint8Array
): Effect.Effect<Payload, TooLarge> => {
  if (envelope === "json" && payload.size > maxMessageBytes) {
    return Effect.fail({ size: payload.size, maxSize: maxMessageBytes })
  }
  return Effect.mapEager(fernet.encrypt(key, content.encode(payload), time, iv), (token) =>
    envelope === "binary" ? frame.make("fernet", token) : toJson(token)
  )
}

/** What becomes text of {@link maxEnvelopeBytes}, with the token's own bytes and its padding. */
const maxMessageBytes = Math.floor(maxEnvelopeBytes / 4) * 3 - 128

/**
 * A token in py-key-value's envelope: base64 twice.
 *
 * @since 0.1.0
 */
export const toJson = (token: Uint8Array): Payload =>
  Payload.json({ [dataField]: base64.encode(utf8.encode(fernet.format(token))), [versionField]: version })

/**
 * What {@link decode} found.
 *
 * @since 0.1.0
 */
export interface Decoded {
  readonly payload: Payload
  /** The key that it was encrypted under. */
  readonly key: fernet.Key
  readonly envelope: Envelope
  /** When it was encrypted: whole seconds, in milliseconds since the epoch. */
  readonly time: number
}

/**
 * Options of {@link decode}.
 *
 * @since 0.1.0
 */
export interface DecodeOptions extends ExactOption {
  /** How old a token may be. Default: any age. */
  readonly age?: fernet.Age | undefined
}

/**
 * The value of an envelope or frame that one of the keys was used for.
 *
 * @since 0.1.0
 */
export const decode = (
  payload: Payload,
  keys: ReadonlyArray<fernet.Key>,
  options?: DecodeOptions
): Effect.Effect<Decoded, DecryptionReason> => {
  const found = open(payload)
  if (Result.isFailure(found)) return Effect.fail(found.failure)
  const { token, envelope } = found.success
  return Effect.flatMapEager(fernet.decrypt(keys, token, options?.age), ({ message, key, time }) => {
    const decoded = content.decode(message, options)
    return Result.isFailure(decoded)
      ? Effect.fail("corrupted")
      : Effect.succeed({ payload: decoded.success, key, envelope, time })
  })
}

interface Opened {
  readonly token: Uint8Array
  readonly envelope: Envelope
}

const open = (payload: Payload): Result.Result<Opened, DecryptionReason> => {
  const found = frame.open(payload)
  if (found === undefined) return openJson(payload)
  if (found === "an unknown version") return Result.fail("unsupported-version")
  if (found === "an unknown codec") return Result.fail("corrupted")
  return found.codec === "fernet"
    ? Result.succeed({ token: found.data, envelope: "binary" })
    : Result.fail("not-encrypted")
}

/** Other fields are ignored, as py-key-value ignores them: decrypting shows whether it is a token. */
const openJson = ({ value }: Payload): Result.Result<Opened, DecryptionReason> => {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, dataField))
    return Result.fail("not-encrypted")
  const { [dataField]: data, [versionField]: written } = value as Readonly<Record<string, Json>>
  if (typeof written === "number" && written !== version) return Result.fail("unsupported-version")
  const token = typeof data === "string" && written === version ? parse(data) : undefined
  return token === undefined ? Result.fail("corrupted") : Result.succeed({ token, envelope: "json" })
}

const parse = (data: string): Uint8Array | undefined => {
  const text = Result.flatMap(base64.decode(data), (bytes) => Result.try(() => utf8.decodeUnsafe(bytes)))
  return Result.isSuccess(text) ? fernet.parse(text.success) : undefined
}
