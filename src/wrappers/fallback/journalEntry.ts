import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as base64 from "#base64"
import type { Entry } from "../../Entry.ts"
import { lazy } from "../../platform/lazy.ts"
import { Payload } from "../../Value.ts"
import type { Slot } from "./Index.ts"

/** A write that the fallback accepted in place of the primary. */
export interface JournalEntry {
  readonly collection: string
  readonly key: string
  /** When it was accepted, in milliseconds since the epoch. */
  readonly acceptedAt: number
  /** `undefined` for a deletion. */
  readonly entry: Entry | undefined
}

const decodeStored = lazy(() =>
  Schema.decodeUnknownOption(
    Schema.Struct({
      version: Schema.Literal(1),
      collection: Schema.String,
      key: Schema.String,
      acceptedAt: Schema.Finite,
      operation: Schema.Literals(["put", "delete"]),
      /** The value's JSON as text, or its bytes in base64; neither for a deletion. */
      json: Schema.optionalKey(Schema.String),
      bytes: Schema.optionalKey(Schema.String),
      createdAt: Schema.optionalKey(Schema.Finite),
      expiresAt: Schema.optionalKey(Schema.Finite)
    })
  )
)

/** The entry that is stored. It does not expire, since also a value that has expired must be replayed. */
export const encode = ({ collection, key, acceptedAt, entry }: JournalEntry): Entry => {
  const names = { version: 1, collection, key, acceptedAt }
  const payload =
    entry === undefined ? { ...names, operation: "delete" } : { ...names, operation: "put", ...fieldsOf(entry) }
  return { payload: Payload.json(payload), createdAt: acceptedAt, expiresAt: undefined }
}

const fieldsOf = ({ payload, createdAt, expiresAt }: Entry) => ({
  ...(payload.value instanceof Uint8Array ? { bytes: base64.encode(payload.value) } : { json: payload.text }),
  ...(createdAt !== undefined && { createdAt }),
  ...(expiresAt !== undefined && { expiresAt })
})

/** `undefined` for an entry that is not one of a journal. */
export const decode = ({ payload }: Entry): JournalEntry | undefined => {
  const stored = Option.getOrUndefined(decodeStored()(payload.value))
  if (stored === undefined) return undefined
  const { collection, key, acceptedAt, operation, json, bytes, createdAt, expiresAt } = stored
  if (operation === "delete") return { collection, key, acceptedAt, entry: undefined }
  const value =
    json !== undefined
      ? Payload.parse(json)
      : Result.map(base64.decode(bytes ?? "*"), (bytes) => Payload.bytes(new Uint8Array(bytes)))
  return Result.isSuccess(value)
    ? { collection, key, acceptedAt, entry: { payload: value.success, createdAt, expiresAt } }
    : undefined
}

/** What the index has of a write that is stored under a name. */
export const slotOf = (name: string, { acceptedAt, entry }: JournalEntry): Slot => ({
  name,
  acceptedAt,
  isDelete: entry === undefined,
  expiresAt: entry?.expiresAt
})
