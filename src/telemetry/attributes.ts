import * as Cause from "effect/Cause"
import * as Result from "effect/Result"
import type { Incremented, Page, Removed } from "../driver/Call.ts"
import { type Call, keyCount } from "../driver/Call.ts"
import * as options from "../driver/options.ts"
import { errorOf } from "../driver/outcome.ts"
import type { Entry } from "../Entry.ts"
import type { KeyValueError, Operation } from "../KeyValueError.ts"
import { shownName } from "../value/oneLine.ts"

/** How telemetry shows a collection: by its name (`true`), not at all (`false`), or by the string that a function returns. */
export type CollectionLabel = boolean | ((collection: string) => string | undefined)

export const collectionLabel = options.either([true, false], options.callback<Exclude<CollectionLabel, boolean>>(), {
  default: true
})

/** Replaces a label beyond the limit, and a label that could not be made. OpenTelemetry uses the same string. */
export const other = "_OTHER"

export const labelOf = (label: CollectionLabel, collection: string | undefined): string | undefined => {
  if (collection === undefined || label === false) return undefined
  return label === true ? collection : applyLabel(label, collection)
}

/** Like {@link labelOf}, but with a limited length and without line breaks, for use in an attribute. */
export const shownLabelOf = (label: CollectionLabel, collection: string | undefined): string | undefined => {
  const name = labelOf(label, collection)
  return name === undefined ? undefined : shownName(name)
}

/** Calls the user's function. The operation must not fail if the function throws or returns anything but a string. */
const applyLabel = (label: (collection: string) => string | undefined, collection: string): string | undefined => {
  const name: unknown = Result.getOrElse(
    Result.try(() => label(collection)),
    () => other
  )
  return name === undefined || typeof name === "string" ? name : other
}

/** The attributes that metrics and spans share, from OpenTelemetry's database conventions. */
export const attributesOf = (
  system: string,
  store: string | undefined,
  operation: Operation,
  collection: string | undefined
): Record<string, string> => ({
  "db.system.name": system,
  "db.operation.name": operation,
  ...(collection !== undefined && { "db.collection.name": collection }),
  ...(store !== undefined && { "db.namespace": store })
})

/** Returns `error.type`: the tag of an error, `"Defect"`, `"Interrupted"`, or `"_OTHER"` for an error without a valid tag. */
export const errorType = (cause: Cause.Cause<unknown>): string => {
  const error: { readonly _tag?: unknown } | undefined = errorOf(cause)
  if (error === undefined) return Cause.hasDies(cause) ? "Defect" : "Interrupted"
  return typeof error._tag === "string" && isTag.test(error._tag) ? error._tag : other
}

const isTag = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

/**
 * Returns the code of an error's cause, such as `ECONNREFUSED`. A code contains no key and no value.
 *
 * Messages are not safe to show: a backend quotes the command that it refuses, a parser quotes the text that it cannot read,
 * and the name of a file contains a key.
 */
export const codeOf = (error: KeyValueError): string | undefined =>
  Result.getOrElse(
    Result.try(() => ("cause" in error ? codeIn(error.cause, 4) : undefined)),
    () => undefined
  )

/** Searches an error, its `reason` (which platform errors have) and its `cause`. */
const codeIn = (cause: unknown, depth: number): string | undefined => {
  if (typeof cause !== "object" || cause === null || depth === 0) return undefined
  if ("code" in cause && typeof cause.code === "string" && isCode.test(cause.code)) return cause.code
  return (
    ("reason" in cause ? codeIn(cause.reason, depth - 1) : undefined) ??
    ("cause" in cause ? codeIn(cause.cause, depth - 1) : undefined)
  )
}

const isCode = /^[A-Z][A-Z0-9_]{0,63}$/

/** How many keys or entries a successful call had, and how many keys were found. */
export interface Counted {
  readonly count: number
  readonly hits: number
  readonly misses: number
}

export const countOf = (call: Call, value: unknown): Counted => {
  switch (call._tag) {
    case "get": {
      let hits = 0
      for (const entry of value as ReadonlyArray<Entry | undefined>) if (entry !== undefined) hits++
      return found(call.keys.length, hits)
    }
    case "delete":
      return found(call.keys.length, value as number)
    case "compareAndPut":
      // The read of an `update`, a `touch` or a `getAndDelete` has counted the key already.
      return plain(call.place.operation === "putIfAbsent" ? 1 : 0)
    case "increment":
      // Without a result, the read that follows counts the key.
      return plain((value as Incremented) === undefined ? 0 : 1)
    case "put":
      // The read of a `touch` has counted the key already.
      return plain(call.place.operation === "touch" ? 0 : keyCount(call))
    case "keys":
    case "collections":
      return plain((value as Page).names.length)
    case "clear":
    case "removeExpired":
      return plain((value as Removed).count)
  }
}

const found = (count: number, hits: number): Counted => ({ count, hits, misses: count - hits })

const plain = (count: number): Counted => ({ count, hits: 0, misses: 0 })
