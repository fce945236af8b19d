import type * as Clock from "effect/Clock"

/** Larger ones do not fit into the names of slots, and are nobody's time of day. */
const limit = 1e15

/**
 * Stamps that order writes: the time of day, or the latest stamp that was given or seen, if that is later.
 *
 * So a write that comes after another one never has an earlier stamp, whatever happens to the system's clock between them.
 * Stamps may be equal.
 */
export class Stamps {
  private latest = 0

  /** Notes when something was written that all later writes of this process come after. */
  see(stamp: number | undefined): void {
    if (stamp !== undefined && stamp > this.latest && stamp < limit) this.latest = stamp
  }

  next(timeOfDay: number): number {
    this.see(timeOfDay)
    return this.latest
  }
}

const all = new WeakMap<Clock.Clock, Stamps>()

/** The stamps by a clock. All layers of a process share them, so that one that is built again goes on with the latest. */
export const stampsOf = (clock: Clock.Clock): Stamps => {
  let stamps = all.get(clock)
  if (stamps === undefined) all.set(clock, (stamps = new Stamps()))
  return stamps
}
