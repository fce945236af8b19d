import type { Operation } from "../../KeyValueError.ts"
import type { Hazard } from "./hazards.ts"
import type { Jump } from "./wall.ts"

/** What a client does with a store. */
export type Action = Exclude<Operation, "rotate" | "collections" | "clear"> | "getOrSet"

/** What the loader of a `getOrSet` does. */
export interface Load {
  readonly pause: number
  readonly result: "value" | "fails" | "throws"
}

/** When the caller of an operation is interrupted, unless it has ended by then. */
export type Interruption =
  | { readonly _tag: "steps"; readonly steps: number }
  | { readonly _tag: "millis"; readonly millis: number }

/** One operation of one client. Times are virtual milliseconds. */
export interface Step {
  readonly id: number
  readonly client: number
  readonly action: Action
  readonly keys: ReadonlyArray<string>
  /** How long the client waits before. */
  readonly pause: number
  /** When it is done, if that is known: what it did in an earlier run, so that others can be left out. */
  readonly at: number | undefined
  /** The TTL of what is written. */
  readonly ttl: number | undefined
  /** Whether the values are large. */
  readonly large: boolean
  /** Whether it is spared from faults, but for outages. */
  readonly calm: boolean
  readonly load?: Load | undefined
  readonly interruption?: Interruption | undefined
  /** The budget of `Deadline.within` around it. It ends in a quarter of a millisecond, to be told from other limits. */
  readonly budget?: number | undefined
  /** Whether the function of an update throws. */
  readonly throws?: boolean | undefined
}

/** The event loop is blocked for so many milliseconds. */
export interface Stall {
  readonly at: number
  readonly millis: number
}

/** The layer is closed, and built again so many milliseconds later. */
export interface Restart {
  readonly at: number
  readonly pause: number
}

/** A time in which a store is down. */
export interface Outage {
  readonly store: string
  readonly from: number
  readonly to: number
  /** Whether calls get no answer, or are refused. */
  readonly stall: boolean
}

/** All that is done in a run, as data. The faults of each operation follow from the seed and its id. */
export interface Plan {
  readonly seed: number
  readonly keys: ReadonlyArray<string>
  readonly steps: ReadonlyArray<Step>
  readonly outages: ReadonlyArray<Outage>
  /** Keys that many want at once. They are not among `keys`. */
  readonly hotKeys: ReadonlyArray<string>
  readonly jumps: ReadonlyArray<Jump>
  readonly stalls: ReadonlyArray<Stall>
  readonly restarts: ReadonlyArray<Restart>
  /** After how many steps fibers yield. */
  readonly slice: number
  /** How many of the calls of predicates throw. */
  readonly throwRate: number
  /** Whether every key is written again in the end. */
  readonly thorough: boolean
}

/** What a plan is made for. */
export interface Setting {
  readonly seed: number
  readonly operations: number
  readonly clients: number
  readonly keys: number
  /** Whether the stack is `Atomic`. */
  readonly atomic: boolean
  /** Whether it can list keys, and remove expired entries. */
  readonly lists: boolean
  readonly removes: boolean
  /** The stores that may be down, one at a time. */
  readonly stores: ReadonlyArray<string>
  readonly hazards: ReadonlySet<Hazard>
}
