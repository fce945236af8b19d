import * as Effect from "effect/Effect"
import type { CommonError } from "../KeyValueError.ts"
import { mapOperations, type Next } from "./around.ts"
import type { Call, Cursor } from "./Call.ts"
import type { Driver } from "./Driver.ts"
import { united } from "./extents.ts"

/**
 * Runs an operation on one or more drivers: `nexts[i]` runs it on driver `i`.
 *
 * @since 0.2.0
 */
export type Route = <C extends Call, A, E>(
  call: C,
  nexts: ReadonlyArray<Next<C, A, E>>
) => Effect.Effect<A, E | CommonError>

/**
 * Makes one driver of several drivers. Fallback and routing are made this way.
 *
 * **Details**
 *
 * The result has the capabilities that all drivers have. `route` chooses the driver for the first page of an enumeration.
 * All later pages come from the same driver. `route` runs when the operation runs, and an exception that it throws is a
 * defect of that operation.
 *
 * **Gotchas**
 *
 * The `version` of an entry is valid only in the driver that returned it. Leave `atomic` out of the result unless each key
 * always goes to the same driver.
 *
 * @since 0.1.0
 */
export const combine = (drivers: readonly [Driver, ...Array<Driver>], route: Route): Driver =>
  mapOperations(common(drivers), (_, of) => {
    const nexts = drivers.map((driver, index) => keepingOwner(index, of(driver)))
    return (call) => {
      const cursor = cursorOf(call)
      return cursor === undefined ? Effect.suspend(() => route(call, nexts)) : nexts[cursor.owner]!(call)
    }
  })

/** The first driver, without the capabilities that any other driver lacks. */
const common = (drivers: readonly [Driver, ...Array<Driver>]): Driver => {
  const { exactIntegers: _exact, extents: _extents, ...first } = drivers[0]
  const ifAll = <K extends "listing" | "maintenance">(name: K): Driver[K] =>
    drivers.every((driver) => driver[name] !== undefined) ? first[name] : undefined
  return {
    ...first,
    prefersText: drivers.every(({ prefersText }) => prefersText !== undefined) ? first.prefersText : undefined,
    listing: ifAll("listing"),
    maintenance: ifAll("maintenance"),
    atomic: atomicOfAll(drivers),
    ...factsOf(drivers)
  }
}

/** The operations of `Atomic` that all drivers have. */
const atomicOfAll = (drivers: ReadonlyArray<Driver>): Driver["atomic"] => {
  const all = drivers.map(({ atomic }) => atomic)
  const [first] = all
  if (first === undefined || all.includes(undefined)) return undefined
  return all.every((atomic) => atomic?.increment !== undefined) ? first : { compareAndPut: first.compareAndPut }
}

/**
 * The facts of a driver that is made of several. It reaches all that they reach. It is exact if one of them is exact and none
 * rounds integers itself: the others keep the digits of integers as well (`Payload.toValue`).
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

/** A cursor, with the index of the driver that it belongs to. */
interface Owned {
  readonly owner: number
  readonly inner: Cursor
}

const cursorOf = (call: Call): Owned | undefined => ("cursor" in call ? (call.cursor as Owned | undefined) : undefined)

const keepingOwner =
  <C extends Call, A, E>(owner: number, next: Next<C, A, E>): Next<C, A, E> =>
  (call) =>
    "cursor" in call
      ? Effect.map(next({ ...call, cursor: cursorOf(call)?.inner }), (page) => withOwner(owner, page))
      : next(call)

const withOwner = <A>(owner: number, page: A): A => {
  const { next } = page as { readonly next: Cursor }
  return { ...page, next: next === undefined ? undefined : ({ owner, inner: next } satisfies Owned) }
}

/**
 * Runs a paged operation on one driver after another, as a single enumeration.
 *
 * @since 0.1.0
 */
export const inTurn = <C extends Call & { readonly cursor: Cursor }, A extends { readonly next: Cursor }, E>(
  nexts: ReadonlyArray<Next<C, A, E>>
): Next<C, A, E> => {
  return (call) => {
    const { owner, inner } = (call.cursor ?? { owner: 0, inner: undefined }) as Owned
    return Effect.map(nexts[owner]!({ ...call, cursor: inner }), (page) => {
      if (page.next !== undefined) return withOwner(owner, page)
      return {
        ...page,
        next: owner + 1 < nexts.length ? ({ owner: owner + 1, inner: undefined } satisfies Owned) : undefined
      }
    })
  }
}
