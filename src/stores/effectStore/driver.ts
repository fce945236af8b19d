import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { KeyValueStore } from "effect/persistence/KeyValueStore"
import * as Result from "effect/Result"
import { maxEnvelopeBytes } from "../../codecs/envelope.ts"
import * as slices from "../../concurrency/slices.ts"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { whole } from "../../driver/extents.ts"
import { DeserializationError, EntryTooLargeError, type WriteError } from "../../KeyValueError.ts"
import { hasExpired } from "../common/hasExpired.ts"
import { Sweep } from "../common/Sweep.ts"
import { isFull, toStoreFailure, tracked } from "./errors.ts"
import { byCollection, list, type Name, nameOf, page } from "./names.ts"
import { Texts } from "./Texts.ts"

/** The number of names that one page of a removal checks. */
const pageSize = 256

/** The maximum size of bytes that fit into a string with their frame, as Base64. */
const maxBytes = maxEnvelopeBytes

/** Runs a request for each item, 16 at a time. */
const forEach = <A, B, E>(items: ReadonlyArray<A>, f: (item: A, index: number) => Effect.Effect<B, E>) =>
  slices.forEach(items, f, 16)

export const make = (store: KeyValueStore, defaultCollection: string) => {
  const texts = new Texts(store)
  const sweep = new Sweep((cursor, size) => removeExpired(texts, () => true, cursor, size, Effect.void))
  return {
    system: "effect",
    prefersText: true,
    defaultCollection,
    extents: [whole(store)],
    get: (call) => forEach(call.keys, (key, index) => get(texts, call, key, index)),
    put: (call) => Effect.andThen(put(texts, sweep, call), sweep.after(call.keys.length)),
    delete: (call) =>
      tracked(call, (onRemoved) =>
        Effect.map(
          forEach(call.keys, (key) => texts.remove(nameOf(call.collection, key), onRemoved)),
          (removed) => removed.filter(Boolean).length
        )
      ),
    listing: {
      keys: (call) => Effect.mapError(keys(texts, call), toStoreFailure(call.place)),
      collections: (call) => Effect.mapError(collections(texts, call), toStoreFailure(call.place))
    },
    maintenance: {
      clear: (call) => tracked(call, (onRemoved) => clear(texts, call, onRemoved)),
      removeExpired: (call) => {
        const { cursor, selects = () => true } = call
        const isSelected = ({ collection, key }: Name) => selects(collection, key)
        return tracked(call, (onRemoved) => removeExpired(texts, isSelected, cursor, pageSize, onRemoved))
      }
    }
  } satisfies Driver
}

const get = Effect.fnUntraced(function* (texts: Texts, call: Call.Get, key: string, index: number) {
  const found = yield* Effect.mapError(texts.read(nameOf(call.collection, key)), toStoreFailure(call.place))
  if (found === undefined) return undefined
  if (Result.isFailure(found)) {
    return yield* new DeserializationError({ ...Call.placeOf(call, index), reason: found.failure })
  }
  return (yield* hasExpired(found.success)) ? undefined : found.success
})

const put = (texts: Texts, sweep: Sweep<unknown>, call: Call.Put): Effect.Effect<unknown, WriteError> => {
  const tooLarge = call.entries.findIndex(({ payload }) => payload.isBytes && payload.size > maxBytes)
  if (tooLarge >= 0) {
    const limit = { size: call.entries[tooLarge]!.payload.size, maxSize: maxBytes, limitedBy: "EffectStore" }
    return Effect.fail(new EntryTooLargeError({ ...Call.placeOf(call, tooLarge), ...limit }))
  }
  return tracked(call, (onApplied) => {
    const { keys, entries } = Call.lastOfEachKey(call)
    const write = forEach(keys, (key, index) =>
      Effect.andThen(texts.write(nameOf(call.collection, key), entries[index]!), onApplied)
    )
    return sweep.makingRoom(write, isFull)
  })
}

const keys = Effect.fnUntraced(function* (texts: Texts, call: Call.Keys) {
  const listing = list(
    texts.store,
    ({ collection, key }) => collection === call.collection && key.startsWith(call.prefix)
  )
  const { items, next } = yield* page(call.cursor, call.pageSize, listing)
  const areLive = yield* forEach(items, (name) => texts.isLive(name))
  return { names: items.flatMap(({ key }, index) => (areLive[index] ? [key] : [])), next }
})

const collections = Effect.fnUntraced(function* (texts: Texts, call: Call.Collections) {
  const listing = list(
    texts.store,
    ({ collection, key }) => collection.startsWith(call.prefix) && key.startsWith(call.keyPrefix)
  )
  const { items, next } = yield* page(call.cursor, call.pageSize, Effect.map(listing, byCollection))
  const firstLive = yield* forEach(items, (names) => Effect.findFirst(names, (name) => texts.isLive(name)))
  return {
    names: firstLive.flatMap(Option.match({ onNone: () => [], onSome: ({ collection }) => [collection] })),
    next
  }
})

const clear = Effect.fnUntraced(function* (texts: Texts, call: Call.Clear, onRemoved: Effect.Effect<void>) {
  const isSelected = ({ collection, key }: Name) =>
    ("name" in call.collection ? collection === call.collection.name : collection.startsWith(call.collection.prefix)) &&
    key.startsWith(call.keyPrefix)
  const { items, next } = yield* page(call.cursor, pageSize, list(texts.store, isSelected))
  const removed = yield* forEach(items, (name) => texts.removeIf(name, () => Effect.succeed(true), onRemoved))
  const counted = yield* Effect.filter(
    removed.filter((entry) => entry !== undefined),
    (entry) => Effect.map(hasExpired(entry), (expired) => !expired)
  )
  return { count: counted.length, next }
})

const removeExpired = Effect.fnUntraced(function* (
  texts: Texts,
  isSelected: (name: Name) => boolean,
  cursor: Call.Cursor,
  size: number,
  onRemoved: Effect.Effect<void>
) {
  const { items, next } = yield* page(cursor, size, list(texts.store, isSelected))
  const removed = yield* forEach(items, (name) => texts.removeIf(name, hasExpired, onRemoved))
  return { count: removed.filter((entry) => entry !== undefined).length, next }
})
