import type { Outcomes } from "./Outcomes.ts"

/** Whether a call shows that the store works. `"none"` is not counted, such as an interrupted call. */
export type Verdict = "success" | "failure" | "none"

/** Times are in milliseconds. */
export interface Timing {
  readonly openFor: number
  readonly factor: number
  readonly maxOpenFor: number
  readonly probes: number
}

/** How often a circuit has opened since it last recovered, and how many milliseconds it was last open. */
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
 * A circuit. While closed, it lets calls through until too many fail. While open, it rejects calls until its time is over.
 * While half-open, it lets a few probes through. It closes if all of them succeed, and opens for longer if one fails.
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
   * Lets a call through and returns `undefined`, or returns the milliseconds after which to try again. If the last probe
   * started at least `hold` milliseconds ago, running probes are given up and others take their place.
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

  /** Counts a call that ended. `entered` is the state in which it started: if the state has changed, nothing is counted. */
  leave(entered: State, verdictOf: () => Verdict, now: () => number): void {
    const { state } = this
    if (entered !== state) return
    // The probe leaves before `verdictOf` runs, because the predicate of the user may throw.
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
