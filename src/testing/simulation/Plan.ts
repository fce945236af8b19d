import type { Operation } from "../../KeyValueError.ts"
import type { Hazard } from "./hazards.ts"
import type { Jump } from "./wall.ts"

/** The operations that clients use. */
export type Action = Exclude<Operation, "rotate" | "lease" | "once" | "collections" | "clear"> | "getOrSet"

/** What the loader of a `getOrSet` does. */
export interface Load {
  readonly pause: number
  readonly result: "value" | "fails" | "throws"
}

/** After how many steps or milliseconds an operation is interrupted, unless it has ended by then. */
export type Interruption =
  | { readonly _tag: "steps"; readonly steps: number }
  | { readonly _tag: "millis"; readonly millis: number }

/** One operation of one client. Times are virtual milliseconds. */
export interface Step {
  readonly id: number
  readonly client: number
  readonly action: Action
  readonly keys: ReadonlyArray<string>
  /** How long the client waits before the operation. */
  readonly pause: number
  /** When the operation starts, if that is fixed. Shrinking keeps the times of the first run. */
  readonly at: number | undefined
  /** The TTL of the written entries. */
  readonly ttl: number | undefined
  /** Whether the values are large. */
  readonly large: boolean
  /** Whether the operation has no faults except outages. */
  readonly calm: boolean
  readonly load?: Load | undefined
  readonly interruption?: Interruption | undefined
  /** The budget of `Deadline.within`. It ends in a quarter of a millisecond, and no other limit does. */
  readonly budget?: number | undefined
  /** Whether the update's function throws. */
  readonly throws?: boolean | undefined
}

/** An operation that starts at once, with a small value, without a TTL, and with faults, unless `more` says otherwise. */
export const stepOf = (
  id: number,
  client: number,
  action: Action,
  keys: ReadonlyArray<string>,
  more: Partial<Step>
): Step => ({ id, client, action, keys, pause: 0, at: undefined, ttl: undefined, large: false, calm: false, ...more })

/** The event loop is blocked for `millis` milliseconds, from the time `at`. */
export interface Stall {
  readonly at: number
  readonly millis: number
}

/** The layer is closed at the time `at`, and built again after `pause` milliseconds. */
export interface Restart {
  readonly at: number
  readonly pause: number
}

/** A period in which a store is down. */
export interface Outage {
  readonly store: string
  readonly from: number
  readonly to: number
  /** Whether calls get no reply. Otherwise, they fail. */
  readonly stall: boolean
}

/** Everything that is done in a run, as data. The faults of an operation follow from the seed and its id. */
export interface Plan {
  readonly seed: number
  readonly keys: ReadonlyArray<string>
  readonly steps: ReadonlyArray<Step>
  readonly outages: ReadonlyArray<Outage>
  /** Keys that many clients use at once. They are not among `keys`. */
  readonly hotKeys: ReadonlyArray<string>
  readonly jumps: ReadonlyArray<Jump>
  readonly stalls: ReadonlyArray<Stall>
  readonly restarts: ReadonlyArray<Restart>
  /** The number of steps after which a fiber yields. */
  readonly slice: number
  /** The fraction of predicate calls that throw, from 0 to 1. */
  readonly throwRate: number
  /** Whether every key is written again at the end. */
  readonly thorough: boolean
}

/** What a plan is made from. */
export interface Setting {
  readonly seed: number
  readonly operations: number
  readonly clients: number
  readonly keys: number
  /** Whether the stack has the capability `Atomic`. */
  readonly atomic: boolean
  /** Whether the stack can list keys. */
  readonly lists: boolean
  /** Whether the stack can remove expired entries. */
  readonly removes: boolean
  /** The stores that may be down, one at a time. */
  readonly stores: ReadonlyArray<string>
  readonly hazards: ReadonlySet<Hazard>
}
