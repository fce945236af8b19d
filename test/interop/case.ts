/** A case, and how it went. */
import { Effect } from "effect"
import { documented, type Observed } from "./differences.ts"

export const kinds = ["kdf", "fernet", "read", "raw", "write", "bytes"] as const

export type Kind = (typeof kinds)[number]

export interface Case {
  readonly kind: Kind
  readonly id: string
  readonly status: "pass" | "fail"
  /** Which difference it shows that is documented. */
  readonly documented?: string
  readonly difference?: string
}

/** What a check found out. */
export interface Finding {
  readonly difference: string
  /** What the difference was seen in, if it may be a documented one. */
  readonly observed?: Observed
}

/** What a check says: nothing if the case holds. */
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
