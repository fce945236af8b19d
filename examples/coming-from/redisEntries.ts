/**
 * Entries of another library in Redis as a store of effect-kv that can be read, listed and emptied. The format says how they
 * are named and what they contain.
 */
import { Effect, Result } from "effect"
import { Driver, type Entry, KeyValueError, Value } from "effect-kv"
import { Redis } from "ioredis"

/** What Redis has under a key. */
export interface Stored {
  readonly text: string
  /** Milliseconds since the epoch. `undefined`: the key does not expire. */
  readonly expiresAt: number | undefined
}

export interface Found {
  readonly value: unknown
  readonly expiresAt: number | undefined
}

export interface Format {
  /** What all Redis keys of a collection begin with. The key of the entry follows. */
  readonly prefixOf: (collection: string) => string
  /** Reads what is stored under some keys. `read` reads other keys of the database. A value may be missing. */
  readonly decode: (
    stored: ReadonlyArray<Stored | undefined>,
    collection: string,
    read: (names: ReadonlyArray<string>) => Promise<ReadonlyArray<string | null>>
  ) => Promise<ReadonlyArray<Found | undefined>>
  /** Keys that are no entries. Default: none. */
  readonly isOther?: (key: string) => boolean
}

export interface Options {
  readonly url: string
}

export const layer = (format: Format, options: Options) =>
  Driver.layer(
    Effect.acquireRelease(
      Effect.sync(() => new Redis(options.url, { enableOfflineQueue: false, lazyConnect: true })),
      (client) => Effect.sync(() => client.disconnect())
    ).pipe(
      Effect.tap((client) =>
        Effect.tryPromise({
          try: () => client.on("error", () => {}).connect(),
          catch: (cause) =>
            new KeyValueError.StoreSetupError({ module: "RedisEntries", reason: "no connection", cause })
        })
      ),
      Effect.map((client) => make(client, format))
    )
  )

/** Redis may return a key twice. */
interface Cursor {
  readonly cursor: string
  readonly seen: Set<string>
}

const make = (client: Redis, { prefixOf, decode, isOther = () => false }: Format) => {
  const request = <A>({ place }: Driver.Call, run: () => Promise<A>) =>
    Effect.tryPromise({
      try: run,
      catch: (cause) =>
        new KeyValueError.StoreUnavailableError({ ...place, reason: "Redis does not answer", sent: true, cause })
    })

  const read = (names: ReadonlyArray<string>) => (names.length === 0 ? Promise.resolve([]) : client.mget([...names]))

  const stored = async (names: ReadonlyArray<string>): Promise<ReadonlyArray<Stored | undefined>> => {
    const [texts, ttls] = await Promise.all([read(names), Promise.all(names.map((name) => client.pttl(name)))])
    return texts.map((text, i) => {
      const left = ttls[i]!
      return text === null || left === -2 ? undefined : { text, expiresAt: left < 0 ? undefined : Date.now() + left }
    })
  }

  return {
    system: "redis",
    defaultCollection: Driver.defaultCollection,
    get: (call) =>
      Effect.flatMap(
        request(call, async () => {
          const names = call.keys.map((key) => prefixOf(call.collection) + key)
          return decode(await stored(names), call.collection, read)
        }),
        (found) => Effect.forEach(found, (data, i) => toEntry(data, Driver.placeOf(call, i)))
      ),
    put: (call) => Effect.fail(new KeyValueError.ReadOnlyError(call.place)),
    delete: (call) => request(call, () => client.unlink(call.keys.map((key) => prefixOf(call.collection) + key))),
    listing: {
      keys: (call) =>
        request(call, async () => {
          const prefix = prefixOf(call.collection)
          const pattern = `${(prefix + call.prefix).replace(/[\\*?[\]]/g, "\\$&")}*`
          const { cursor, seen } = (call.cursor as Cursor | undefined) ?? { cursor: "0", seen: new Set() }
          const [next, found] = await client.scan(cursor, "MATCH", pattern, "COUNT", call.pageSize)
          const keys = found.map((name) => name.slice(prefix.length)).filter((key) => !isOther(key) && !seen.has(key))
          const names = [...new Set(keys)]
          for (const name of names) seen.add(name)
          return { names, next: next === "0" ? undefined : ({ cursor: next, seen } satisfies Cursor) }
        }),
      collections: ({ place }) =>
        Effect.fail(new KeyValueError.StoreError({ ...place, reason: "the collections are not known" }))
    }
  } satisfies Driver.Driver
}

const toEntry = (found: Found | undefined, place: KeyValueError.Place) => {
  if (found === undefined) return Effect.undefined
  return Result.match(Value.Payload.from(found.value), {
    onFailure: ({ reason }) => Effect.fail(new KeyValueError.DeserializationError({ ...place, reason })),
    onSuccess: (payload): Effect.Effect<Entry.Entry> =>
      Effect.succeed({ payload, createdAt: undefined, expiresAt: found.expiresAt })
  })
}
