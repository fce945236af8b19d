/**
 * Moves entries from an old store to a new one while the application is in use. The old store is a store of effect-kv, too,
 * such as `keyv/store.ts` or `unstorage/store.ts`.
 */
import { Context, Effect, Layer, Option, Stream } from "effect"
import { Atomic, Driver, Enumeration, type KeyValue, KeyValueError } from "effect-kv"

/** The collections that move, and the store that has them now. */
export interface Migration<E, R> {
  readonly from: Layer.Layer<KeyValue.KeyValue | Enumeration.Enumeration, E, R>
  readonly collections: ReadonlyArray<string>
}

type Listed = Enumeration.Service["driver"]

/** Some keys of a collection, as a part of a call. */
interface Part extends Driver.CallBase {
  readonly collection: string
  readonly keys: ReadonlyArray<string>
}

const reading = (part: Part, versioned = false): Driver.Get => {
  const { place, collection, keys } = part
  return Driver.Calls.partOf(part, Driver.Calls.get({ ...place, collection, keys }, { expiry: true, versioned }))
}

/**
 * Copies the entries that the new store lacks, with their expiry. Returns the number of copies.
 *
 * A copy is removed again if the old store lost the entry in the meantime, because the application has deleted it or has
 * written it to the new store. Copies have no `createdAt`, which tells them apart from entries that the application wrote.
 */
const copy = Effect.fnUntraced(function* (from: Driver.Driver, to: Atomic.Service["driver"], part: Part) {
  const compareAndPut = (key: string, write: Pick<Driver.CompareAndPut, "entry" | "expected">) => {
    const place = { ...part.place, collection: part.collection, keys: [key] }
    return to.atomic.compareAndPut(Driver.Calls.partOf(part, Driver.Calls.compareAndPut(place, write)))
  }
  const entries = yield* from.get(reading(part))
  const copies = yield* Effect.filter(
    part.keys.flatMap((key, i) => (entries[i] === undefined ? [] : [{ key, entry: entries[i] }])),
    ({ key, entry: { payload, expiresAt } }) =>
      compareAndPut(key, { entry: { payload, expiresAt, createdAt: undefined }, expected: undefined }).pipe(
        Effect.map((isWritten) => isWritten === true)
      ),
    { concurrency: 50 }
  )
  const keys = copies.map(({ key }) => key)
  if (keys.length === 0) return 0
  const remaining = yield* from.get(reading({ ...part, keys }))
  const gone = keys.filter((_, i) => remaining[i] === undefined)
  for (const key of gone) {
    const [entry] = yield* to.get(reading({ ...part, keys: [key] }, true))
    if (entry !== undefined && entry.createdAt === undefined) {
      yield* compareAndPut(key, { entry: undefined, expected: entry.version })
    }
  }
  return keys.length - gone.length
})

/** The old store, with only the collections that move. */
const limited = ({ driver }: Enumeration.Service, collections: ReadonlyArray<string>): Listed => {
  const moves = ({ collection }: { readonly collection: string }) => collections.includes(collection)
  return {
    ...driver,
    get: (call) => (moves(call) ? driver.get(call) : Effect.succeed(call.keys.map(() => undefined))),
    delete: (call) => (moves(call) ? driver.delete(call) : Effect.succeed(0)),
    listing: {
      keys: (call) => (moves(call) ? driver.listing.keys(call) : Effect.succeed({ names: [], next: undefined })),
      collections: ({ prefix }) =>
        Effect.succeed({ names: collections.filter((name) => name.startsWith(prefix)), next: undefined })
    }
  }
}

/**
 * A wrapper for the new store, for the time of the migration. Reads also find entries that only the old store has. Writes go
 * to the new store, and remove the key from the old one, so that its older value does not come back.
 */
export const migratingFrom = <E, R>({ from, collections }: Migration<E, R>) =>
  Driver.wrapperEffect(
    Effect.map(Layer.build(from), (context) =>
      migrating(limited(Context.get(context, Enumeration.Enumeration), collections))
    )
  )

const migrating =
  (from: Listed) =>
  (store: Driver.Driver): Driver.Driver => {
    const { atomic, listing, maintenance } = store
    const old = Enumeration.make(from)

    const get = Effect.fnUntraced(function* (call: Driver.Get) {
      const found = yield* store.get(call)
      const missing = call.keys.flatMap((_, i) => (found[i] === undefined ? [i] : []))
      if (missing.length === 0) return found
      const others = yield* from.get({ ...Driver.pick(call, missing), versioned: false })
      // A key that neither store has may have been moved between the two reads: written to the new store, and then removed from
      // the old one.
      const gone = missing.filter((_, i) => others[i] === undefined)
      const again = gone.length === 0 ? [] : yield* store.get(Driver.pick(call, gone))
      const byIndex = new Map([
        ...missing.map((index, i) => [index, others[i]] as const),
        ...gone.map((index, i) => [index, again[i]] as const)
      ])
      return found.map((entry, i) => entry ?? byIndex.get(i))
    })

    /** An error of something that comes before the operation itself. */
    const failed = (call: Driver.Call) => (cause: KeyValueError.KeyValueError) => {
      const place = Driver.beforeWriting(call.place)
      return new KeyValueError.StoreError({ ...place, reason: "an entry cannot be migrated", cause })
    }

    /** `Atomic` needs the entry in the new store. */
    const pull = (call: Driver.Get | Driver.CompareAndPut) =>
      atomic === undefined ? Effect.void : Effect.mapError(copy(from, { ...store, atomic }, call), failed(call))

    /** Removes keys from the old store after a write to the new one. If this fails, the write has been applied. */
    const forget = (call: Driver.Put | Driver.CompareAndPut) =>
      Effect.asVoid(from.delete({ ...Driver.toDelete(call), place: Driver.partlyApplied(call.place) }))

    const clearOld = ({ place, collection: which, keyPrefix: prefix }: Driver.Clear) => {
      const collections = "name" in which ? Stream.make(which.name) : old.collections({ prefix: which.prefix })
      return Stream.runForEach(collections, (collection) =>
        Stream.runForEach(Stream.grouped(old.keys({ collection, prefix }), 500), (keys) =>
          from.delete(Driver.Calls.remove({ ...place, collection, keys }))
        )
      )
    }

    return {
      ...store,
      get: (call) => (call.versioned ? Effect.andThen(pull(call), store.get(call)) : get(call)),
      put: (call) => Effect.andThen(store.put(call), forget(call)),
      delete: Effect.fnUntraced(function* (call) {
        const found = yield* Effect.mapError(get(reading(call)), failed(call))
        // From the old store first, so that `copy` notices that the entry is gone.
        yield* from.delete(call)
        yield* store.delete({ ...call, place: Driver.partlyApplied(call.place) })
        return new Set(call.keys.filter((_, i) => found[i] !== undefined)).size
      }),
      atomic: atomic && {
        compareAndPut: (call) =>
          Effect.tap(Effect.andThen(pull(call), atomic.compareAndPut(call)), (swapped) =>
            swapped === true ? forget(call) : Effect.void
          )
      },
      listing: listing && {
        keys: Driver.inTurn([listing.keys, (call) => keysOnlyIn(from, store, call, failed(call))]),
        collections: Driver.inTurn([
          listing.collections,
          (call) => collectionsOnlyIn(old, Enumeration.make({ ...store, listing }), call, failed(call))
        ])
      },
      maintenance: maintenance && {
        ...maintenance,
        clear: (call) =>
          Effect.andThen(call.cursor === undefined ? clearOld(call) : Effect.void, maintenance.clear(call))
      }
    }
  }

const keysOnlyIn = <E>(
  from: Listed,
  store: Driver.Driver,
  call: Driver.Keys,
  failed: (error: KeyValueError.KeyValueError) => E
) =>
  Effect.flatMap(from.listing.keys(call), ({ names, next }) =>
    Effect.map(Effect.mapError(store.get(reading({ ...call, keys: names })), failed), (found) => ({
      names: names.filter((_, i) => found[i] === undefined),
      next
    }))
  )

const collectionsOnlyIn = <E>(
  old: Enumeration.Service,
  store: Enumeration.Service,
  { prefix }: Driver.Collections,
  failed: (error: KeyValueError.KeyValueError) => E
) => {
  const isEmpty = ({ keys }: Enumeration.Service, collection: string) =>
    Effect.map(Stream.runHead(keys({ collection, limit: 1 })), Option.isNone)
  return old.collections({ prefix }).pipe(
    Stream.filterEffect((name) => isEmpty(store, name)),
    Stream.filterEffect((name) => Effect.map(isEmpty(old, name), (isEmpty) => !isEmpty)),
    Stream.runCollect,
    Effect.mapBoth({ onSuccess: (names) => ({ names, next: undefined }), onFailure: failed })
  )
}

/** The result for a batch of keys. */
export interface Progress {
  readonly collection: string
  readonly copied: number
  /** Keys that the new store has already, or that were removed in the meantime. */
  readonly skipped: number
  /** Keys whose entries cannot be read or stored. */
  readonly failed: ReadonlyArray<string>
}

/**
 * Copies all entries in batches to the store in the context, which must not be the one with the wrapper. You can stop it at
 * any time and start it again, because it does not overwrite entries of the new store.
 */
export const copyFrom = <E, R>(
  { from, collections }: Migration<E, R>,
  { batchSize = 500 }: { readonly batchSize?: number } = {}
) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const { driver, keys } = Context.get(yield* Layer.build(from), Enumeration.Enumeration)
      const { driver: to } = yield* Atomic.Atomic
      return Stream.fromIterable(collections).pipe(
        Stream.flatMap((collection) =>
          keys({ collection }).pipe(
            Stream.grouped(batchSize),
            Stream.mapEffect((batch) => copyBatch(driver, to, collection, batch))
          )
        )
      )
    })
  )

/** If an entry of the batch cannot be copied, each entry is copied on its own. An outage ends the copying. */
const copyBatch = (
  from: Driver.Driver,
  to: Atomic.Service["driver"],
  collection: string,
  keys: ReadonlyArray<string>
): Effect.Effect<Progress, KeyValueError.KeyValueError> =>
  copy(from, to, Driver.Calls.get({ operation: "getMany", collection, keys })).pipe(
    Effect.map((copied): Progress => ({ collection, copied, skipped: keys.length - copied, failed: [] })),
    Effect.catchIf(
      (error) => !error.retryable,
      () =>
        keys.length === 1
          ? Effect.succeed({ collection, copied: 0, skipped: 0, failed: keys })
          : Effect.map(
              Effect.forEach(keys, (key) => copyBatch(from, to, collection, [key])),
              (parts) => parts.reduce(sum)
            )
    )
  )

/** Adds the results of two batches. */
export const sum = (a: Progress, b: Progress): Progress => ({
  collection: a.collection === b.collection ? a.collection : "all",
  copied: a.copied + b.copied,
  skipped: a.skipped + b.skipped,
  failed: [...a.failed, ...b.failed]
})
