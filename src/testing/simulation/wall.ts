/** The wall clock is set to another time: so many milliseconds later, or earlier if negative. */
export interface Jump {
  readonly at: number
  readonly by: number
}

/** What the wall clock shows after so many milliseconds, if it showed 0 at first. */
export const wallAt = (jumps: ReadonlyArray<Jump>, at: number): number =>
  jumps.reduce((wall, jump) => (jump.at <= at ? wall + jump.by : wall), at)

/** A moment from which on something is expired by the wall clock, or is not so any more. */
export interface Crossing {
  readonly at: number
  readonly expired: boolean
}

/** When the wall clock passes a time, in both directions: once, unless it is set back. */
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
