/**
 * A part of a store: the entries that a driver can reach there.
 *
 * **Details**
 *
 * `collection` and `key` give the names that the store has for the names of the driver, and keep prefixes as a
 * `NameCodec` does: so what they make of `""` is what all these names begin with.
 *
 * @since 0.1.0
 */
export interface Extent {
  /** What is equal (`===`) for two drivers if an entry of one may be an entry of the other. */
  readonly store: unknown
  readonly collection: (name: string) => string
  readonly key: (name: string) => string
}

/** A driver, of which is known what it reaches. */
interface Reaching {
  readonly extents?: ReadonlyArray<Extent> | undefined
}

const same = (name: string): string => name

/** All entries of a store. */
export const whole = (store: unknown): Extent => ({ store, collection: same, key: same })

/** A part of a store that has a name of its own there, such as a table. */
export const part = (store: unknown, name: string): Extent => ({
  store,
  collection: (collection) => `${name}\0${collection}`,
  key: same
})

/** The extents of a driver that gives the names of its calls to another one by these functions. */
export const renamed = (
  extents: ReadonlyArray<Extent>,
  names: { readonly collection: (name: string) => string; readonly key: (name: string) => string }
): ReadonlyArray<Extent> =>
  extents.map(({ store, collection, key }) => ({
    store,
    collection: (name) => collection(names.collection(name)),
    key: (name) => key(names.key(name))
  }))

/** A collection of a store that is a store in turn, of entries that have collections of their own. */
class Folded {
  readonly within: Extent
  constructor(within: Extent) {
    this.within = within
  }
}

/** The extents of a driver that keeps all collections inside of one. */
export const folded = (extents: ReadonlyArray<Extent>, into: string): ReadonlyArray<Extent> =>
  extents.map((extent) => whole(new Folded({ ...extent, collection: () => extent.collection(into) })))

/** The stores that a driver reaches entries of: two drivers that {@link meet} have one in common. */
export const storesOf = ({ extents = [] }: Reaching): ReadonlySet<unknown> =>
  new Set(extents.map(({ store }) => rootOf(store)))

const rootOf = (store: unknown): unknown => (store instanceof Folded ? rootOf(store.within.store) : store)

/** May there be an entry that both drivers reach? */
export const meet = (a: Reaching, b: Reaching): boolean =>
  (a.extents ?? []).some((one) => (b.extents ?? []).some((other) => overlap(one, other)))

/** May there be an entry that is in both? */
const overlap = (a: Extent, b: Extent): boolean => {
  const [x, y] = [a.store, b.store]
  if (x instanceof Folded && y instanceof Folded) return overlap(x.within, y.within) && haveNamesInCommon(a, b)
  if (x instanceof Folded) return overlap(x.within, b)
  if (y instanceof Folded) return overlap(a, y.within)
  return x === y && haveNamesInCommon(a, b)
}

/** Do both drivers reach the same entries, and is that known? */
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

/** What a driver made of several reaches, if it is known of all of them. */
export const united = (drivers: ReadonlyArray<Reaching>): ReadonlyArray<Extent> | undefined =>
  drivers.some(({ extents }) => extents === undefined) ? undefined : drivers.flatMap(({ extents }) => extents ?? [])
