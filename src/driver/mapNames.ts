import * as Effect from "effect/Effect"
import type { Compound } from "../codecs/names.ts"
import { type CommonError, StoreError, type WriteError } from "../KeyValueError.ts"
import { mapAtomic } from "./around.ts"
import type * as Call from "./Call.ts"
import * as Calls from "./Calls.ts"
import type { Driver, Listing } from "./Driver.ts"
import * as extents from "./extents.ts"
import { deleteListed } from "./listing/clearByListing.ts"
import { AllListed, type Listed } from "./listing/Listed.ts"

/**
 * Translates names of one level of the stack into names of the level below, and back.
 *
 * **Details**
 *
 * `encode` must return different names for different names. It must also keep prefixes: if `a` is a prefix of `b`,
 * `encode(a)` must be a prefix of `encode(b)`. `decode` is the inverse of `encode`, and returns `undefined` for a name that
 * `encode` never returns.
 *
 * @since 0.1.0
 */
export interface NameCodec {
  readonly encode: (name: string) => string
  readonly decode: (name: string) => string | undefined
}

/**
 * Makes a codec that puts a prefix before each name.
 *
 * @since 0.1.0
 */
export const prefixed = (prefix: string): NameCodec => ({
  encode: (name) => prefix + name,
  decode: (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : undefined)
})

const unchanged: NameCodec = { encode: (name) => name, decode: (name) => name }

type Keyed = Call.Get | Call.Put | Call.Delete | Call.CompareAndPut | Call.Increment

/**
 * Renames collections, keys or both. Namespaces are made this way.
 *
 * **Details**
 *
 * Names are encoded on the way in. An enumeration decodes them on the way out. An entry with a name that `decode` does not
 * know is ignored: it is not listed or cleared, and when it has expired, it is not removed or counted.
 *
 * @since 0.1.0
 */
export const mapNames =
  (mapping: { readonly collection?: NameCodec; readonly key?: NameCodec }) =>
  (driver: Driver): Driver => {
    const { collection = unchanged, key = unchanged } = mapping
    const { extents: reached, listing, maintenance } = driver
    return {
      ...renamed(driver, (call) => ({
        ...call,
        collection: collection.encode(call.collection),
        keys: call.keys.map(key.encode)
      })),
      extents: reached && extents.renamed(reached, { collection: collection.encode, key: key.encode }),
      listing: listing && {
        keys: (call) =>
          Effect.map(
            listing.keys({ ...call, collection: collection.encode(call.collection), prefix: key.encode(call.prefix) }),
            decodingNames(key.decode)
          ),
        collections: (call) =>
          Effect.map(
            listing.collections({
              ...call,
              prefix: collection.encode(call.prefix),
              keyPrefix: key.encode(call.keyPrefix)
            }),
            decodingNames(collection.decode)
          )
      },
      maintenance: maintenance && {
        clear: (call) =>
          maintenance.clear({
            ...call,
            collection:
              "name" in call.collection
                ? { name: collection.encode(call.collection.name) }
                : { prefix: collection.encode(call.collection.prefix) },
            keyPrefix: key.encode(call.keyPrefix)
          }),
        removeExpired: (call) =>
          maintenance.removeExpired(
            selectingByOuterNames(call, (storedCollection, storedKey) => [
              collection.decode(storedCollection),
              key.decode(storedKey)
            ])
          )
      }
    }
  }

/** Renames in calls that have keys. The caller must rename in listing and maintenance. */
const renamed = (driver: Driver, rename: <C extends Keyed>(call: C) => C): Driver => {
  const { get, put, delete: remove, atomic } = driver
  return {
    ...driver,
    get: (call) => get(rename(call)),
    put: (call) => put(rename(call)),
    delete: (call) => remove(rename(call)),
    atomic: atomic && mapAtomic(atomic, (next) => (call) => next(rename(call)))
  }
}

/** Lets `selects` of a call see outer names, although the store calls it with inner names. */
const selectingByOuterNames = (
  call: Call.RemoveExpired,
  decode: (collection: string, key: string) => readonly [collection?: string | undefined, key?: string | undefined]
): Call.RemoveExpired => ({
  ...call,
  selects: (storedCollection, storedKey) => {
    const [collection, key] = decode(storedCollection, storedKey)
    if (collection === undefined || key === undefined) return false
    return call.selects === undefined || call.selects(collection, key)
  }
})

const decodingNames =
  (decode: NameCodec["decode"]) =>
  (page: Call.Page): Call.Page => ({
    names: page.names.flatMap((name) => decode(name) ?? []),
    next: page.next
  })

/**
 * Keeps all collections in a single one, and makes the collection's name a part of each key.
 *
 * **Details**
 *
 * Listing collections reads all keys of that single collection. So does clearing more than one collection.
 *
 * @since 0.1.0
 */
export const foldCollections =
  (into: string, names: Compound) =>
  (driver: Driver): Driver => {
    const { extents: reached, listing, maintenance } = driver
    return {
      ...renamed(driver, (call) => ({
        ...call,
        collection: into,
        keys: call.keys.map((key) => names.encode(call.collection, key))
      })),
      extents: reached && extents.folded(reached, into),
      listing: listing && {
        keys: (call) => {
          const { length } = names.encode(call.collection, "")
          return Effect.map(
            listing.keys({ ...call, collection: into, prefix: names.encode(call.collection, call.prefix) }),
            decodingNames((name) => name.slice(length))
          )
        },
        collections: (call) => foldedCollections(listing, into, names, call)
      },
      maintenance: maintenance && {
        clear: (call) =>
          "name" in call.collection
            ? maintenance.clear({
                ...call,
                collection: { name: into },
                keyPrefix: names.encode(call.collection.name, call.keyPrefix)
              })
            : clearFolded(driver, into, names, { ...call, prefix: call.collection.prefix }),
        removeExpired: (call) =>
          maintenance.removeExpired(
            selectingByOuterNames(call, (collection, key) => (collection === into ? (names.decode(key) ?? []) : []))
          )
      }
    }
  }

interface Folded {
  readonly prefix: string
  readonly keyPrefix: string
}

const collectionMatcher =
  (names: Compound, { prefix, keyPrefix }: Folded) =>
  (name: string): string | undefined => {
    const pair = names.decode(name)
    return pair?.[0].startsWith(prefix) && pair[1].startsWith(keyPrefix) ? pair[0] : undefined
  }

const foldedCollections = (
  listing: Listing,
  into: string,
  names: Compound,
  call: Call.Collections
): Effect.Effect<Call.Page, CommonError> => {
  const { inner, page, listed } = (call.cursor ?? { page: 0, listed: new AllListed() }) as {
    readonly inner: Call.Cursor
    readonly page: number
    readonly listed: Listed
  }
  const collectionOf = collectionMatcher(names, call)
  const keys = Calls.keys(call.place, { collection: into, pageSize: call.pageSize, cursor: inner })
  return Effect.map(listing.keys(Calls.partOf(call, keys)), (found) => ({
    names: listed.fresh(
      found.names.flatMap((name) => collectionOf(name) ?? []),
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
): Effect.Effect<Call.Removed, WriteError> => {
  const { listing } = driver
  if (listing === undefined) {
    return Effect.fail(new StoreError({ ...call.place, reason: "the wrapped store cannot list the keys to clear" }))
  }
  const collectionOf = collectionMatcher(names, call)
  return deleteListed({ ...driver, listing }, call, { collection: into, cursor: call.cursor }, (stored) =>
    stored.filter((name) => collectionOf(name) !== undefined)
  )
}
