/** A change of the wall clock by a number of milliseconds: forward, or back if negative. */
export interface Jump {
  readonly at: number
  readonly by: number
}

/** Returns the wall-clock time after `at` milliseconds, if it was 0 at the start. */
export const wallAt = (jumps: ReadonlyArray<Jump>, at: number): number =>
  jumps.reduce((wall, jump) => (jump.at <= at ? wall + jump.by : wall), at)

/** A moment at which an entry expires by the wall clock, or is no longer expired because the clock was set back. */
export interface Crossing {
  readonly at: number
  readonly expired: boolean
}

/** Returns when the wall clock passes a time, in either direction. It does so once, unless it is set back. */
export const crossings = (jumps: ReadonlyArray<Jump>, until: number): ReadonlyArray<Crossing> => {
  const found: Array<Crossing> = []
  let ahead = 0
  let expired = false
  const cross = (at: number): void => {
    expired = !expired
    found.push({ at, expired })
  }
  const sorted = [...jumps].sort((a, b) => a.at - b.at)
  for (const { at, by } of sorted) {
    if (!expired && until - ahead < at) cross(until - ahead)
    ahead += by
    if (expired !== at + ahead >= until) cross(at)
  }
  if (!expired) cross(until - ahead)
  return found
}
