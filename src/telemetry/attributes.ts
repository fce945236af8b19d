import * as Cause from "effect/Cause"
import * as Result from "effect/Result"
import type { Page, Removed } from "../driver/Call.ts"
import { type Call, keyCount } from "../driver/Call.ts"
import * as options from "../driver/options.ts"
import { errorOf } from "../driver/outcome.ts"
import type { Entry } from "../Entry.ts"
import type { KeyValueError, Operation } from "../KeyValueError.ts"
import { shownName } from "../value/oneLine.ts"

/** What telemetry calls a collection: its name, nothing, or what a function makes of the name. */
export type CollectionLabel = boolean | ((collection: string) => string | undefined)

export const collectionLabel = options.either([true, false], options.callback<Exclude<CollectionLabel, boolean>>(), {
  default: true
})

/** What stands for labels that are too many or could not be made, as in OpenTelemetry. */
export const other = "_OTHER"

export const labelOf = (label: CollectionLabel, collection: string | undefined): string | undefined => {
  if (collection === undefined || label === false) return undefined
  return label === true ? collection : calledBy(label, collection)
}

/** The same, as it may stand in an attribute: of bounded length, and without what breaks a line. */
export const shownLabelOf = (label: CollectionLabel, collection: string | undefined): string | undefined => {
  const name = labelOf(label, collection)
  return name === undefined ? undefined : shownName(name)
}

/** A function of the user's that throws, or answers no text, changes no operation. */
const calledBy = (label: (collection: string) => string | undefined, collection: string): string | undefined => {
  const name: unknown = Result.getOrElse(
    Result.try(() => label(collection)),
    () => other
  )
  return name === undefined || typeof name === "string" ? name : other
}

/** The attributes of OpenTelemetry's database conventions that metrics and spans share. */
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

/** `error.type`: an error's tag, `"Defect"` or `"Interrupted"`; `"_OTHER"` for what no driver may fail with. */
export const errorType = (cause: Cause.Cause<unknown>): string => {
  const error: { readonly _tag?: unknown } | undefined = errorOf(cause)
  if (error === undefined) return Cause.hasDies(cause) ? "Defect" : "Interrupted"
  return typeof error._tag === "string" && isTag.test(error._tag) ? error._tag : other
}

const isTag = /^[A-Za-z][A-Za-z0-9_]{0,63}$/

/**
 * The code that a failure's cause has, such as `ECONNREFUSED`: what may be told of it where keys and values may not.
 *
 * Texts may hold these: a backend's answer quotes the command that it refuses, a parser's error what it cannot read, a
 * file's name is a key.
 */
export const codeOf = (error: KeyValueError): string | undefined =>
  Result.getOrElse(
    Result.try(() => ("cause" in error ? codeIn(error.cause, 4) : undefined)),
    () => undefined
  )

/** Looks in an error, in its reason as platform errors have one, and in what caused it. */
const codeIn = (cause: unknown, depth: number): string | undefined => {
  if (typeof cause !== "object" || cause === null || depth === 0) return undefined
  if ("code" in cause && typeof cause.code === "string" && isCode.test(cause.code)) return cause.code
  return (
    ("reason" in cause ? codeIn(cause.reason, depth - 1) : undefined) ??
    ("cause" in cause ? codeIn(cause.cause, depth - 1) : undefined)
  )
}

const isCode = /^[A-Z][A-Z0-9_]{0,63}$/

/** How many keys a successful call was about, and how many of them were there. */
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
      // The reading half of an `update` or `getAndDelete` has counted the key already.
      return plain(call.place.operation === "putIfAbsent" ? 1 : 0)
    case "put":
      return plain(keyCount(call))
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
