/**
 * Instances of keyv as a store of effect-kv: each collection is an instance. Entries keep the format of keyv.
 *
 * Works with keyv 5 only. keyv 6 has no `throwOnErrors`, so an outage looks like a missing key.
 */
import { Clock, Effect, Result } from "effect"
import { Driver, type Entry, KeyValueError, Value } from "effect-kv"
import type { DeserializedData, Keyv } from "keyv"

export interface Options {
  /**
   * Makes the instance of a collection. Set `throwOnErrors` in the instance and in its adapter, or a failure looks like a
   * missing key.
   */
  readonly open: (collection: string) => Keyv
}

/** Give the layer a `Timeout`, because the Redis adapter of keyv waits for a connection without a limit. */
export const layer = (options: Options) =>
  Driver.layer(
    Effect.acquireRelease(
      Effect.sync(() => new Map<string, Keyv>()),
      (opened) => Effect.promise(() => Promise.allSettled([...opened.values()].map((keyv) => keyv.disconnect())))
    ).pipe(Effect.map((opened) => make(options, opened)))
  )

const make = ({ open }: Options, opened: Map<string, Keyv>) => {
  const instance = (collection: string): Keyv => {
    const keyv = opened.get(collection) ?? open(collection)
    opened.set(collection, keyv)
    return keyv
  }

  const request = <A>(call: Driver.Call & { readonly collection: string }, run: (keyv: Keyv) => Promise<A>) =>
    Effect.tryPromise({
      try: () => run(instance(call.collection)),
      catch: (cause) =>
        new KeyValueError.StoreUnavailableError({ ...call.place, reason: "keyv has failed", sent: true, cause })
    })

  return {
    system: "keyv",
    defaultCollection: Driver.defaultCollection,
    get: (call) =>
      Effect.flatMap(
        request(call, (keyv) => keyv.getManyRaw([...call.keys])),
        (found) => Effect.forEach(found, (data, i) => toEntry(data, Driver.placeOf(call, i)))
      ),
    put: (call) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        request(call, (keyv) =>
          keyv.setMany(
            call.entries.map(({ payload: { value }, expiresAt }, i) => ({
              key: call.keys[i]!,
              value: value instanceof Uint8Array ? Buffer.from(value) : value,
              ...(expiresAt !== undefined && { ttl: Math.max(1, Math.ceil(expiresAt - now)) })
            }))
          )
        )
      ),
    delete: (call) =>
      Effect.map(
        request(call, (keyv) => Promise.all(call.keys.map((key) => keyv.delete(key)))),
        (existed) => existed.filter(Boolean).length
      ),
    listing: {
      /** The cursor is keyv's own iterator, which fetches more keys while it is read. */
      keys: (call) =>
        request(call, async (keyv): Promise<Driver.Page> => {
          const iterator = (call.cursor as ReturnType<typeof keysOf> | undefined) ?? keysOf(keyv)
          const names: Array<string> = []
          while (names.length < call.pageSize) {
            const { done, value } = await iterator.next()
            if (done === true) return { names, next: undefined }
            if (value.startsWith(call.prefix)) names.push(value)
          }
          return { names, next: iterator }
        }),
      /** keyv does not know its namespaces: these are the collections that have been used. */
      collections: ({ prefix }) =>
        Effect.sync(() => ({ names: [...opened.keys()].filter((name) => name.startsWith(prefix)), next: undefined }))
    }
  } satisfies Driver.Driver
}

/** Some adapters list a key twice. */
async function* keysOf(keyv: Keyv): AsyncGenerator<string, void> {
  if (keyv.iterator === undefined) throw new Error("the adapter cannot list its keys")
  const seen = new Set<string>()
  for await (const [key] of keyv.iterator(keyv.namespace)) {
    if (!seen.has(key)) yield key
    seen.add(key)
  }
}

/** Rejects values that JSON cannot express, which keyv keeps in memory. */
const toEntry = (data: DeserializedData<unknown> | undefined, place: KeyValueError.Place) => {
  if (data?.value === undefined) return Effect.undefined
  return Result.match(Value.Payload.from(data.value), {
    onFailure: ({ reason }) => Effect.fail(new KeyValueError.DeserializationError({ ...place, reason })),
    onSuccess: (payload) =>
      Effect.succeed<Entry.Entry>({ payload, createdAt: undefined, expiresAt: data.expires ?? undefined })
  })
}
