import * as Effect from "effect/Effect"
import type { CommonError } from "../KeyValueError.ts"
import { mapOperations, type Next } from "./around.ts"
import type { Call, Cursor } from "./Call.ts"
import type { Driver } from "./Driver.ts"
import { united } from "./extents.ts"

/**
 * Runs an operation on one or more of several drivers: `nexts[i]` runs it on driver `i`.
 *
 * @since 0.2.0
 */
export type Route = <C extends Call, A, E>(
  call: C,
  nexts: ReadonlyArray<Next<C, A, E>>
) => Effect.Effect<A, E | CommonError>

/**
 * Makes one driver of several: the combinator of fallback and routing.
 *
 * **Details**
 *
 * The result has the capabilities that all of them have. An enumeration goes on where its first page came from,
 * whatever `route` says later. `route` runs when the operation does; what it throws is a defect of that
 * operation.
 *
 * **Gotchas**
 *
 * The `version` of an entry means something to the driver that it came from only: leave `atomic` out of the
 * result unless a key always goes to the same driver.
 *
 * @since 0.1.0
 */
export const combine = (drivers: readonly [Driver, ...Array<Driver>], route: Route): Driver =>
  mapOperations(common(drivers), (_, of) => {
    const nexts = drivers.map((driver, index) => owning(index, of(driver)))
    return (call) => {
      const cursor = cursorOf(call)
      return cursor === undefined ? Effect.suspend(() => route(call, nexts)) : nexts[cursor.owner]!(call)
    }
  })

/** The first driver, without the capabilities that another one lacks. */
const common = (drivers: readonly [Driver, ...Array<Driver>]): Driver => {
  const { exactIntegers: _exact, extents: _extents, ...first } = drivers[0]
  const ifAll = <K extends "listing" | "maintenance" | "atomic">(name: K): Driver[K] =>
    drivers.every((driver) => driver[name] !== undefined) ? first[name] : undefined
  return {
    ...first,
    prefersText: drivers.every(({ prefersText }) => prefersText !== undefined) ? first.prefersText : undefined,
    listing: ifAll("listing"),
    maintenance: ifAll("maintenance"),
    atomic: ifAll("atomic"),
    ...factsOf(drivers)
  }
}

/**
 * What is true of a driver that is made of several: it reaches what they reach, and is exact if one of them is and none
 * rounds integers itself. The others then keep integers as exactly (`Payload.toValue`).
 */
export const factsOf = (drivers: ReadonlyArray<Driver>): Pick<Driver, "exactIntegers" | "extents"> => {
  const extents = united(drivers)
  const exactIntegers = drivers.some((driver) => driver.exactIntegers === false)
    ? false
    : drivers.some((driver) => driver.exactIntegers)
  return {
    ...(extents !== undefined && { extents }),
    ...(drivers.some((driver) => driver.exactIntegers !== undefined) && { exactIntegers })
  }
}

/** A cursor that remembers which driver it belongs to. */
interface Owned {
  readonly owner: number
  readonly inner: Cursor
}

const cursorOf = (call: Call): Owned | undefined => ("cursor" in call ? (call.cursor as Owned | undefined) : undefined)

const isPaged = (call: Call): boolean => "cursor" in call

const owning =
  <C extends Call, A, E>(owner: number, next: Next<C, A, E>): Next<C, A, E> =>
  (call) =>
    isPaged(call)
      ? Effect.map(next({ ...call, cursor: cursorOf(call)?.inner }), (page) => own(owner, page))
      : next(call)

const own = <A>(owner: number, page: A): A => {
  const { next } = page as { readonly next: Cursor }
  return { ...page, next: next === undefined ? undefined : ({ owner, inner: next } satisfies Owned) }
}

/**
 * Runs a paged operation on one driver after the other, as one enumeration.
 *
 * @since 0.1.0
 */
export const inTurn = <C extends Call & { readonly cursor: Cursor }, A extends { readonly next: Cursor }, E>(
  nexts: ReadonlyArray<Next<C, A, E>>
): Next<C, A, E> => {
  return (call) => {
    const { owner, inner } = (call.cursor ?? { owner: 0, inner: undefined }) as Owned
    return Effect.map(nexts[owner]!({ ...call, cursor: inner }), (page) => {
      if (page.next !== undefined) return own(owner, page)
      return {
        ...page,
        next: owner + 1 < nexts.length ? ({ owner: owner + 1, inner: undefined } satisfies Owned) : undefined
      }
    })
  }
}
