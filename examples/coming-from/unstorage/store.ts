/**
 * A storage of unstorage as a store of effect-kv: each collection is a base, such as `drafts:`. Entries keep the format of
 * unstorage.
 */
import { Effect, Result } from "effect"
import { Driver, type Entry, KeyValueError, Value } from "effect-kv"
import { prefixStorage, type Storage } from "unstorage"

export interface Options {
  readonly storage: Storage
  /**
   * Reads when an item expires, in milliseconds since the epoch. unstorage cannot tell, so ask the driver's client.
   * Default: items do not expire.
   */
  readonly expiresAt?: (key: string) => Promise<number | undefined>
}

/** Give the layer a `Timeout`, because ioredis waits for a connection without a limit. The storage is not disposed. */
export const layer = (options: Options) => Driver.layer(Effect.sync(() => make(options)))

const make = ({ storage, expiresAt = () => Promise.resolve(undefined) }: Options) => {
  const request = <A>(
    call: Driver.Call & { readonly collection: string },
    run: (storage: Storage, base: string) => Promise<A>
  ) =>
    Effect.tryPromise({
      try: () => run(prefixStorage(storage, call.collection), call.collection),
      catch: (cause) =>
        new KeyValueError.StoreUnavailableError({ ...call.place, reason: "unstorage has failed", sent: true, cause })
    })

  return {
    system: "unstorage",
    defaultCollection: Driver.defaultCollection,
    // It parses values itself.
    exactIntegers: false,
    get: (call) =>
      Effect.flatMap(
        request(call, (storage, base) =>
          Promise.all(call.keys.map((key) => Promise.all([storage.getItem(key), expiresAt(`${base}:${key}`)])))
        ),
        (found) => Effect.forEach(found, ([value, expiry], i) => toEntry(value, expiry, Driver.placeOf(call, i)))
      ),
    put: (call) => Effect.fail(new KeyValueError.ReadOnlyError(call.place)),
    delete: (call) =>
      request(call, async (storage) => {
        const existed = await Promise.all(call.keys.map((key) => storage.hasItem(key)))
        await Promise.all(call.keys.map((key) => storage.removeItem(key, { removeMeta: true })))
        return existed.filter(Boolean).length
      }),
    listing: {
      /** unstorage returns all keys at once. Its Redis driver may return a key twice. */
      keys: (call) =>
        Effect.map(
          request(call, (storage) => storage.getKeys()),
          (names) => ({ names: [...new Set(names)].filter((name) => name.startsWith(call.prefix)), next: undefined })
        ),
      collections: ({ place }) =>
        Effect.fail(new KeyValueError.StoreError({ ...place, reason: "the collections are not known" }))
    }
  } satisfies Driver.Driver
}

/** A miss is `null`. Text that is JSON is read as what it means, such as the text `42` as a number. */
const toEntry = (value: unknown, expiresAt: number | undefined, place: KeyValueError.Place) => {
  if (value === null) return Effect.undefined
  return Result.match(Value.Payload.from(value), {
    onFailure: ({ reason }) => Effect.fail(new KeyValueError.DeserializationError({ ...place, reason })),
    onSuccess: (payload): Effect.Effect<Entry.Entry> => Effect.succeed({ payload, createdAt: undefined, expiresAt })
  })
}
