import type * as Fiber from "effect/Fiber"
import type * as Call from "../../driver/Call.ts"
import type { State } from "./Freshness.ts"
import type { Found, Read } from "./Parts.ts"

/** What can be returned for the keys of a read without asking the store. A key is identified by its index in the call. */
export class Lookup implements Read {
  readonly call: Call.Get
  readonly ids: ReadonlyArray<string>
  readonly fiber: Fiber.Fiber<unknown, unknown>
  readonly answers: Array<Found>
  /** Keys whose copies are to be read. */
  readonly unread: Array<number> = []
  /** Keys to ask the store for. */
  readonly misses: Array<number> = []
  /** Keys to ask the store for in the background. */
  readonly due: Array<number> = []
  /** For each index, what to return if the store fails. */
  readonly stale: Array<Found> = []
  hits = 0
  /** How many keys are answered by stale copies. */
  staleHits = 0

  constructor(call: Call.Get, ids: ReadonlyArray<string>, fiber: Fiber.Fiber<unknown, unknown>) {
    this.call = call
    this.ids = ids
    this.fiber = fiber
    this.answers = new Array<Found>(ids.length).fill(undefined)
  }

  add(index: number, copy: Found, state: State, returnsStale: boolean): void {
    if (state === "stale") this.stale[index] = copy
    if (state === "expired" || (state === "stale" && !returnsStale)) {
      this.misses.push(index)
      return
    }
    this.answers[index] = copy
    if (state === "stale") this.staleHits++
    else this.hits++
    if (state !== "fresh") this.due.push(index)
  }
}
