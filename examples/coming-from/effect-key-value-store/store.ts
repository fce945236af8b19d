/**
 * The entries of a `KeyValueStore` of Effect as a store of effect-kv that can be read, listed and emptied: each collection is
 * a prefix. (`EffectStore` of effect-kv has its own format, and does not find these entries.)
 */
import { Effect } from "effect"
import { KeyValueStore } from "effect/persistence"
import { Driver, type Entry, KeyValueError, Value } from "effect-kv"

export interface Options {
  /** What the keys of a collection begin with, such as `settings/`. */
  readonly prefixOf: (collection: string) => string
  /** `"json"` for what a `SchemaStore` has written, and `"text"` for other text. */
  readonly values: "json" | "text"
}

export const layer = (options: Options) =>
  Driver.layer(Effect.map(KeyValueStore.KeyValueStore, (store) => make(store, options)))

const make = (store: KeyValueStore.KeyValueStore, { prefixOf, values }: Options) => {
  const failed =
    ({ place }: Driver.Call) =>
    (cause: KeyValueStore.KeyValueStoreError) =>
      new KeyValueError.StoreUnavailableError({ ...place, reason: "KeyValueStore has failed", sent: true, cause })

  const toEntry = (text: string, place: KeyValueError.Place) =>
    (values === "text" ? Effect.succeed(Value.Payload.json(text)) : Effect.fromResult(Value.Payload.parse(text))).pipe(
      Effect.mapBoth({
        onSuccess: (payload): Entry.Entry => ({ payload, createdAt: undefined, expiresAt: undefined }),
        onFailure: (cause) => new KeyValueError.DeserializationError({ ...place, reason: "it is no JSON", cause })
      })
    )

  return {
    system: "effect",
    defaultCollection: Driver.defaultCollection,
    get: (call) =>
      Effect.forEach(
        call.keys,
        (key, i) =>
          Effect.flatMap(Effect.mapError(store.get(prefixOf(call.collection) + key), failed(call)), (text) =>
            text === undefined ? Effect.undefined : toEntry(text, Driver.placeOf(call, i))
          ),
        { concurrency: 16 }
      ),
    put: (call) => Effect.fail(new KeyValueError.ReadOnlyError(call.place)),
    delete: (call) =>
      Effect.map(
        Effect.forEach([...new Set(call.keys)], (key) => {
          const name = prefixOf(call.collection) + key
          return Effect.tap(store.has(name), (exists) => (exists ? store.remove(name) : Effect.void))
        }).pipe(Effect.mapError(failed(call))),
        (existed) => existed.filter(Boolean).length
      ),
    listing: {
      keys: (call) => {
        const prefix = prefixOf(call.collection)
        return Effect.map(Effect.mapError(store.keys, failed(call)), (names) => ({
          names: names.flatMap((name) => (name.startsWith(prefix + call.prefix) ? [name.slice(prefix.length)] : [])),
          next: undefined
        }))
      },
      collections: ({ place }) =>
        Effect.fail(new KeyValueError.StoreError({ ...place, reason: "the collections are not known" }))
    }
  } satisfies Driver.Driver
}
