import type { Outcome, Step, Steps } from "../model.ts"

/** Returns one of the steps. */
export const stepAt = (steps: Steps, index: number): Step => {
  const outcome = steps.outcome[index]!
  return {
    time: steps.time[index]!,
    request: steps.request[index]!,
    layer: steps.layer[index]!,
    kind: outcome === 0 ? "enter" : "leave",
    attempt: steps.attempt[index]!,
    outcome: outcome === 0 ? undefined : steps.outcomes[outcome - 1]!
  }
}

/** Returns the indices of the steps of one request, in their order. */
export const stepsOf = (steps: Steps, request: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (let i = 0; i < steps.length; i++) if (steps.request[i] === request) found.push(i)
  return found
}

/** Returns the index of the first step at or after a time. */
export const firstStepAt = (steps: Steps, time: number): number => {
  let low = 0
  let high = steps.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (steps.time[middle]! < time) low = middle + 1
    else high = middle
  }
  return low
}

export const noSteps: Steps = {
  length: 0,
  time: new Float64Array(),
  request: new Int32Array(),
  layer: new Uint8Array(),
  attempt: new Uint16Array(),
  outcome: new Uint8Array(),
  outcomes: []
}

/** Writes steps. Its arrays grow as they fill. */
export class StepWriter {
  private length = 0
  private capacity = 1 << 14
  private time = new Float64Array(this.capacity)
  private request = new Int32Array(this.capacity)
  private layer = new Uint8Array(this.capacity)
  private attempt = new Uint16Array(this.capacity)
  private outcome = new Uint8Array(this.capacity)
  private readonly outcomes: Array<Outcome> = []
  private readonly indices = new Map<Outcome, number>()

  enter(time: number, request: number, layer: number, attempt: number): void {
    this.write(time, request, layer, attempt, 0)
  }

  leave(time: number, request: number, layer: number, attempt: number, outcome: Outcome): void {
    let index = this.indices.get(outcome)
    if (index === undefined) {
      index = this.outcomes.push(outcome)
      this.indices.set(outcome, index)
    }
    this.write(time, request, layer, attempt, index)
  }

  finish(): Steps {
    const { length, outcomes } = this
    return {
      length,
      time: this.time.slice(0, length),
      request: this.request.slice(0, length),
      layer: this.layer.slice(0, length),
      attempt: this.attempt.slice(0, length),
      outcome: this.outcome.slice(0, length),
      outcomes
    }
  }

  private write(time: number, request: number, layer: number, attempt: number, outcome: number): void {
    if (this.length === this.capacity) this.grow()
    const i = this.length++
    this.time[i] = time
    this.request[i] = request
    this.layer[i] = layer
    this.attempt[i] = attempt
    this.outcome[i] = outcome
  }

  private grow(): void {
    this.capacity *= 2
    const grown = <A extends { set: (from: A) => void }>(to: A, from: A): A => {
      to.set(from)
      return to
    }
    this.time = grown(new Float64Array(this.capacity), this.time)
    this.request = grown(new Int32Array(this.capacity), this.request)
    this.layer = grown(new Uint8Array(this.capacity), this.layer)
    this.attempt = grown(new Uint16Array(this.capacity), this.attempt)
    this.outcome = grown(new Uint8Array(this.capacity), this.outcome)
  }
}
