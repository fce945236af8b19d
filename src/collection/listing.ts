import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as Enumeration from "../Enumeration.ts"
import type { ListingOperations } from "./capabilityTypes.ts"
import type { Parts } from "./parts.ts"

/** Makes the operations that need `Enumeration`. */
export const listingOperations = <A, K, RD, RE>(
  { kv, codec, collection }: Parts<A, K, RD, RE>,
  enumeration: Enumeration.Service
): ListingOperations<A, K, RD> => {
  const at = { collection }

  const page = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
    const values = yield* kv.getMany(names, at)
    const entries: Array<readonly [K, A]> = []
    for (const [i, name] of names.entries()) {
      const value = yield* codec.decode("getMany", name, values[i])
      if (Option.isNone(value)) continue
      const key = yield* codec.decodeKey("keys", name)
      if (Option.isSome(key)) entries.push([key.value, value.value])
    }
    return entries
  })

  return {
    keys: (options) =>
      pagesOf(enumeration.keys({ ...options, collection }), (names) =>
        Effect.map(
          Effect.forEach(names, (name) => codec.decodeKey("keys", name)),
          Arr.getSomes
        )
      ),
    entries: (options) => pagesOf(enumeration.keys({ ...options, collection }), page)
  }
}

/** Maps a stream page by page. A page may become empty. */
export const pagesOf = <A, E, B, E2, R2>(
  stream: Stream.Stream<A, E>,
  f: (page: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<B>, E2, R2>
): Stream.Stream<B, E | E2, R2> =>
  stream.pipe(Stream.chunks, Stream.mapEffect(f), Stream.filter(Arr.isReadonlyArrayNonEmpty), Stream.flattenArray)
