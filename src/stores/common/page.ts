import * as Effect from "effect/Effect"
import type { Cursor } from "../../driver/Call.ts"

interface Position<A> {
  readonly items: ReadonlyArray<A>
  readonly from: number
}

/** Returns a page of a listing. The first page runs the listing, and the next pages read from its result. */
export const page = <A, E>(cursor: Cursor, size: number, listing: Effect.Effect<ReadonlyArray<A>, E>) => {
  const position = cursor as Position<A> | undefined
  return Effect.map(position === undefined ? listing : Effect.succeed(position.items), (items) => {
    const from = position?.from ?? 0
    const to = from + size
    const next = to < items.length ? ({ items, from: to } satisfies Position<A>) : undefined
    return { items: items.slice(from, to), next }
  })
}
