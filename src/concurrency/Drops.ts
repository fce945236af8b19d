import * as Hash from "effect/Hash"

/**
 * Tells loads that what they read may be out of date, without knowing them: a load that is ended by the runtime leaves
 * nothing behind.
 *
 * Keys share a fixed number of counters. Two keys with the same counter only cost a load that is not stored.
 */
export class Drops {
  private readonly counts = new Float64Array(1024)
  private all = 0

  add(key: string): void {
    this.counts[place(key)]!++
  }

  addAll(): void {
    this.all++
  }

  /** How often a key may have been dropped until now. */
  of(key: string): number {
    return this.all + this.counts[place(key)]!
  }
}

const place = (key: string): number => Math.abs(Hash.string(key)) % 1024
