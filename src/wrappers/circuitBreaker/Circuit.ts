import type { Outcomes } from "./Outcomes.ts"

export type State = "closed" | "open" | "half_open"

/** What a call says about the store: nothing, if its caller has lost interest. */
export type Outcome = "success" | "failure" | "none"

/** Times in milliseconds. */
export interface Timing {
  readonly openFor: number
  readonly factor: number
  readonly maxOpenFor: number
  readonly probes: number
}

/**
 * A circuit: closed, it lets calls through until too many fail; open, none until its time is over; half-open, a few, which
 * close it if all succeed and open it for longer if one fails.
 */
export class Circuit {
  state: State = "closed"
  /** Counts transitions: a call that was let through before the last one has nothing more to say. */
  round = 0
  private readonly outcomes: Outcomes
  private readonly timing: Timing
  private readonly onTransition: (to: State) => void
  private openings = 0
  private openFor = 0
  private openUntil = 0
  private closedAt = 0
  private probing = 0
  private proven = 0

  constructor(outcomes: Outcomes, timing: Timing, onTransition: (to: State) => void) {
    this.outcomes = outcomes
    this.timing = timing
    this.onTransition = onTransition
  }

  /** Lets a call through (`undefined`), or answers after how many milliseconds to come again. */
  enter(now: number): number | undefined {
    if (this.state === "open") {
      if (now < this.openUntil) return this.openUntil - now
      this.probing = this.proven = 0
      this.become("half_open")
    }
    if (this.state === "half_open") {
      if (this.probing + this.proven >= this.timing.probes) return 0
      this.probing++
    }
    return undefined
  }

  /** What became of a call that was let through in a round. */
  leave(round: number, outcomeOf: () => Outcome, now: () => number): void {
    if (round !== this.round) return
    // A probe gives its place back before its outcome is asked for: the user's predicate may throw.
    if (this.state === "half_open") this.probing--
    const outcome = outcomeOf()
    if (this.state === "half_open") {
      if (outcome === "failure") this.open(now())
      else if (outcome === "success" && ++this.proven >= this.timing.probes) this.close(now())
    } else if (outcome !== "none" && this.outcomes.add(outcome === "failure")) this.open(now())
  }

  private open(now: number): void {
    const { openFor, factor, maxOpenFor } = this.timing
    // It was closed for as long as it had been open: all was well again.
    if (this.state === "closed" && now - this.closedAt >= this.openFor) this.openings = 0
    this.openFor = Math.min(maxOpenFor, openFor * factor ** this.openings++)
    this.openUntil = now + this.openFor
    this.become("open")
  }

  private close(now: number): void {
    this.outcomes.clear()
    this.closedAt = now
    this.become("closed")
  }

  private become(state: State): void {
    this.state = state
    this.round++
    this.onTransition(state)
  }
}
