import * as Effect from "effect/Effect"
import type { CommonError } from "../../KeyValueError.ts"
import type * as Call from "../Call.ts"
import * as Calls from "../Calls.ts"
import type { Listing } from "../Driver.ts"
import { amendedNames } from "./amendedNames.ts"

/** A key of which a listing may not tell the truth. */
export interface Named {
  readonly collection: string
  readonly key: string
}

/** Keys of which a listing may not tell the truth, by collection. */
export interface Doubts<N extends Named> {
  readonly in: (collection: string) => ReadonlyArray<N>
  /** Names of the collections that have any, once each. */
  readonly names: () => Iterable<string>
}

/** Sorts keys by collection. */
export const grouped = <N extends Named>(names: ReadonlyArray<N>): Doubts<N> => {
  const byCollection = new Map<string, Array<N>>()
  for (const name of names) {
    const others = byCollection.get(name.collection)
    if (others === undefined) byCollection.set(name.collection, [name])
    else others.push(name)
  }
  return { in: (collection) => byCollection.get(collection) ?? [], names: () => byCollection.keys() }
}

/** A listing without the names in doubt, and with those of them that there are, which `live` picks out. */
export const amendedListing = <N extends Named>(
  listing: Listing,
  inDoubt: () => Doubts<N>,
  live: (names: ReadonlyArray<N>, call: Call.Keys) => Effect.Effect<ReadonlyArray<string>, CommonError>
): Listing => {
  const namedIn = (doubts: Doubts<N>, { collection, prefix }: Call.Keys) =>
    doubts.in(collection).filter(({ key }) => key.startsWith(prefix))

  const keysWith = (inDoubt: () => Doubts<N>): Listing["keys"] =>
    amendedNames(listing.keys, (call: Call.Keys) => {
      const named = namedIn(inDoubt(), call)
      return { hidden: new Set(named.map(({ key }) => key)), added: live(named, call) }
    })

  const collections = amendedNames(listing.collections, (call: Call.Collections) => {
    const hidden = new Set<string>()
    for (const name of inDoubt().names()) if (name.startsWith(call.prefix)) hidden.add(name)
    const { keyPrefix: prefix, pageSize } = call
    const first = Calls.partOf(call, Calls.keys(call.place, { prefix, pageSize }))
    const added = Effect.suspend(() => {
      const doubts = inDoubt()
      const keys = keysWith(() => doubts)
      const isThere = (collection: string) => {
        const ofCollection = { ...first, collection }
        // What is in doubt is known sooner than what the listing has.
        return Effect.flatMap(live(namedIn(doubts, ofCollection), ofCollection), (names) =>
          names.length > 0 ? Effect.succeed(true) : hasAny(keys, ofCollection)
        )
      }
      return Effect.filter([...hidden], isThere)
    })
    return { hidden, added }
  })

  return { keys: keysWith(inDoubt), collections }
}

const hasAny = (keys: Listing["keys"], call: Call.Keys): Effect.Effect<boolean, CommonError> =>
  Effect.flatMap(keys(call), ({ names, next }) =>
    names.length > 0 || next === undefined ? Effect.succeed(names.length > 0) : hasAny(keys, { ...call, cursor: next })
  )
