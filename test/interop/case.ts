/** A case and its result. */
import { Effect } from "effect"
import type { Observed } from "./differences/Difference.ts"
import { documented } from "./differences.ts"

export const kinds = ["kdf", "fernet", "read", "raw", "write", "bytes"] as const

export type Kind = (typeof kinds)[number]

export interface Case {
  readonly kind: Kind
  readonly id: string
  readonly status: "pass" | "fail"
  /** The id of the documented difference that it shows. */
  readonly documented?: string
  readonly difference?: string
}

/** The result of a check that does not hold. */
export interface Finding {
  readonly difference: string
  /** The data in which the difference was seen, if it may be a documented one. */
  readonly observed?: Observed
}

/** Returns `undefined` if the case holds. */
export type Check<E, R> = Effect.Effect<Finding | undefined, E, R>

export const toCase = <E, R>(kind: Kind, id: string, check: Check<E, R>): Effect.Effect<Case, E, R> =>
  Effect.map(check, (finding) => {
    if (finding === undefined) return { kind, id, status: "pass" }
    const { difference, observed } = finding
    const known = observed && documented(observed)
    return known === undefined
      ? { kind, id, status: "fail", difference }
      : { kind, id, status: "pass", documented: known, difference }
  })
