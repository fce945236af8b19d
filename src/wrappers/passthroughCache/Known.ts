import type { Found } from "./Copies.ts"
import type { State } from "./Freshness.ts"

/** What is known of the keys of a call without asking the far store, by their indices. */
export class Known {
  readonly answers: Array<Found>
  /** Indices of the keys whose copies are to be asked for. */
  readonly open: Array<number> = []
  /** What to answer if the far store fails. */
  readonly stale: Array<Found> = []
  /** Indices of the keys to ask the far store for. */
  readonly misses: Array<number> = []
  /** Indices of the keys to ask it for in the background. */
  readonly due: Array<number> = []
  /** How many keys are answered, and how many of them after their time. */
  hits = 0
  staleAnswers = 0

  constructor(keys: number) {
    this.answers = new Array<Found>(keys).fill(undefined)
  }

  static nothing(keys: number): Known {
    const known = new Known(keys)
    for (let i = 0; i < keys; i++) known.open.push(i)
    return known
  }

  add(index: number, copy: Found, state: State, isStaleEnough: boolean): void {
    if (state === "stale") this.stale[index] = copy
    if (state === "over" || (state === "stale" && !isStaleEnough)) {
      this.misses.push(index)
      return
    }
    this.answers[index] = copy
    if (state === "stale") this.staleAnswers++
    else this.hits++
    if (state !== "fresh") this.due.push(index)
  }
}
