import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { around } from "../../src/driver/around.ts"
import type * as Call from "../../src/driver/Call.ts"
import type { Driver } from "../../src/driver/Driver.ts"
import type { Entry } from "../../src/Entry.ts"
import * as Memory from "../../src/stores/Memory.ts"
import { Payload, type Value } from "../../src/Value.ts"

/** A driver with all capabilities. */
export type Able = Driver & { readonly [K in "listing" | "maintenance" | "atomic"]: NonNullable<Driver[K]> }

/** What a driver has, by name. */
export const partsOf = (driver: Driver): ReadonlyArray<string> =>
  Object.entries(driver)
    .flatMap(([name, value]) => (value === undefined ? [] : [name]))
    .sort()

/** A memory driver that records the calls that reach it. */
export const recording = Effect.map(Memory.make({}), (driver) => {
  const calls: Array<Call.Call> = []
  const recorded = around((call, next) =>
    Effect.suspend(() => {
      calls.push(call)
      return next(call)
    })
  )(driver) as Able
  return { calls, driver: recorded }
})

const base = { place: { operation: "get", collection: "app", keys: ["k"] }, deadline: undefined } as const

/** One call of each kind. */
export const call = {
  get: (collection: string, ...keys: ReadonlyArray<string>): Call.Get => ({
    ...base,
    _tag: "get",
    collection,
    keys,
    expiry: false,
    versioned: false
  }),
  put: (collection: string, values: Readonly<Record<string, Value>>): Call.Put => ({
    ...base,
    place: { operation: "putMany", collection: "app", keys: Object.keys(values) },
    _tag: "put",
    collection,
    keys: Object.keys(values),
    entries: Object.values(values).map(entry)
  }),
  delete: (collection: string, ...keys: ReadonlyArray<string>): Call.Delete => ({
    ...base,
    _tag: "delete",
    collection,
    keys
  }),
  compareAndPut: (
    collection: string,
    key: string,
    value: Value | undefined,
    expected?: unknown
  ): Call.CompareAndPut => ({
    ...base,
    _tag: "compareAndPut",
    collection,
    keys: [key],
    entry: value === undefined ? undefined : entry(value),
    expected
  }),
  increment: (collection: string, key: string, options?: Partial<Call.Increment>): Call.Increment => ({
    ...base,
    place: { operation: "increment", collection: "app", keys: [key] },
    _tag: "increment",
    collection,
    keys: [key],
    by: 1,
    initial: 0,
    min: Number.MIN_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
    createdAt: 0,
    expiresAt: undefined,
    renews: false,
    ...options
  }),
  keys: (collection: string, options?: Partial<Call.Keys>): Call.Keys => ({
    ...base,
    _tag: "keys",
    collection,
    prefix: "",
    pageSize: 1000,
    cursor: undefined,
    ...options
  }),
  collections: (options?: Partial<Call.Collections>): Call.Collections => ({
    ...base,
    _tag: "collections",
    prefix: "",
    keyPrefix: "",
    pageSize: 1000,
    cursor: undefined,
    ...options
  }),
  clear: (collection: Call.Clear["collection"], options?: Partial<Call.Clear>): Call.Clear => ({
    ...base,
    _tag: "clear",
    collection,
    keyPrefix: "",
    cursor: undefined,
    ...options
  }),
  removeExpired: (): Call.RemoveExpired => ({ ...base, _tag: "removeExpired", cursor: undefined })
}

export const entry = (value: Value): Entry => ({
  payload: Result.getOrThrow(Payload.from(value)),
  createdAt: 0,
  expiresAt: undefined
})

export const valuesOf = (entries: ReadonlyArray<Entry | undefined>): ReadonlyArray<Value | undefined> =>
  entries.map((entry) => entry?.payload.value)

/** All pages of an enumeration. */
export const allNames = Effect.fnUntraced(function* <C extends Call.Keys | Call.Collections, E>(
  list: (call: C) => Effect.Effect<Call.Page, E>,
  first: C
) {
  const names: Array<string> = []
  let cursor: Call.Cursor
  do {
    const page: Call.Page = yield* list({ ...first, cursor })
    names.push(...page.names)
    cursor = page.next
  } while (cursor !== undefined)
  return names
})

/** The driver without its optional capabilities. */
export const bare = ({ system, defaultCollection, get, put, delete: remove }: Driver): Driver => ({
  system,
  defaultCollection,
  get,
  put,
  delete: remove
})
