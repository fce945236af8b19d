import * as Hash from "effect/Hash"

/**
 * Counts how often keys were dropped, so that a load can compare the count before and after. It keeps no list of loads: one
 * that the runtime ends would stay in it.
 *
 * Keys share a fixed number of counters. If two keys have the same one, a loaded value may not be stored.
 */
export class Drops {
  private readonly counts = new Float64Array(1024)
  private all = 0

  add(key: string): void {
    this.counts[counterOf(key)]!++
  }

  addAll(): void {
    this.all++
  }

  /** How often a key may have been dropped so far. */
  of(key: string): number {
    return this.all + this.counts[counterOf(key)]!
  }
}

const counterOf = (key: string): number => Math.abs(Hash.string(key)) % 1024
