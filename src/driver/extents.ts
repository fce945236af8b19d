/**
 * A part of a store: the entries that a driver can reach in it.
 *
 * **Details**
 *
 * `collection` and `key` return the store's name for a name of the driver. They keep prefixes, as a `NameCodec` does. So
 * all names of this part start with what the functions return for `""`.
 *
 * @since 0.1.0
 */
export interface Extent {
  /** Identifies the store. It is equal (`===`) for two drivers if an entry of one may be an entry of the other. */
  readonly store: unknown
  readonly collection: (name: string) => string
  readonly key: (name: string) => string
}

/** A driver that may say what it reaches. */
interface Reaching {
  readonly extents?: ReadonlyArray<Extent> | undefined
}

const same = (name: string): string => name

/** All entries of a store. */
export const whole = (store: unknown): Extent => ({ store, collection: same, key: same })

/** A named part of a store, such as a table. */
export const part = (store: unknown, name: string): Extent => ({
  store,
  collection: (collection) => `${name}\0${collection}`,
  key: same
})

/** The extents of a driver that renames collections and keys with these functions before it calls another driver. */
export const renamed = (
  extents: ReadonlyArray<Extent>,
  names: { readonly collection: (name: string) => string; readonly key: (name: string) => string }
): ReadonlyArray<Extent> =>
  extents.map(({ store, collection, key }) => ({
    store,
    collection: (name) => collection(names.collection(name)),
    key: (name) => key(names.key(name))
  }))

/** A collection that is used as a store, because its entries belong to several collections. */
class Folded {
  readonly within: Extent
  constructor(within: Extent) {
    this.within = within
  }
}

/** The extents of a driver that keeps all collections in a single one. */
export const folded = (extents: ReadonlyArray<Extent>, into: string): ReadonlyArray<Extent> =>
  extents.map((extent) => whole(new Folded({ ...extent, collection: () => extent.collection(into) })))

/** The stores that a driver reaches. Two drivers that {@link meet} have a store in common. */
export const storesOf = ({ extents = [] }: Reaching): ReadonlySet<unknown> =>
  new Set(extents.map(({ store }) => rootOf(store)))

const rootOf = (store: unknown): unknown => (store instanceof Folded ? rootOf(store.within.store) : store)

/** Whether both drivers may reach the same entry. */
export const meet = (a: Reaching, b: Reaching): boolean =>
  (a.extents ?? []).some((one) => (b.extents ?? []).some((other) => overlap(one, other)))

/** Whether both extents may contain the same entry. */
const overlap = (a: Extent, b: Extent): boolean => {
  const [x, y] = [a.store, b.store]
  if (x instanceof Folded && y instanceof Folded) return overlap(x.within, y.within) && haveNamesInCommon(a, b)
  if (x instanceof Folded) return overlap(x.within, b)
  if (y instanceof Folded) return overlap(a, y.within)
  return x === y && haveNamesInCommon(a, b)
}

/** Whether both drivers are known to reach exactly the same entries. */
export const coincide = (a: Reaching, b: Reaching): boolean =>
  a.extents !== undefined &&
  a.extents.length === b.extents?.length &&
  a.extents.every((extent, i) => isSame(extent, b.extents![i]!))

const isSame = (a: Extent, b: Extent): boolean => {
  const [x, y] = [a.store, b.store]
  const isSameStore = x instanceof Folded && y instanceof Folded ? isSame(x.within, y.within) : x === y
  return isSameStore && a.collection("") === b.collection("") && a.key("") === b.key("")
}

const haveNamesInCommon = (a: Extent, b: Extent): boolean =>
  mayBothStart(a.collection(""), b.collection("")) && mayBothStart(a.key(""), b.key(""))

const mayBothStart = (a: string, b: string): boolean => a.startsWith(b) || b.startsWith(a)

/** The extents of a driver that is made of several, or `undefined` if the extents of one of them are unknown. */
export const united = (drivers: ReadonlyArray<Reaching>): ReadonlyArray<Extent> | undefined =>
  drivers.some(({ extents }) => extents === undefined) ? undefined : drivers.flatMap(({ extents }) => extents ?? [])
