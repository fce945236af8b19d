import type { Found } from "./Copies.ts"
import type { State } from "./Freshness.ts"

/**
 * What can be returned for the keys of a call without asking the store. A key is identified by its index in the call.
 */
export class Lookup {
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

  constructor(keys: number) {
    this.answers = new Array<Found>(keys).fill(undefined)
  }

  /** All keys, of whose copies none is read yet. */
  static ofUnread(keys: number): Lookup {
    const lookup = new Lookup(keys)
    for (let i = 0; i < keys; i++) lookup.unread.push(i)
    return lookup
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
