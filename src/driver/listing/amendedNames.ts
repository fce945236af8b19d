import * as Effect from "effect/Effect"
import type * as Call from "../Call.ts"

/** What a listing has wrong: names that it may not tell, and those of them, and others, that there are. */
export interface Amendments<E> {
  readonly hidden: ReadonlySet<string>
  readonly added: Effect.Effect<ReadonlyArray<string>, E>
}

interface At {
  readonly inner: Call.Cursor
  readonly hidden: ReadonlySet<string>
  readonly added: Effect.Effect<ReadonlyArray<string>, any>
  /** What is still to be listed after the last page of the listing itself. */
  readonly rest: { readonly names: ReadonlyArray<string>; readonly from: number } | undefined
}

/** Lists with amendments that are found when the first page is asked for. */
export const amendedNames =
  <C extends Call.Keys | Call.Collections, E, E2>(
    list: (call: C) => Effect.Effect<Call.Page, E>,
    amendmentsOf: (call: C) => Amendments<E2>
  ) =>
  (call: C): Effect.Effect<Call.Page, E | E2> =>
    Effect.suspend(() => {
      const at: At = (call.cursor as At | undefined) ?? { inner: undefined, rest: undefined, ...amendmentsOf(call) }
      if (at.rest !== undefined) return Effect.succeed(pageOf(at, [], at.rest, call.pageSize))
      return Effect.flatMap(list({ ...call, cursor: at.inner }), (page): Effect.Effect<Call.Page, E2> => {
        const names = at.hidden.size === 0 ? page.names : page.names.filter((name) => !at.hidden.has(name))
        return page.next !== undefined
          ? Effect.succeed({ names, next: { ...at, inner: page.next } satisfies At })
          : Effect.map(at.added, (added) => pageOf(at, names, { names: added, from: 0 }, call.pageSize))
      })
    })

const pageOf = (at: At, names: ReadonlyArray<string>, rest: NonNullable<At["rest"]>, pageSize: number): Call.Page => {
  const from = rest.from + pageSize
  return {
    names: [...names, ...rest.names.slice(rest.from, from)],
    next: from < rest.names.length ? ({ ...at, rest: { names: rest.names, from } } satisfies At) : undefined
  }
}
