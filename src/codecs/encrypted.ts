/**
 * Values encrypted with Fernet, in the envelope of py-key-value or in a frame.
 *
 * **Details**
 *
 * The envelope is `{ "__encrypted_data__": base64 of a Fernet token, "__encryption_version__": 1 }`. The token is
 * itself base64 text. A frame contains the bytes of the token.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as base64 from "#base64"
import type { DecryptionReason } from "../KeyValueError.ts"
import { type ExactIntegersOption, type Json, Payload } from "../Value.ts"
import * as utf8 from "../value/utf8.ts"
import * as content from "./content.ts"
import { type Envelope, maxEnvelopeBytes, type TooLarge } from "./envelope.ts"
import * as fernet from "./fernet.ts"
import * as frame from "./frame.ts"

const version = 1
const dataField = "__encrypted_data__"
const versionField = "__encryption_version__"

/**
 * Encrypts a value. The `iv` is random by default; only test vectors should pass one. Fails if the value is too large
 * for a JSON envelope, which encodes it as base64 twice.
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

/**
 * The maximum size of a value whose token, with its header and padding, fits into {@link maxEnvelopeBytes} as base64.
 */
const maxMessageBytes = Math.floor(maxEnvelopeBytes / 4) * 3 - 128

/**
 * Puts a token into the envelope of py-key-value, as base64 twice.
 *
 * @since 0.1.0
 */
export const toJson = (token: Uint8Array): Payload =>
  Payload.json({ [dataField]: base64.encode(utf8.encode(fernet.format(token))), [versionField]: version })

/**
 * The result of {@link decode}.
 *
 * @since 0.1.0
 */
export interface Decoded {
  readonly payload: Payload
  /** The key that encrypted the value. */
  readonly key: fernet.Key
  readonly envelope: Envelope
  /** When the value was encrypted, in milliseconds since the epoch, with a precision of one second. */
  readonly time: number
}

/**
 * Options of {@link decode}.
 *
 * @since 0.1.0
 */
export interface DecodeOptions extends ExactIntegersOption {
  /** Maximum age of a token. Default: any age. */
  readonly age?: fernet.Age | undefined
}

/**
 * Decrypts an envelope or frame with the key that encrypted it.
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

/** Ignores other fields, as py-key-value does. Decrypting shows whether the data is a token. */
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
