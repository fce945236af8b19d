import * as Duration from "effect/Duration"

/** The largest relative error of a percentile. */
const accuracy = 0.01

const growth = (1 + accuracy) / (1 - accuracy)
const scale = 1 / Math.log(growth)

/** The bucket of a duration in nanoseconds. The bucket of zero is `-Infinity`. */
const bucketOf = (nanos: number): number => Math.ceil(Math.log(nanos) * scale)

/** A duration whose relative distance to every duration of the bucket is at most `accuracy`. */
const middleOf = (bucket: number): number => (2 * growth ** bucket) / (growth + 1)

/**
 * A histogram whose buckets get wider with the duration, so that a few dozen counters are enough.
 */
export class Latencies {
  private readonly buckets = new Map<number, number>()
  private count = 0
  private max = 0

  add(nanos: number): void {
    this.addTo(bucketOf(nanos), 1)
    this.max = Math.max(this.max, nanos)
  }

  merge(other: Latencies): void {
    for (const [bucket, count] of other.buckets) this.addTo(bucket, count)
    this.max = Math.max(this.max, other.max)
  }

  private addTo(bucket: number, count: number): void {
    this.buckets.set(bucket, (this.buckets.get(bucket) ?? 0) + count)
    this.count += count
  }

  /** The percentiles for the given fractions (0.99 is the 99th percentile), and the longest duration. */
  percentiles<Names extends string>(parts: Readonly<Record<Names, number>>): Record<Names | "max", Duration.Duration> {
    const sorted = [...this.buckets].sort(([a], [b]) => a - b)
    const at = (part: number): number => {
      let rank = Math.ceil(part * this.count)
      for (const [bucket, count] of sorted) if ((rank -= count) <= 0) return Math.min(middleOf(bucket), this.max)
      return this.max
    }
    const entries = Object.entries<number>(parts).map(([name, part]) => [name, toDuration(at(part))])
    return { ...Object.fromEntries(entries), max: toDuration(this.max) }
  }
}

const toDuration = (nanos: number): Duration.Duration => Duration.nanos(BigInt(Math.round(nanos)))
