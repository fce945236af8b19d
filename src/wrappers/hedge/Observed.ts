import * as Duration from "effect/Duration"
import { Latencies } from "../common/Latencies.ts"

/** The estimate is renewed after so many durations. */
const step = 25

/** How many durations a generation has. An estimate uses the current generation and the one before. */
const generation = 250

/** A percentile of the latest durations of reads. */
export class Observed {
  /** The percentile, in milliseconds; `undefined` before the first estimate. */
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
