/** Draws the picture: the places of the layers, what is wrong with the store, the circuit, and all dots at a time. */
import type { Circuit, Fault } from "../model.ts"
import { type Geometry, locator, type Spot, spaceOf } from "./geometry.ts"
import { type Look, looks } from "./outcomes.ts"
import { bucket, callers, type Tracks } from "./tracks.ts"

export type Colors = Readonly<Record<Look | "line" | "band" | "text" | "fault" | "background", string>>

/** Reads the colors of the theme from the CSS variables of an element. */
export const colorsOf = (element: Element): Colors => {
  const style = getComputedStyle(element)
  const names = [...looks, "line", "band", "text", "fault", "background"] as const
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--live-${name}`).trim()])) as Colors
}

/** Everything that one frame shows. */
export interface Frame {
  readonly time: number
  readonly faults: ReadonlyArray<Fault>
  /** The place of the store. */
  readonly store: number
  /** The place and the state of each CircuitBreaker. */
  readonly circuits: ReadonlyArray<{ readonly place: number; readonly state: Circuit }>
  /** The request whose story is told, which gets a ring. */
  readonly request: number | undefined
}

/** Half of the size of the square that a dot is drawn in, in CSS pixels. */
const half = 8

const radius = 4.2

/** Each look has a shape of its own, so that nobody needs to tell colors apart. */
const shapes: Readonly<Record<Look, (to: CanvasRenderingContext2D) => void>> = {
  read: (to) => circle(to, radius - 0.4),
  write: (to) => to.fillRect(-3.4, -3.4, 6.8, 6.8),
  retry: (to) => {
    circle(to, 2.2)
    ring(to, 4.8, 1.5)
  },
  ok: (to) => circle(to, radius),
  hit: (to) => diamond(to, 5.4),
  failed: (to) => cross(to, 3.8),
  rejected: (to) => {
    ring(to, 4, 1.4)
    to.fillRect(-4, -0.9, 8, 1.8)
  },
  unknown: (to) => {
    diamond(to, 5.6)
    to.globalCompositeOperation = "destination-out"
    to.fillRect(-0.8, -2.8, 1.6, 3.4)
    to.fillRect(-0.8, 1.5, 1.6, 1.5)
  },
  stale: (to) => {
    diamond(to, 5.6)
    to.globalCompositeOperation = "destination-out"
    diamond(to, 2.6)
  },
  interrupted: (to) => ring(to, 3, 1.2)
}

const circle = (to: CanvasRenderingContext2D, size: number): void => {
  to.beginPath()
  to.arc(0, 0, size, 0, 2 * Math.PI)
  to.fill()
}

const ring = (to: CanvasRenderingContext2D, size: number, width: number): void => {
  to.lineWidth = width
  to.beginPath()
  to.arc(0, 0, size, 0, 2 * Math.PI)
  to.stroke()
}

const diamond = (to: CanvasRenderingContext2D, size: number): void => {
  to.beginPath()
  to.moveTo(0, -size)
  to.lineTo(size, 0)
  to.lineTo(0, size)
  to.lineTo(-size, 0)
  to.fill()
}

const cross = (to: CanvasRenderingContext2D, size: number): void => {
  to.lineWidth = 2.6
  to.beginPath()
  to.moveTo(-size, -size)
  to.lineTo(size, size)
  to.moveTo(size, -size)
  to.lineTo(-size, size)
  to.stroke()
}

/** Draws one look in the center of a context, for the picture and for its legend. */
export const drawLook = (to: CanvasRenderingContext2D, look: Look, color: string): void => {
  to.save()
  to.fillStyle = color
  to.strokeStyle = color
  shapes[look](to)
  to.restore()
}

/** An image of each look. To draw an image is several times faster than to draw the shape. */
const sprites = (colors: Colors, ratio: number): ReadonlyArray<HTMLCanvasElement> =>
  looks.map((look) => {
    const canvas = document.createElement("canvas")
    canvas.width = canvas.height = Math.ceil(2 * half * ratio)
    const to = canvas.getContext("2d")!
    to.scale(ratio, ratio)
    to.translate(half, half)
    drawLook(to, look, colors[look])
    return canvas
  })

export interface Painter {
  readonly draw: (frame: Frame) => void
  /** The request of the dot at a position, if one is near. */
  readonly find: (x: number, y: number, time: number) => number | undefined
}

/** Draws frames until the size, the theme or the run changes. */
export const painter = (
  canvas: HTMLCanvasElement,
  geometry: Geometry,
  tracks: Tracks,
  colors: Colors,
  ratio: number
): Painter => {
  const to = canvas.getContext("2d")!
  const images = sprites(colors, ratio)
  const locate = locator(geometry, tracks)
  const spot: Spot = { x: 0, y: 0, alpha: 1, look: 0 }
  const { width, height } = geometry

  const visibleAt = (time: number): ReadonlyArray<number> =>
    tracks.visible[Math.max(0, Math.min(tracks.visible.length - 1, Math.floor(time / bucket)))] ?? []

  const draw = (frame: Frame): void => {
    to.setTransform(ratio, 0, 0, ratio, 0, 0)
    to.clearRect(0, 0, width, height)
    drawPlaces(to, geometry, colors, frame)
    to.globalAlpha = 1
    for (const dot of visibleAt(frame.time)) {
      if (!locate(dot, frame.time, spot)) continue
      to.globalAlpha = spot.alpha
      to.drawImage(images[spot.look]!, spot.x - half, spot.y - half, 2 * half, 2 * half)
      if (tracks.dots.request[dot] === frame.request) {
        to.globalAlpha = 1
        to.strokeStyle = colors.text
        to.lineWidth = 2
        to.beginPath()
        to.arc(spot.x, spot.y, 10, 0, 2 * Math.PI)
        to.stroke()
      }
    }
    to.globalAlpha = 1
    for (const { place, state } of frame.circuits) drawCircuit(to, geometry, colors, place, state)
  }

  const find = (x: number, y: number, time: number): number | undefined => {
    let found: number | undefined
    let best = 16
    for (const dot of visibleAt(time)) {
      if (!locate(dot, time, spot)) continue
      const distance = Math.hypot(spot.x - x, spot.y - y)
      if (distance < best) {
        best = distance
        found = tracks.dots.request[dot]
      }
    }
    return found
  }

  return { draw, find }
}

/** The rectangle of a place. */
const boxOf = (geometry: Geometry, place: number): [x: number, y: number, width: number, height: number] => {
  const space = spaceOf(geometry)
  const from = geometry.places.indexOf(place) * space
  return geometry.vertical ? [0, from, geometry.width, space] : [from, 0, space, geometry.height]
}

const drawPlaces = (to: CanvasRenderingContext2D, geometry: Geometry, colors: Colors, frame: Frame): void => {
  geometry.places.forEach((place, column) => {
    if (column % 2 === 0) return
    to.fillStyle = colors.band
    to.fillRect(...boxOf(geometry, place))
  })
  to.fillStyle = colors.line
  for (const place of geometry.places) {
    if (place === callers || frame.circuits.some((circuit) => circuit.place === place && circuit.state !== "closed"))
      continue
    drawGate(to, geometry, place, place >= frame.store ? 10 : 4)
  }
  const [x, y, width, height] = boxOf(geometry, frame.store)
  if (frame.faults.length > 0) {
    to.save()
    to.beginPath()
    to.rect(x, y, width, height)
    to.clip()
    to.globalAlpha = 0.1
    to.fillStyle = colors.fault
    to.fillRect(x, y, width, height)
    to.globalAlpha = 0.22
    to.strokeStyle = colors.fault
    to.lineWidth = 2
    to.beginPath()
    for (let line = -height; line < width; line += 12) {
      to.moveTo(x + line, y + height)
      to.lineTo(x + line + height, y)
    }
    to.stroke()
    to.restore()
  }
}

/** A line that the dots pass. */
const drawGate = (to: CanvasRenderingContext2D, geometry: Geometry, place: number, size: number): void => {
  const [x, y, width, height] = boxOf(geometry, place)
  if (geometry.vertical) to.fillRect(x, y + height / 2 - size / 2, width, size)
  else to.fillRect(x + width / 2 - size / 2, y, size, height)
}

/** A switch: its lever connects both ends if the circuit is closed, and stands up if the circuit is open. */
const drawCircuit = (
  to: CanvasRenderingContext2D,
  geometry: Geometry,
  colors: Colors,
  place: number,
  circuit: Circuit
): void => {
  const [x, y, width, height] = boxOf(geometry, place)
  const open = circuit === "open"
  to.strokeStyle = open ? colors.failed : circuit === "half-open" ? colors.rejected : colors.ok
  if (circuit === "open" || circuit === "half-open") {
    to.lineWidth = 6
    to.setLineDash(open ? [] : [8, 8])
    to.beginPath()
    if (geometry.vertical) {
      to.moveTo(0, y + height / 2)
      to.lineTo(geometry.width, y + height / 2)
    } else {
      to.moveTo(x + width / 2, 0)
      to.lineTo(x + width / 2, geometry.height)
    }
    to.stroke()
    to.setLineDash([])
  }
  const centerX = geometry.vertical ? x + width - 30 : x + width / 2
  const centerY = geometry.vertical ? y + 18 : 20
  to.fillStyle = colors.background
  to.globalAlpha = 0.85
  to.beginPath()
  to.roundRect(centerX - 23, centerY - 16, 46, 26, 6)
  to.fill()
  to.globalAlpha = 1
  to.fillStyle = to.strokeStyle
  to.lineWidth = 2.5
  to.beginPath()
  to.moveTo(centerX - 18, centerY)
  to.lineTo(centerX - 9, centerY)
  to.moveTo(centerX + 18, centerY)
  to.lineTo(centerX + 9, centerY)
  to.moveTo(centerX - 9, centerY)
  const angle = open ? -0.75 : circuit === "half-open" ? -0.35 : 0
  to.lineTo(centerX - 9 + 18 * Math.cos(angle), centerY + 18 * Math.sin(angle))
  to.stroke()
  for (const end of [-9, 9]) {
    to.beginPath()
    to.arc(centerX + end, centerY, 2.6, 0, 2 * Math.PI)
    to.fill()
  }
}
