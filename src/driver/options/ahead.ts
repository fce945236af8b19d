import type * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import { group, union } from "./combinators.ts"
import { type Description, required } from "./Description.ts"
import { duration, number } from "./kinds.ts"

/** How long before the end of something: a time, or a fraction of how long that lasts. */
export type Ahead = Duration.Input | { readonly fraction: number }

/** A time in milliseconds, or a fraction. */
export type ReadAhead = number | { readonly fraction: number }

export const ahead = (): Description<Ahead, ReadAhead | undefined> =>
  union(
    (input) => Predicate.hasProperty(input, "fraction"),
    group<{ readonly fraction: number }>()({ fraction: required(number({ above: 0, below: 1 })) }),
    duration({ otherwise: "none" })
  )

/** Why an option cannot be meant as it is: a number below 1, which may be meant as a fraction. */
export const aheadProblem = (name: string, value: ReadAhead | undefined): string | undefined =>
  typeof value === "number" && value < 1
    ? `${name} is ${value} milliseconds; for a fraction of the time, use { fraction: ${value} }`
    : undefined

/** Returns a function from how long something lasts to how long before its end, in milliseconds. */
export const aheadOf = (value: ReadAhead | undefined): ((lasts: number) => number) | undefined => {
  if (value === undefined) return undefined
  return typeof value === "number" ? () => value : (lasts) => lasts * value.fraction
}
