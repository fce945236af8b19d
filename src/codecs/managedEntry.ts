/**
 * How stores write an entry: a JSON value as py-key-value's managed entry, bytes in a frame with the same header.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type { Entry } from "../Entry.ts"
import * as json from "../internal/json.ts"
import * as utf8 from "../internal/utf8.ts"
import { type Json, Payload } from "../Value.ts"
import * as time from "./time.ts"

/**
 * The version that entries carry.
 *
 * @since 0.1.0
 */
export const version = 1

/**
 * An entry as it was read, with the names that it was written under (if they are there).
 *
 * @since 0.1.0
 */
export interface ManagedEntry {
  readonly entry: Entry
  readonly collection: string | undefined
  readonly key: string | undefined
}

/**
 * The stored form of an entry: JSON text, or bytes for bytes.
 *
 * **Details**
 *
 * The text has the fields `collection`, `created_at`, `expires_at` (only with a TTL), `key`, `value` and `version`, in
 * this order, compact and in UTF-8. Bytes are preceded by `0xEB 0x4B 0x56` (`\xEBKV`, which is not UTF-8), the frame's
 * version (1), the length of the header as a big-endian 32-bit number, and the header, which is the JSON above without
 * `value`.
 *
 * @since 0.1.0
 */
export const encode = (collection: string, key: string, entry: Entry): string | Uint8Array => {
  const created = entry.createdAt === undefined ? "" : `,"created_at":"${time.format(entry.createdAt)}"`
  const expires = entry.expiresAt === undefined ? "" : `,"expires_at":"${time.format(entry.expiresAt)}"`
  const head = `{"collection":${JSON.stringify(collection)}${created}${expires},"key":${JSON.stringify(key)}`
  const tail = `,"version":${version}}`
  const { value } = entry.payload
  return value instanceof Uint8Array ? frame(head + tail, value) : `${head},"value":${entry.payload.text}${tail}`
}

/**
 * Reads what {@link encode} or py-key-value wrote. Fails with the reason.
 *
 * @since 0.1.0
 */
export const decode = (stored: string | Uint8Array): Result.Result<ManagedEntry, string> => {
  if (typeof stored === "string") return decodeText(stored)
  if (isFrame(stored)) return decodeFrame(stored)
  return Result.flatMap(
    Result.mapError(
      Result.try(() => utf8.decodeUnsafe(stored)),
      () => "it is neither UTF-8 nor a frame"
    ),
    decodeText
  )
}

const magic = [0xeb, 0x4b, 0x56, version] as const
const headerAt = magic.length + 4

const frame = (header: string, value: Uint8Array): Uint8Array => {
  const head = utf8.encode(header)
  const bytes = new Uint8Array(headerAt + head.length + value.length)
  bytes.set(magic)
  new DataView(bytes.buffer).setUint32(magic.length, head.length)
  bytes.set(head, headerAt)
  bytes.set(value, headerAt + head.length)
  return bytes
}

const isFrame = (bytes: Uint8Array): boolean => bytes[0] === magic[0] && bytes[1] === magic[1] && bytes[2] === magic[2]

const decodeFrame = (bytes: Uint8Array): Result.Result<ManagedEntry, string> => {
  if (bytes[3] !== version) return Result.fail(`a frame of the unknown version ${bytes[3]}`)
  if (bytes.length < headerAt) return Result.fail("a frame that is cut off")
  const valueAt = headerAt + new DataView(bytes.buffer, bytes.byteOffset).getUint32(magic.length)
  if (valueAt > bytes.length) return Result.fail("a frame that is cut off")
  return Result.flatMap(
    Result.mapError(
      Result.try(() => JSON.parse(utf8.decodeUnsafe(bytes.subarray(headerAt, valueAt))) as unknown),
      () => "a frame whose header is not JSON"
    ),
    (header) => toEntry(header, () => Result.succeed(Payload.bytes(new Uint8Array(bytes.subarray(valueAt)))))
  )
}

const decodeText = (text: string): Result.Result<ManagedEntry, string> => {
  const parsed = json.parse(text)
  return Result.isFailure(parsed)
    ? Result.fail("it is not JSON")
    : toEntry(parsed.success, (fields) =>
        Object.hasOwn(fields, "value")
          ? Result.succeed(Payload.json(fields.value as Json, json.mayHaveNegativeZero(text)))
          : Result.fail("the entry has no value")
      )
}

const toEntry = (
  parsed: unknown,
  payloadOf: (fields: Record<string, unknown>) => Result.Result<Payload, string>
): Result.Result<ManagedEntry, string> => {
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    return Result.fail("it is not a JSON object")
  }
  const fields = parsed as Record<string, unknown>
  const createdAt = timeOf(fields, "created_at", true)
  if (typeof createdAt === "string") return Result.fail(createdAt)
  const expiresAt = timeOf(fields, "expires_at", false)
  if (typeof expiresAt === "string") return Result.fail(expiresAt)
  return Result.map(payloadOf(fields), (payload) => ({
    entry: { payload, createdAt, expiresAt },
    collection: typeof fields.collection === "string" ? fields.collection : undefined,
    key: typeof fields.key === "string" ? fields.key : undefined
  }))
}

/** The time in a field, or why there is none. */
const timeOf = (
  fields: Record<string, unknown>,
  name: "created_at" | "expires_at",
  naive: boolean
): number | string | undefined => {
  if (!Object.hasOwn(fields, name)) return undefined
  const text = fields[name]
  return (typeof text === "string" ? time.parse(text, { naive }) : undefined) ?? `its ${name} is not a time`
}
