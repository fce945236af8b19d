import * as Effect from "effect/Effect"
import type * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { isExpired } from "../../Entry.ts"
import { amendedNames } from "../../internal/amendedNames.ts"
import type { CommonError } from "../../KeyValueError.ts"
import type { Journal, Pending } from "./Journal.ts"

/** Lists what the primary has, as it will be when all that is in the journal is replayed. */
export const listing = (primary: Driver, journal: Journal): Pick<Driver, "keys" | "collections"> => {
  const { keys: listKeys, collections: listCollections } = primary
  if (listKeys === undefined || listCollections === undefined) return {}

  const keys = amendedNames(listKeys, ({ collection, prefix }: Call.Keys) => {
    const pending = journal.written().filter((it) => it.collection === collection && it.key.startsWith(prefix))
    return { hidden: new Set(pending.map(({ key }) => key)), added: live(pending) }
  })

  const collections = amendedNames(listCollections, (call: Call.Collections) => {
    const hidden = new Set(
      journal.written().flatMap(({ collection }) => (collection.startsWith(call.prefix) ? [collection] : []))
    )
    const first: Call.Keys = { ...call, _tag: "keys", collection: "", prefix: call.keyPrefix, cursor: undefined }
    return { hidden, added: Effect.filter([...hidden], (collection) => hasAny(keys, { ...first, collection })) }
  })

  return { keys, collections }
}

const live = (pending: ReadonlyArray<Pending>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.clockWith((clock) => {
    const now = clock.currentTimeMillisUnsafe()
    return Effect.succeed(pending.flatMap(({ key, last }) => (last!.isDelete || isExpired(last!, now) ? [] : [key])))
  })

const hasAny = (keys: NonNullable<Driver["keys"]>, call: Call.Keys): Effect.Effect<boolean, CommonError> =>
  Effect.flatMap(keys(call), ({ names, next }) =>
    names.length > 0 || next === undefined ? Effect.succeed(names.length > 0) : hasAny(keys, { ...call, cursor: next })
  )
