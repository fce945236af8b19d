/**
 * The stored form of entries: a JSON value as the managed entry of py-key-value, bytes in a frame.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import type { Entry } from "../Entry.ts"
import { type ExactIntegersOption, type Json, Payload } from "../Value.ts"
import * as json from "../value/json.ts"
import { maxDepth } from "../value/jsonProblem.ts"
import { writeString } from "../value/jsonText.ts"
import * as utf8 from "../value/utf8.ts"
import * as content from "./content.ts"
import * as entryFrame from "./entryFrame.ts"
import * as time from "./time.ts"

/**
 * The versions of entries: 1 if the value is a JSON object, as always in py-key-value, and 2 for any other JSON value.
 *
 * @since 0.1.0
 */
export const versions = { object: 1, any: 2 } as const

/**
 * How JSON text is written: `"compact"`, in UTF-8, or exactly as `"py-key-value"` writes it (sorted fields, spaces,
 * ASCII). Both forms can always be read.
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
  /** Whether a frame of bytes contains the collection and the key. Default: true. */
  readonly frameNames?: boolean | undefined
}

/**
 * An entry, with the collection and the key that are stored with it, if any.
 *
 * @since 0.1.0
 */
export interface ManagedEntry {
  readonly entry: Entry
  readonly collection: string | undefined
  readonly key: string | undefined
}

/**
 * Encodes an entry: as JSON text, or as bytes if its value is bytes.
 *
 * **Details**
 *
 * The text has the fields `collection`, `created_at`, `expires_at` (only with a TTL), `key`, `value` and `version`, in
 * this order. Bytes are stored in a frame that begins with `0xEB 0x4B 0x56`, so it is not UTF-8. `docs/reference/wire-format.md`
 * describes the complete format.
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

/**
 * @internal The parts of the compact text of an entry whose value is a number, for a store that changes the number itself.
 * The text is `before`, `createdAt`, `expiresAt`, `between`, the number, and `after`.
 */
export const partsOfNumber = (
  collection: string,
  key: string,
  { createdAt, expiresAt }: { readonly createdAt: number; readonly expiresAt: number | undefined }
) => {
  const { string } = styles.compact
  return {
    before: `{"collection":${string(collection)},`,
    createdAt: `"created_at":"${time.format(createdAt)}",`,
    expiresAt: expiresAt === undefined ? "" : `"expires_at":"${time.format(expiresAt)}",`,
    between: `"key":${string(key)},"value":`,
    after: `,"version":${versions.any}}`
  }
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
export interface DecodeOptions extends ExactIntegersOption {
  /** Whether to accept any value without regard to the version, for files that people write. Default: false. */
  readonly anyVersion?: boolean | undefined
}

/**
 * Decodes an entry that {@link encode} or py-key-value wrote. Fails with the reason.
 *
 * **Details**
 *
 * As in py-key-value, the value of an entry must be an object, or the JSON text of an object, unless the version is 2.
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
      : Result.fail(`its frame has ${bytes.length - contentAt} bytes of content instead of ${contentLength}`)
  )

const decodeText = (text: string, options?: DecodeOptions): Result.Result<ManagedEntry, string> => {
  const parsed = json.parse(text, options?.exactIntegers ?? false, maxDepth + 1)
  if (Result.isFailure(parsed)) return Result.fail("it is not JSON, or is nested too deeply")
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
    : Result.fail("its value is not an object, which only version 2 allows")
}

/**
 * Returns the time in a field, or the reason why the field is not valid. Like py-key-value, it reads `""` as absent.
 */
const timeOf = (fields: Fields, name: "created_at" | "expires_at", naive: boolean): number | string | undefined => {
  const text = Object.hasOwn(fields, name) ? fields[name] : ""
  if (text === "") return undefined
  return (typeof text === "string" ? time.parse(text, { naive }) : undefined) ?? `its ${name} is not a time`
}
