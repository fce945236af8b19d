import type * as Duration from "effect/Duration"
import type { Call } from "../../driver/Call.ts"

/**
 * A fault of one driver call. `Chaos.wrap` describes each kind.
 *
 * @since 0.1.0
 */
export type Fault =
  | { readonly _tag: "failBefore" }
  | { readonly _tag: "failAfter" }
  | {
      readonly _tag: "delay"
      readonly before?: Duration.Input | undefined
      readonly after?: Duration.Input | undefined
    }
  | { readonly _tag: "stall" }
  | { readonly _tag: "late"; readonly by: Duration.Input }
  | { readonly _tag: "corrupt" }
  | { readonly _tag: "expireEarly"; readonly after: Duration.Input }

/**
 * The kind of a fault.
 *
 * @since 0.1.0
 */
export type Kind = Fault["_tag"]

/**
 * All kinds of faults.
 *
 * @since 0.1.0
 */
export const kinds = ["failBefore", "failAfter", "delay", "stall", "late", "corrupt", "expireEarly"] as const

/** Whether a fault of this kind makes a difference to the call. */
export const concerns = (kind: Kind, call: Call): boolean => {
  switch (kind) {
    case "corrupt":
      return call._tag === "get"
    case "expireEarly":
      return expiriesOf(call).some((expiresAt) => expiresAt !== undefined)
    default:
      return true
  }
}

/** The times at which the entries that a call writes expire. */
export const expiriesOf = (call: Call): ReadonlyArray<number | undefined> => {
  if (call._tag === "put") return call.entries.map(({ expiresAt }) => expiresAt)
  if (call._tag === "increment") return [call.expiresAt]
  return call._tag === "compareAndPut" && call.entry !== undefined ? [call.entry.expiresAt] : []
}
