/** Types that a program with a cache must not compile with. */
import { Effect, Schema } from "effect"
import { LoadingCache } from "effect-kv"

declare const cache: LoadingCache.LoadingCache<string>

export const allowed = [
  cache.invalidateTags(["a"]),
  cache.invalidateTags(new Set(["a"])),
  cache.invalidateMany(new Map([["a", 1]]).keys())
]

export const refused = [
  // @ts-expect-error: a tag alone would be taken for one tag for each character
  cache.invalidateTags("brand:acme"),
  // @ts-expect-error: so would a key
  cache.invalidateMany("42"),
  LoadingCache.make({
    collection: "things",
    schema: Schema.String,
    lookup: (key: string) => Effect.succeed(key),
    ttl: "1 minute",
    // @ts-expect-error: and the tags of a value
    tags: (value) => value
  })
]
