/**
 * Constructors of calls. A call is about the names of its place, at this level of the stack, until it is told others.
 *
 * @since 0.2.0
 */
import type { Entry } from "../Entry.ts"
import type { Place } from "../KeyValueError.ts"
import type * as Call from "./Call.ts"

const keyed = (place: Place) => ({ place, deadline: undefined, collection: place.collection, keys: place.keys })

/**
 * A read. Default: without the exact expiry, and without versions.
 *
 * @since 0.2.0
 */
export const get = (place: Place, options?: { readonly expiry?: boolean; readonly versioned?: boolean }): Call.Get => ({
  _tag: "get",
  ...keyed(place),
  expiry: options?.expiry ?? false,
  versioned: options?.versioned ?? false
})

/**
 * A write of `entries[i]` under `place.keys[i]`.
 *
 * @since 0.2.0
 */
export const put = (place: Place, entries: ReadonlyArray<Entry>): Call.Put => ({
  _tag: "put",
  ...keyed(place),
  entries
})

/**
 * A deletion.
 *
 * @since 0.2.0
 */
export const remove = (place: Place): Call.Delete => ({ _tag: "delete", ...keyed(place) })

/**
 * A write, or without `entry` a deletion, if the entry still has the version `expected`.
 *
 * @since 0.2.0
 */
export const compareAndPut = (
  place: Place,
  write: Pick<Call.CompareAndPut, "entry" | "expected" | "keepsExpiry">
): Call.CompareAndPut => ({ _tag: "compareAndPut", ...keyed(place), ...write })

type PageOf<C extends Call.Call> = Partial<Omit<C, "_tag" | keyof Call.CallBase>>

/**
 * A page of the keys of a collection. Default: the first page, of up to 1,000 keys.
 *
 * @since 0.2.0
 */
export const keys = (place: Place, page: PageOf<Call.Keys> = {}): Call.Keys => ({
  _tag: "keys",
  place,
  deadline: undefined,
  collection: place.collection,
  prefix: "",
  pageSize: 1000,
  cursor: undefined,
  ...page
})

/**
 * A page of collections. Default: the first page, of up to 1,000 collections.
 *
 * @since 0.2.0
 */
export const collections = (place: Place, page: PageOf<Call.Collections> = {}): Call.Collections => ({
  _tag: "collections",
  place,
  deadline: undefined,
  prefix: "",
  keyPrefix: "",
  pageSize: 1000,
  cursor: undefined,
  ...page
})

/**
 * A page of a removal of all entries of a collection. Default: the first page, and the collection of the place.
 *
 * @since 0.2.0
 */
export const clear = (place: Place, page: PageOf<Call.Clear> = {}): Call.Clear => ({
  _tag: "clear",
  place,
  deadline: undefined,
  collection: { name: place.collection },
  keyPrefix: "",
  cursor: undefined,
  ...page
})

/**
 * A page of a removal of expired entries. Default: the first page, and all entries.
 *
 * @since 0.2.0
 */
export const removeExpired = (place: Place, page: PageOf<Call.RemoveExpired> = {}): Call.RemoveExpired => ({
  _tag: "removeExpired",
  place,
  deadline: undefined,
  cursor: undefined,
  ...page
})

/**
 * The same call as a part of another one, within the time of that one.
 *
 * @since 0.2.0
 */
export const partOf = <C extends Call.Call>(whole: Call.CallBase, part: C): C => ({
  ...part,
  deadline: whole.deadline,
  holder: whole.holder
})
