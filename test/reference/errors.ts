/** The errors of effect-kv, from `src/KeyValueError.ts`. */
import * as Duration from "effect/Duration"
import * as KeyValueError from "../../src/KeyValueError.ts"
import * as docstrings from "./docstrings.ts"

const file = "src/KeyValueError.ts"

export interface ErrorInfo {
  readonly tag: string
  readonly doc: docstrings.Doc
  /** The fields beside `operation`, `collection` and `keys`. */
  readonly fields: ReadonlyArray<docstrings.Member>
  readonly hasPlace: boolean
  readonly retryable: string
  /** The outcome of a write. */
  readonly outcome: string
}

type Failure = { readonly retryable: boolean; readonly outcome?: KeyValueError.Outcome | undefined }

const classes = KeyValueError as unknown as Readonly<Record<string, new (fields: object) => Failure>>

/** Fields on which `retryable` or `outcome` depend, each with the values to try. The first is the usual one. */
const variants: ReadonlyArray<readonly [field: string, values: ReadonlyArray<unknown>]> = [
  ["sent", [true, false]],
  ["isClosed", [undefined, true]],
  ["maybeApplied", [undefined, true]]
]

const sample = {
  operation: "put",
  collection: "users",
  keys: ["alice"],
  reason: "a reason",
  module: "Redis",
  duration: Duration.seconds(1),
  retryAfter: Duration.seconds(1)
}

/** Errors that no write fails with, so they have no outcome. */
const readsOnly = ["MissingKeyError"]

/** A property of an error as text: its usual value, and the values that it has if a field has another one. */
const propertyOf = (tag: string, names: ReadonlyArray<string>, show: (error: Failure) => string): string => {
  const operation = readsOnly.includes(tag) ? "get" : sample.operation
  const make = (fields: object) => show(new classes[tag]!({ ...sample, operation, ...usual, ...fields }))
  const own = variants.filter(([field]) => names.includes(field))
  const usual = Object.fromEntries(own.map(([field, [value]]) => [field, value]))
  const base = make({})
  const others = own.flatMap(([field, [, ...values]]) =>
    values.flatMap((value) => {
      const found = make({ [field]: value })
      return found === base ? [] : [`${found} if \`${field}\` is ${value}`]
    })
  )
  return [base, ...others].join("; ")
}

const tags = docstrings
  .exportsOf(file)
  .filter(({ kind, name }) => kind === "class" && name.endsWith("Error"))
  .map(({ name }) => name)

export const errorNames: ReadonlyArray<string> = tags

export const placeFields = docstrings
  .membersOf("src/errors/place.ts", "Place")
  .filter(({ name }) => name !== "outcomeOfPart")

export const errors: ReadonlyArray<ErrorInfo> = docstrings
  .exportsOf(file)
  .filter(({ name }) => tags.includes(name))
  .map(({ name: tag, doc }) => {
    const all = docstrings.fieldsOfClass(file, tag)
    const place = ["operation", "collection", "keys", "outcomeOfPart"]
    const fields = all.filter(({ name }) => !place.includes(name))
    const names = all.map(({ name }) => name)
    return {
      tag,
      doc,
      fields,
      hasPlace: names.includes("operation"),
      retryable: propertyOf(tag, names, ({ retryable }) => (retryable ? "yes" : "no")),
      outcome: propertyOf(tag, names, ({ outcome }) => (outcome === undefined ? "none" : `\`"${outcome}"\``))
    }
  })
