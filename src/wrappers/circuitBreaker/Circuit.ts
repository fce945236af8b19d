import type { Outcomes } from "./Outcomes.ts"

/** What a call says about the store: nothing (`"none"`), if its caller has lost interest. */
export type Verdict = "success" | "failure" | "none"

/** Times in milliseconds. */
export interface Timing {
  readonly openFor: number
  readonly factor: number
  readonly maxOpenFor: number
  readonly probes: number
}

/** How often a circuit has opened without a recovery between, and for how long the last time. */
interface Openings {
  readonly count: number
  readonly openFor: number
}

interface Closed {
  readonly _tag: "closed"
  readonly openings: Openings
  readonly since: number
}

interface Open {
  readonly _tag: "open"
  readonly openings: Openings
  readonly until: number
}

interface HalfOpen {
  readonly _tag: "half_open"
  readonly openings: Openings
  /** How many probes are running, and how many have succeeded. */
  running: number
  succeeded: number
  lastProbeAt: number
}

export type State = Closed | Open | HalfOpen

/**
 * A circuit: closed, it lets calls through until too many fail; open, none until its time is over; half-open, a few, which
 * close it if all succeed and open it for longer if one fails.
 */
export class Circuit {
  state: State = { _tag: "closed", openings: { count: 0, openFor: 0 }, since: 0 }
  private readonly outcomes: Outcomes
  private readonly timing: Timing
  private readonly onTransition: (to: State["_tag"]) => void

  constructor(outcomes: Outcomes, timing: Timing, onTransition: (to: State["_tag"]) => void) {
    this.outcomes = outcomes
    this.timing = timing
    this.onTransition = onTransition
  }

  /**
   * Lets a call through (`undefined`), or returns the milliseconds to wait before another try. A probe that has not ended
   * after `hold` milliseconds is given up.
   */
  enter(now: number, hold = Number.POSITIVE_INFINITY): number | undefined {
    if (this.state._tag === "open") {
      if (now < this.state.until) return this.state.until - now
      this.halfOpen()
    } else if (this.state._tag === "half_open" && now - this.state.lastProbeAt >= hold) this.halfOpen()
    const { state } = this
    if (state._tag === "half_open") {
      if (state.running + state.succeeded >= this.timing.probes) return 0
      state.running++
      state.lastProbeAt = now
    }
    return undefined
  }

  /** Takes the verdict of a call that was let through in a state, unless the circuit has changed its state since. */
  leave(entered: State, verdictOf: () => Verdict, now: () => number): void {
    const { state } = this
    if (entered !== state) return
    // A probe gives its place back before its verdict is asked for: the user's predicate may throw.
    if (state._tag === "half_open") state.running--
    const verdict = verdictOf()
    if (state._tag === "half_open") {
      if (verdict === "failure") this.open(now())
      else if (verdict === "success" && ++state.succeeded >= this.timing.probes) this.close(now())
    } else if (verdict !== "none" && this.outcomes.add(verdict === "failure")) this.open(now())
  }

  private open(now: number): void {
    const { state, timing } = this
    const hasRecovered = state._tag === "closed" && now - state.since >= state.openings.openFor
    const count = hasRecovered ? 0 : state.openings.count
    const openFor = Math.min(timing.maxOpenFor, timing.openFor * timing.factor ** count)
    this.become({ _tag: "open", openings: { count: count + 1, openFor }, until: now + openFor })
  }

  private halfOpen(): void {
    const { openings } = this.state
    this.become({ _tag: "half_open", openings, running: 0, succeeded: 0, lastProbeAt: Number.POSITIVE_INFINITY })
  }

  private close(now: number): void {
    this.outcomes.clear()
    this.become({ _tag: "closed", openings: this.state.openings, since: now })
  }

  private become(state: State): void {
    this.state = state
    this.onTransition(state._tag)
  }
}
