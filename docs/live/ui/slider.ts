/** Sliders for numbers whose range is wide: each step changes the number by about the same factor. */

export interface Range {
  readonly min: number
  readonly max: number
  readonly step: number
}

/** How many positions a slider has, from 0. */
export const positions = 100

/** How much the last steps are larger than the first ones. Ranges up to this factor get even steps. */
const growth = 60

const isWide = ({ min, max, step }: Range): boolean => max - min > growth * Math.max(step, min)

export const positionOf = ({ min, max, ...range }: Range, value: number): number => {
  const part = Math.max(0, Math.min(1, (value - min) / (max - min)))
  return positions * (isWide({ min, max, ...range }) ? Math.log1p(part * growth) / Math.log1p(growth) : part)
}

export const clamp = ({ min, max }: Range, value: number): number => Math.max(min, Math.min(max, value))

const toStep = ({ min, max, step }: Range, value: number): number =>
  Number(clamp({ min, max, step }, Math.round(value / step) * step).toFixed(6))

/** The number at a position of the slider, with at most two digits that differ from 0. */
export const valueAt = (range: Range, position: number, now: number): number => {
  const { min, max, step } = range
  const part = position / positions
  const raw = min + (max - min) * (isWide(range) ? Math.expm1(part * Math.log1p(growth)) / growth : part)
  const power = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, Math.abs(raw)))) - 1)
  const found = position >= positions ? max : position <= 0 ? min : toStep(range, Math.round(raw / power) * power)
  // One step of the slider must change the number in its direction, or the arrow keys would do nothing.
  const before = Math.round(positionOf(range, now))
  if (position > before && found <= now) return Math.max(toStep(range, raw), toStep(range, now + step))
  if (position < before && found >= now) return Math.min(toStep(range, raw), toStep(range, now - step))
  return found
}
