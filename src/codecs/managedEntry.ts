/**
 * How stores write an entry: a JSON value as py-key-value's managed entry, bytes in a frame of their own.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type { Entry } from "../Entry.ts"
import { type ExactOption, type Json, Payload } from "../Value.ts"
import * as json from "../value/json.ts"
import { maxDepth } from "../value/jsonProblem.ts"
import { writeString } from "../value/jsonText.ts"
import * as utf8 from "../value/utf8.ts"
import * as content from "./content.ts"
import * as entryFrame from "./entryFrame.ts"
import * as time from "./time.ts"

/**
 * The versions that entries carry: 1 for a JSON object, which is all that py-key-value holds, and 2 for any other JSON
 * value.
 *
 * @since 0.1.0
 */
export const versions = { object: 1, any: 2 } as const

/**
 * How the JSON text is written: `"compact"` and in UTF-8, or to the letter as `"py-key-value"` writes it, with sorted
 * fields, spaces and in ASCII. Either reads both.
 *
 * @since 0.1.0
 */
export type Format = "compact" | "py-key-value"

/**
 * Options of {@link encode}.
 *
 * @since 0.1.0
 */
export interface EncodeOptions {
  /** How JSON is written. Default: `"compact"`. */
  readonly format?: Format | undefined
  /** Whether a frame of bytes has the names of the entry in it. Default: true. */
  readonly frameNames?: boolean | undefined
}

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
 * this order. Bytes are in a frame, which begins with `0xEB 0x4B 0x56` (and so is not UTF-8). `docs/wire-format.md`
 * has the whole.
 *
 * @since 0.1.0
 */
export const encode = (
  collection: string,
  key: string,
  { payload, createdAt, expiresAt }: Entry,
  options?: EncodeOptions
): string | Uint8Array => {
  if (payload.isBytes) {
    const names = options?.frameNames === false ? undefined : { collection, key }
    return entryFrame.encode({ createdAt, expiresAt, names }, ...content.toPieces(payload))
  }
  const { colon, comma, string, value } = styles[options?.format ?? "compact"]
  let text = `{"collection"${colon}${string(collection)}${comma}`
  if (createdAt !== undefined) text += `"created_at"${colon}"${time.format(createdAt)}"${comma}`
  if (expiresAt !== undefined) text += `"expires_at"${colon}"${time.format(expiresAt)}"${comma}`
  const version = payload.isObject ? versions.object : versions.any
  return `${text}"key"${colon}${string(key)}${comma}"value"${colon}${value(payload)}${comma}"version"${colon}${version}}`
}

interface Style {
  readonly colon: string
  readonly comma: string
  readonly string: (text: string) => string
  readonly value: (payload: Payload) => string
}

const styles: Record<Format, Style> = {
  compact: { colon: ":", comma: ",", string: (text) => JSON.stringify(text), value: (payload) => payload.text },
  "py-key-value": {
    colon: ": ",
    comma: ", ",
    string: (text) => writeString(text, { python: true }),
    value: (payload) => payload.pythonText
  }
}

/**
 * Options of {@link decode}.
 *
 * @since 0.1.0
 */
export interface DecodeOptions extends ExactOption {
  /** Whether any value is taken as it is, whatever the version says, for files that people write. Default: false. */
  readonly anyVersion?: boolean | undefined
}

/**
 * Reads what {@link encode} or py-key-value wrote. Fails with the reason.
 *
 * **Details**
 *
 * Where an entry is not of version 2, what py-key-value does holds: its value is an object, or text that is the JSON of
 * one, or else there is none.
 *
 * @since 0.1.0
 */
export const decode = (stored: string | Uint8Array, options?: DecodeOptions): Result.Result<ManagedEntry, string> => {
  if (typeof stored === "string") return decodeText(stored, options)
  if (entryFrame.isFrame(stored)) return decodeFrame(stored, options)
  const text = Result.try(() => utf8.decodeUnsafe(stored))
  return Result.isSuccess(text) ? decodeText(text.success, options) : Result.fail("it is neither UTF-8 nor a frame")
}

const decodeFrame = (bytes: Uint8Array, options?: DecodeOptions): Result.Result<ManagedEntry, string> =>
  Result.flatMap(entryFrame.decodeHead(bytes), ({ names, createdAt, expiresAt, contentAt, contentLength }) =>
    contentLength === bytes.length - contentAt
      ? Result.map(content.decode(bytes.subarray(contentAt), options), (payload) => ({
          entry: { payload, createdAt, expiresAt },
          collection: names?.collection,
          key: names?.key
        }))
      : Result.fail(`a frame with ${bytes.length - contentAt} bytes in the place of ${contentLength}`)
  )

const decodeText = (text: string, options?: DecodeOptions): Result.Result<ManagedEntry, string> => {
  const parsed = json.parse(text, options?.exact ?? false, maxDepth + 1)
  if (Result.isFailure(parsed)) return Result.fail("it is not JSON, or nested too deeply")
  const { value: fields } = parsed.success
  if (!isObject(fields)) return Result.fail("it is not a JSON object")
  const createdAt = timeOf(fields, "created_at", true)
  if (typeof createdAt === "string") return Result.fail(createdAt)
  const expiresAt = timeOf(fields, "expires_at", false)
  if (typeof expiresAt === "string") return Result.fail(expiresAt)
  const payload = payloadOf(fields, parsed.success, options)
  if (Result.isFailure(payload)) return Result.fail(payload.failure)
  return Result.succeed({
    entry: { payload: payload.success, createdAt, expiresAt },
    collection: typeof fields.collection === "string" ? fields.collection : undefined,
    key: typeof fields.key === "string" ? fields.key : undefined
  })
}

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const payloadOf = (fields: Fields, parsed: json.Parsed, options?: DecodeOptions): Result.Result<Payload, string> => {
  if (!Object.hasOwn(fields, "value")) return Result.fail("the entry has no value")
  const value = fields.value as Json
  const version = Object.hasOwn(fields, "version") ? fields.version : versions.object
  if (isObject(value) || version === versions.any || options?.anyVersion) {
    return Result.succeed(Payload.parsed({ value, numberKinds: parsed.numberKinds, source: parsed.source }, "value"))
  }
  const inner = typeof value === "string" ? Result.getOrUndefined(Payload.parse(value, options)) : undefined
  return inner !== undefined && isObject(inner.value)
    ? Result.succeed(inner)
    : Result.fail("its value is no object, which only an entry of version 2 may have")
}

/** The time in a field, which py-key-value takes for absent when it is empty; or why there is none. */
const timeOf = (fields: Fields, name: "created_at" | "expires_at", naive: boolean): number | string | undefined => {
  const text = Object.hasOwn(fields, name) ? fields[name] : ""
  if (text === "") return undefined
  return (typeof text === "string" ? time.parse(text, { naive }) : undefined) ?? `its ${name} is not a time`
}
