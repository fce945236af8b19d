import * as Formatter from "effect/Formatter"
import * as Result from "effect/Result"
import { type Call, collectionOf, type Incremented } from "../../driver/Call.ts"
import type { Entry } from "../../Entry.ts"
import type { KeyValueError } from "../../KeyValueError.ts"
import * as telemetry from "../../telemetry/attributes.ts"
import type { Payload, Value } from "../../Value.ts"
import { oneLine, shownName } from "../../value/oneLine.ts"

export type Annotations = Readonly<Record<string, unknown>>

/** How many keys and values of a batch are logged. */
const shown = 5

/** How many characters of an error's reason are logged. */
const maxReasonLength = 1000

export interface Config {
  readonly store: string | undefined
  readonly logKeys: boolean
  readonly logValues: boolean | ((value: Value, call: Call) => unknown)
  readonly maxValueLength: number
  readonly exactIntegers?: boolean | undefined
}

/** Annotates the operation, its collection, its keys and the entries that it writes. */
export const ofCall = (config: Config, call: Call): Annotations => {
  const collection = collectionOf(call)
  return {
    ...(config.store !== undefined && { store: config.store }),
    operation: call.place.operation,
    ...(collection !== undefined && { collection: shownName(collection) }),
    ...("keys" in call && ofKeys(config, call.keys)),
    ...(call._tag === "put" && ofWritten(config, call, call.entries)),
    ...(call._tag === "compareAndPut" && call.entry && ofWritten(config, call, [call.entry]))
  }
}

const ofKeys = (config: Config, keys: ReadonlyArray<string>): Annotations => ({
  ...(keys.length > 1 && { count: keys.length }),
  ...(config.logKeys && oneOrMany("key", keys, shownName))
})

const ofWritten = (config: Config, call: Call, entries: ReadonlyArray<Entry>): Annotations => {
  const [first] = entries
  return { ...(first && ofTtl(first, first.createdAt)), ...ofValues(config, call, entries) }
}

const ofTtl = ({ expiresAt }: Entry, now: number | undefined): Annotations =>
  expiresAt === undefined || now === undefined ? {} : { ttlMs: expiresAt - now }

/** Annotates the result of a successful call. `now` is in milliseconds since the epoch. */
export const ofResult = (config: Config, call: Call, value: unknown, now: number): Annotations => {
  switch (call._tag) {
    case "get": {
      const entries = value as ReadonlyArray<Entry | undefined>
      const [first] = entries
      return {
        ...ofHits(call, telemetry.countOf(call, value)),
        ...(call.expiry && first && entries.length === 1 && ofTtl(first, now)),
        ...ofValues(config, call, entries)
      }
    }
    case "delete":
      return { deleted: value }
    case "compareAndPut":
      return { applied: value === true }
    case "increment":
      return { applied: (value as Incremented)?.applied === true }
    case "put":
      return {}
    case "keys":
    case "collections":
    case "clear":
    case "removeExpired":
      return { count: telemetry.countOf(call, value).count }
  }
}

const ofHits = (call: { readonly keys: ReadonlyArray<string> }, { hits, misses }: telemetry.Counted): Annotations =>
  call.keys.length === 1 ? { hit: hits === 1 } : { hits, misses }

const ofValues = (config: Config, call: Call, entries: ReadonlyArray<Entry | undefined>): Annotations =>
  config.logValues === false || entries.every((entry) => entry === undefined)
    ? {}
    : oneOrMany(
        "value",
        entries,
        (entry) => entry && oneLine(textOf(config, call, entry.payload), config.maxValueLength)
      )

const textOf = ({ logValues, exactIntegers }: Config, call: Call, payload: Payload): string => {
  if (typeof logValues !== "function") return payload.isBytes ? bytes(payload.size) : payload.text
  return Result.getOrElse(
    Result.try(() => format(logValues(payload.copy().toValue(exactIntegers), call))),
    () => "<could not be shown>"
  )
}

const bytes = (size: number): string => `<${size} bytes>`

/** `formatJson` respects `Redacted` and other values that redact themselves. */
const format = (value: unknown): string =>
  value instanceof Uint8Array ? bytes(value.length) : String(Formatter.formatJson(value))

const oneOrMany = <A, B>(name: string, items: ReadonlyArray<A>, f: (item: A) => B): Annotations =>
  items.length === 1 ? { [name]: f(items[0] as A) } : { [`${name}s`]: items.slice(0, shown).map(f) }

/** Annotates why an operation failed. The reason may quote keys and values, so it is logged only if both are logged. */
export const ofFailure = (config: Config, errorType: string, error: KeyValueError | undefined): Annotations => {
  if (error === undefined) return { error: errorType }
  const code = telemetry.codeOf(error)
  return {
    error: errorType,
    ...(code !== undefined && { code }),
    ...(config.logKeys &&
      config.logValues === true &&
      "reason" in error && {
        reason: oneLine(String(error.reason), maxReasonLength)
      }),
    retryable: error.retryable,
    ...("outcome" in error && error.outcome !== undefined && { outcome: error.outcome })
  }
}
