import * as Effect from "effect/Effect"
import type { Compound } from "../codecs/names.ts"
import { AllListed, type Listed } from "../internal/Listed.ts"
import type * as Call from "./Call.ts"
import type { Driver } from "./Driver.ts"

/**
 * How a name is written inside, and back.
 *
 * **Details**
 *
 * `encode` must give different names for different names, and keep prefixes: if `a` is a prefix of `b`, `encode(a)` is
 * one of `encode(b)`. `decode` is its inverse, and answers `undefined` for a name that `encode` never gives.
 *
 * @since 0.1.0
 */
export interface NameCodec {
  readonly encode: (name: string) => string
  readonly decode: (name: string) => string | undefined
}

/**
 * Puts a string before each name.
 *
 * @since 0.1.0
 */
export const prefixed = (prefix: string): NameCodec => ({
  encode: (name) => prefix + name,
  decode: (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : undefined)
})

const unchanged: NameCodec = { encode: (name) => name, decode: (name) => name }

type Keyed = Call.Get | Call.Put | Call.Delete | Call.CompareAndPut

/**
 * Renames collections, keys or both: the combinator of namespaces.
 *
 * **Details**
 *
 * Names are changed on the way in and, for enumeration, back; what the mapping did not name stays out of sight and is
 * not cleared.
 *
 * @since 0.1.0
 */
export const mapNames =
  (mapping: { readonly collection?: NameCodec; readonly key?: NameCodec }) =>
  (driver: Driver): Driver => {
    const { collection = unchanged, key = unchanged } = mapping
    const inward = <C extends Keyed>(call: C): C => ({
      ...call,
      collection: collection.encode(call.collection),
      keys: call.keys.map(key.encode)
    })
    return {
      ...rename(driver, inward),
      ...(driver.keys && {
        keys: (call) =>
          Effect.map(
            driver.keys!({ ...call, collection: collection.encode(call.collection), prefix: key.encode(call.prefix) }),
            outward(key.decode)
          )
      }),
      ...(driver.collections && {
        collections: (call) =>
          Effect.map(
            driver.collections!({
              ...call,
              prefix: collection.encode(call.prefix),
              keyPrefix: key.encode(call.keyPrefix)
            }),
            outward(collection.decode)
          )
      }),
      ...(driver.clear && {
        clear: (call) =>
          driver.clear!({
            ...call,
            collection:
              "name" in call.collection
                ? { name: collection.encode(call.collection.name) }
                : { prefix: collection.encode(call.collection.prefix) },
            keyPrefix: key.encode(call.keyPrefix)
          })
      })
    }
  }

const rename = (driver: Driver, inward: <C extends Keyed>(call: C) => C): Driver => ({
  ...driver,
  get: (call) => driver.get(inward(call)),
  put: (call) => driver.put(inward(call)),
  delete: (call) => driver.delete(inward(call)),
  ...(driver.compareAndPut && { compareAndPut: (call) => driver.compareAndPut!(inward(call)) })
})

const outward =
  (decode: NameCodec["decode"]) =>
  (page: Call.Page): Call.Page => ({
    names: page.names.flatMap((name) => decode(name) ?? []),
    next: page.next
  })

/**
 * Keeps all collections inside of one, with the collection's name as a part of the key.
 *
 * **Details**
 *
 * Enumerating collections, and clearing more than one of them, goes through all keys of the one collection.
 *
 * @since 0.1.0
 */
export const foldCollections =
  (into: string, names: Compound) =>
  (driver: Driver): Driver => ({
    ...rename(driver, (call) => ({
      ...call,
      collection: into,
      keys: call.keys.map((key) => names.encode(call.collection, key))
    })),
    ...(driver.keys && {
      keys: (call) => {
        const { length } = names.encode(call.collection, "")
        return Effect.map(
          driver.keys!({ ...call, collection: into, prefix: names.encode(call.collection, call.prefix) }),
          outward((name) => name.slice(length))
        )
      },
      collections: (call) => foldedCollections(driver.keys!, into, names, call)
    }),
    ...(driver.clear &&
      driver.keys && {
        clear: (call) =>
          "name" in call.collection
            ? driver.clear!({
                ...call,
                collection: { name: into },
                keyPrefix: names.encode(call.collection.name, call.keyPrefix)
              })
            : clearFolded(driver, into, names, { ...call, prefix: call.collection.prefix })
      })
  })

interface Folded {
  readonly prefix: string
  readonly keyPrefix: string
}

const matches =
  (names: Compound, { prefix, keyPrefix }: Folded) =>
  (name: string) => {
    const pair = names.decode(name)
    return pair?.[0].startsWith(prefix) && pair[1].startsWith(keyPrefix) ? pair[0] : undefined
  }

const foldedCollections = (
  keys: NonNullable<Driver["keys"]>,
  into: string,
  names: Compound,
  call: Call.Collections
): ReturnType<NonNullable<Driver["collections"]>> => {
  const { inner, page, listed } = (call.cursor ?? { page: 0, listed: new AllListed() }) as {
    readonly inner: Call.Cursor
    readonly page: number
    readonly listed: Listed
  }
  return Effect.map(keys({ ...call, _tag: "keys", collection: into, prefix: "", cursor: inner }), (found) => ({
    names: listed.fresh(
      found.names.flatMap((name) => matches(names, call)(name) ?? []),
      page
    ),
    next: found.next === undefined ? undefined : { inner: found.next, page: page + 1, listed }
  }))
}

const clearFolded = (
  driver: Driver,
  into: string,
  names: Compound,
  call: Call.Clear & Folded
): ReturnType<NonNullable<Driver["clear"]>> =>
  Effect.flatMap(driver.keys!({ ...call, _tag: "keys", collection: into, prefix: "", pageSize: 1000 }), (page) => {
    const keys = page.names.filter((name) => matches(names, call)(name) !== undefined)
    const removed =
      keys.length === 0
        ? Effect.succeed(0)
        : driver.delete({ _tag: "delete", place: call.place, deadline: call.deadline, collection: into, keys })
    return Effect.map(removed, (count) => ({ count, next: page.next }))
  })
