import * as Hash from "effect/Hash"

/**
 * Counts how often keys were dropped, so that a load can compare the counts before and after. It keeps no list of loads,
 * because a load that the runtime ends would stay in the list.
 *
 * Keys share a fixed number of counters. If another key with the same counter is dropped, a loaded value is not stored.
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

  /** The number of drops of a key, and of other keys with the same counter. */
  of(key: string): number {
    return this.all + this.counts[counterOf(key)]!
  }
}

const counterOf = (key: string): number => Math.abs(Hash.string(key)) % 1024
