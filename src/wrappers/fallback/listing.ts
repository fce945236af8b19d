import * as Effect from "effect/Effect"
import type { Driver } from "../../driver/Driver.ts"
import { isExpired } from "../../Entry.ts"
import { amendedListing } from "../../internal/amendedListing.ts"
import type { Journal, Pending } from "./Journal.ts"

/** Lists what the primary has, as it will be when all that is in the journal is replayed. */
export const listing = ({ keys, collections }: Driver, journal: Journal): Pick<Driver, "keys" | "collections"> =>
  keys && collections ? amendedListing({ keys, collections }, () => journal.written(), live) : {}

const live = (pending: ReadonlyArray<Pending>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.clockWith((clock) => {
    const now = clock.currentTimeMillisUnsafe()
    return Effect.succeed(pending.flatMap(({ key, last }) => (last!.isDelete || isExpired(last!, now) ? [] : [key])))
  })
