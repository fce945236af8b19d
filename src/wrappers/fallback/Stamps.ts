import type * as Clock from "effect/Clock"

/** Larger stamps do not fit into the names of slots, and are no plausible time of day. */
const limit = 1e15

/**
 * Stamps that order writes: the time of day, or the latest stamp that was given or seen, if that is later.
 *
 * So a later write never has an earlier stamp than the write before it, even if the system's clock is set back in between.
 * Stamps may be equal.
 */
export class Stamps {
  private latest = 0

  /** Notes the time of an entry: all later writes of this process come after it. */
  see(stamp: number | undefined): void {
    if (stamp !== undefined && stamp > this.latest && stamp < limit) this.latest = stamp
  }

  next(timeOfDay: number): number {
    this.see(timeOfDay)
    return this.latest
  }
}

const all = new WeakMap<Clock.Clock, Stamps>()

/** The stamps of a clock. All layers of a process share them, so that a layer that is built again goes on with the latest. */
export const stampsOf = (clock: Clock.Clock): Stamps => {
  let stamps = all.get(clock)
  if (stamps === undefined) all.set(clock, (stamps = new Stamps()))
  return stamps
}
