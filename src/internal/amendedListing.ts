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
  const keys = amendedNames(listing.keys, (call: Call.Keys) => {
    const named = inDoubt().filter((it) => it.collection === call.collection && it.key.startsWith(call.prefix))
    return { hidden: new Set(named.map(({ key }) => key)), added: live(named, call) }
  })

  const collections = amendedNames(listing.collections, (call: Call.Collections) => {
    const hidden = new Set(
      inDoubt().flatMap(({ collection }) => (collection.startsWith(call.prefix) ? [collection] : []))
    )
    const first: Call.Keys = { ...call, _tag: "keys", collection: "", prefix: call.keyPrefix, cursor: undefined }
    return { hidden, added: Effect.filter([...hidden], (collection) => hasAny(keys, { ...first, collection })) }
  })

  return { keys, collections }
}

const hasAny = (keys: Listing["keys"], call: Call.Keys): Effect.Effect<boolean, CommonError> =>
  Effect.flatMap(keys(call), ({ names, next }) =>
    names.length > 0 || next === undefined ? Effect.succeed(names.length > 0) : hasAny(keys, { ...call, cursor: next })
  )
