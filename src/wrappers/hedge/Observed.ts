import * as Duration from "effect/Duration"
import { Latencies } from "../common/Latencies.ts"

/** After how many of them there is a new estimate, and so the first one. */
const step = 25

/** How many of them a generation has; an estimate rests on the last one and on this one. */
const generation = 250

/** The time within which a part of the last reads that were timed ended. */
export class Observed {
  /** In milliseconds; `undefined` while there were too few reads. */
  millis: number | undefined
  private readonly percentile: number
  private previous = new Latencies()
  private current = new Latencies()
  private count = 0

  constructor(percentile: number) {
    this.percentile = percentile
  }

  add(nanos: number): void {
    this.current.add(nanos)
    this.count++
    if (this.count % step === 0) this.millis = this.estimate()
    if (this.count === generation) {
      this.previous = this.current
      this.current = new Latencies()
      this.count = 0
    }
  }

  private estimate(): number {
    const all = new Latencies()
    all.merge(this.previous)
    all.merge(this.current)
    return Duration.toMillis(all.percentiles({ wanted: this.percentile }).wanted)
  }
}
