import * as Effect from "effect/Effect"
import type { Listing } from "../../driver/Driver.ts"
import { amendedListing } from "../../driver/listing/amendedListing.ts"
import { isExpired } from "../../Entry.ts"
import type { Pending } from "./Index.ts"
import type { Journal } from "./Journal.ts"

/** Lists the primary as it will be when the whole journal is replayed. */
export const listing = (primary: Listing, { index }: Journal): Listing => {
  const written = (collection: string) => [...index.in(collection).values()].filter(({ last }) => last !== undefined)
  return amendedListing(primary, () => ({ names: () => index.names(), in: written }), existing)
}

/** The keys whose last write is neither a deletion nor expired. */
const existing = (pending: ReadonlyArray<Pending>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.clockWith((clock) => {
    const now = clock.currentTimeMillisUnsafe()
    return Effect.succeed(pending.flatMap(({ key, last }) => (last!.isDelete || isExpired(last!, now) ? [] : [key])))
  })
