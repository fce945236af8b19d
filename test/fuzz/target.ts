/** The interface of a target: it stores bytes, and has ways to read them back. */
import { Data, type Effect, type Scope } from "effect"
import type { Dice } from "./Dice.ts"

export interface Target {
  readonly name: string
  /** The share of the inputs that this target gets, relative to the weights of the other targets. */
  readonly weight: number
  readonly make: Effect.Effect<Instance, unknown, Scope.Scope>
}

/** A target that is set up. */
export interface Instance {
  /** How many inputs are stored at a time, each in its own slot. */
  readonly batch: number
  readonly input: (dice: Dice) => Uint8Array
  /** Stores each input in the slot of its index. */
  readonly store: (inputs: ReadonlyArray<Uint8Array>) => Effect.Effect<void>
  /** The ways to read an input back. Each input is read in one of them. A miss is `undefined`. */
  readonly ways: Readonly<Record<string, Way>>
}

export type Way = (slot: number, input: Uint8Array) => Effect.Effect<unknown, unknown>

/** The error for bytes that a function without its own errors refuses. */
export class Refused extends Data.TaggedError("Refused")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

export type ViolationKind =
  | "defect"
  | "untyped error"
  | "hang"
  | "memory"
  | "another key's value"
  | "leaked secret"
  | "altered value"
  | "incomplete"

/** A broken promise that a target has detected itself. */
export class Violation extends Data.TaggedError("Violation")<{
  readonly kind: ViolationKind
  readonly detail: string
}> {}
