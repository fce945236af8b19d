import * as Effect from "effect/Effect"
import type * as Call from "../Call.ts"

/** Corrections of a listing: names to hide, and names to add. A hidden name may be added again. */
export interface Amendments<E> {
  readonly hidden: ReadonlySet<string>
  readonly added: Effect.Effect<ReadonlyArray<string>, E>
}

interface Position {
  readonly inner: Call.Cursor
  readonly hidden: ReadonlySet<string>
  readonly added: Effect.Effect<ReadonlyArray<string>, any>
  /** The added names, which follow the last page of the listing, and the index of the first one of the next page. */
  readonly rest: { readonly names: ReadonlyArray<string>; readonly from: number } | undefined
}

/** Corrects a listing. The corrections are computed when the first page is requested. */
export const amendedNames =
  <C extends Call.Keys | Call.Collections, E, E2>(
    list: (call: C) => Effect.Effect<Call.Page, E>,
    amendmentsOf: (call: C) => Amendments<E2>
  ) =>
  (call: C): Effect.Effect<Call.Page, E | E2> =>
    Effect.suspend(() => {
      const at: Position = (call.cursor as Position | undefined) ?? {
        inner: undefined,
        rest: undefined,
        ...amendmentsOf(call)
      }
      if (at.rest !== undefined) return Effect.succeed(pageOf(at, [], at.rest, call.pageSize))
      return Effect.flatMap(list({ ...call, cursor: at.inner }), (page): Effect.Effect<Call.Page, E2> => {
        const names = at.hidden.size === 0 ? page.names : page.names.filter((name) => !at.hidden.has(name))
        return page.next !== undefined
          ? Effect.succeed({ names, next: { ...at, inner: page.next } satisfies Position })
          : Effect.map(at.added, (added) => pageOf(at, names, { names: added, from: 0 }, call.pageSize))
      })
    })

const pageOf = (
  at: Position,
  names: ReadonlyArray<string>,
  rest: NonNullable<Position["rest"]>,
  pageSize: number
): Call.Page => {
  const from = rest.from + pageSize
  return {
    names: [...names, ...rest.names.slice(rest.from, from)],
    next: from < rest.names.length ? ({ ...at, rest: { names: rest.names, from } } satisfies Position) : undefined
  }
}
