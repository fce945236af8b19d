import * as Effect from "effect/Effect"
import type * as Call from "../driver/Call.ts"
import type { Driver } from "../driver/Driver.ts"
import type { CommonError } from "../KeyValueError.ts"
import { amendedNames } from "./amendedNames.ts"

export type Listing = Required<Pick<Driver, "keys" | "collections">>

/** A key of which a listing may not tell the truth. */
export interface Named {
  readonly collection: string
  readonly key: string
}

/** A listing without the names in doubt, and with those of them that there are, which `live` picks out. */
export const amendedListing = <N extends Named>(
  listing: Listing,
  inDoubt: () => ReadonlyArray<N>,
  live: (names: ReadonlyArray<N>, call: Call.Keys) => Effect.Effect<ReadonlyArray<string>, CommonError>
): Listing => {
  const keysWith = (inDoubtIn: (collection: string) => ReadonlyArray<N>): Listing["keys"] =>
    amendedNames(listing.keys, (call: Call.Keys) => {
      const named = inDoubtIn(call.collection).filter(({ key }) => key.startsWith(call.prefix))
      return { hidden: new Set(named.map(({ key }) => key)), added: live(named, call) }
    })

  const keys = keysWith((collection) => inDoubt().filter((it) => it.collection === collection))

  const collections = amendedNames(listing.collections, (call: Call.Collections) => {
    const hidden = new Set(
      inDoubt().flatMap(({ collection }) => (collection.startsWith(call.prefix) ? [collection] : []))
    )
    const first: Call.Keys = { ...call, _tag: "keys", collection: "", prefix: call.keyPrefix, cursor: undefined }
    const added = Effect.suspend(() => {
      const byCollection = grouped(inDoubt())
      const keys = keysWith((collection) => byCollection.get(collection) ?? [])
      return Effect.filter([...hidden], (collection) => hasAny(keys, { ...first, collection }))
    })
    return { hidden, added }
  })

  return { keys, collections }
}

const grouped = <N extends Named>(names: ReadonlyArray<N>): ReadonlyMap<string, ReadonlyArray<N>> => {
  const byCollection = new Map<string, Array<N>>()
  for (const name of names) {
    const others = byCollection.get(name.collection)
    if (others === undefined) byCollection.set(name.collection, [name])
    else others.push(name)
  }
  return byCollection
}

const hasAny = (keys: Listing["keys"], call: Call.Keys): Effect.Effect<boolean, CommonError> =>
  Effect.flatMap(keys(call), ({ names, next }) =>
    names.length > 0 || next === undefined ? Effect.succeed(names.length > 0) : hasAny(keys, { ...call, cursor: next })
  )
