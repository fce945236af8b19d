/** Where places of the picture are on the canvas, and where a dot is at a time. */
import type { Layer } from "../model.ts"
import { callers, type Tracks } from "./tracks.ts"

export interface Geometry {
  readonly width: number
  readonly height: number
  /** Whether the layers are rows, from the top to the bottom, as on a phone. */
  readonly vertical: boolean
  /** The place of each column, in the order in which the columns are shown. */
  readonly places: ReadonlyArray<number>
}

/** The origin is shown before the callers, because callers ask it, and everything else after them. */
export const placesOf = (layers: ReadonlyArray<Layer>): ReadonlyArray<number> => {
  const all = layers.map((_, i) => i)
  const isOrigin = (i: number) => layers[i]!.kind === "origin"
  return [...all.filter(isOrigin), callers, ...all.filter((i) => !isOrigin(i))]
}

/** Distance of the dots in a pile, in CSS pixels. */
export const spacing = 10

/** Length of the space of one place, in the direction of the layers. */
export const spaceOf = ({ width, height, vertical, places }: Geometry): number =>
  (vertical ? height : width) / places.length

/** How many dots a pile has side by side, and how many of these rows fit. */
export const pileOf = (geometry: Geometry): { readonly wide: number; readonly high: number } => {
  const across = geometry.vertical ? geometry.width : geometry.height
  return {
    wide: Math.max(1, Math.floor((spaceOf(geometry) * 0.84) / spacing)),
    high: Math.max(1, Math.floor((across - 6) / spacing))
  }
}

/** A position on the canvas in CSS pixels, and how visible a dot is there. */
export interface Spot {
  x: number
  y: number
  alpha: number
  look: number
}

/** A function, because it is called for hundreds of dots in each frame, and what depends on the geometry is computed once. */
export const locator = (geometry: Geometry, { hop, fade, dots, points }: Tracks) => {
  const space = spaceOf(geometry)
  const { wide, high } = pileOf(geometry)
  const across = geometry.vertical ? geometry.width : geometry.height
  const fit = wide * high
  const columns = Array.from(geometry.places, (_, place) => geometry.places.indexOf(place - 1))

  const alongOf = (point: number): number => {
    const center = (columns[points.place[point]! + 1]! + 0.5) * space
    const slot = points.slot[point]!
    if (slot < 0) return center
    return center + ((slot % wide) - (wide - 1) / 2) * spacing
  }
  const acrossOf = (point: number, lane: number): number => {
    const slot = points.slot[point]!
    if (slot < 0) return across * (0.06 + 0.88 * lane)
    // What does not fit in the pile is drawn over its last row.
    const row = slot < fit ? Math.floor(slot / wide) : high - 1
    return across - 3 - (row + 0.5) * spacing
  }

  /** Writes where a dot is into `spot`, and returns whether it is visible. */
  return (dot: number, time: number, spot: Spot): boolean => {
    const first = dots.first[dot]!
    const end = dots.end[dot]!
    if (time < points.time[first]! || time > end) return false
    let point = dots.first[dot + 1]! - 1
    while (point > first && points.time[point]! > time) point--
    const lane = dots.lane[dot]!
    let along = alongOf(point)
    let side = acrossOf(point, lane)
    const done = (time - points.time[point]!) / hop
    if (point > first && done < 1) {
      const eased = done * done * (3 - 2 * done)
      along = alongOf(point - 1) * (1 - eased) + along * eased
      side = acrossOf(point - 1, lane) * (1 - eased) + side * eased
    }
    spot.x = geometry.vertical ? side : along
    spot.y = geometry.vertical ? along : side
    spot.look = points.look[point]!
    spot.alpha = point === first ? Math.min(1, done) : Math.min(1, (end - time) / fade)
    return true
  }
}
