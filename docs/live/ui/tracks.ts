/**
 * Where the dots of a run are at each time. A dot is a request, or one of several calls of a request that run at the same
 * time. Calls that take a few milliseconds would be invisible, so a dot takes at least `hop` from one layer to the next.
 */
import type { Layer, Request, Run } from "../model.ts"
import { type Look, lookOf, looks } from "./outcomes.ts"

/** The place of the callers. Other places are indexes in `Run.layers`. */
export const callers = -1

export interface Tracks {
  /** Milliseconds that a dot takes from one place to the next. */
  readonly hop: number
  /** Milliseconds that a dot stays visible after it has ended. */
  readonly fade: number
  readonly dots: Dots
  readonly points: Points
  /** For each `bucket` of time, the dots that are visible in it. */
  readonly visible: ReadonlyArray<ReadonlyArray<number>>
}

/** One value for each dot. */
interface Dots {
  readonly request: Int32Array
  /** Index of the first point of the dot. The points of a dot end where those of the next dot begin. */
  readonly first: Int32Array
  /** When the dot is no longer drawn. */
  readonly end: Float64Array
  /** Position across the direction of the layers, from 0 to 1, while the dot moves. */
  readonly lane: Float32Array
}

/** One value for each point of a dot: at `time`, it starts to move to `place`. */
interface Points {
  readonly time: Float64Array
  readonly place: Int8Array
  readonly look: Uint8Array
  /** Place in the pile of dots that wait in the same layer, or -1 if the dot does not wait. */
  readonly slot: Int16Array
}

/** Milliseconds of one entry of `Tracks.visible`. */
export const bucket = 100

/** A dot that is being built. */
interface Dot {
  readonly request: number
  readonly times: Array<number>
  readonly places: Array<number>
  readonly looks: Array<number>
  end: number
  /** Whether the dot fades at its end. Other dots are on their way when the run ends. */
  fades: boolean
}

/** A call that has entered a layer and not left it. */
interface Call {
  readonly layer: number
  readonly attempt: number
  readonly parent: Call | undefined
  /** The dots that are at this call. */
  readonly at: Array<Dot>
  open: boolean
  /** Open calls of the next layer that this call has made. */
  children: number
  /** The layer that this call has called last. */
  called: number | undefined
}

const index = Object.fromEntries(looks.map((look, i) => [look, i])) as Readonly<Record<Look, number>>

/** A position for each request, such that requests that follow each other are far apart. */
const laneOf = (request: number): number => (request * 0.618034) % 1

export const tracksOf = (run: Run, hop = hopOf(run.layers.length)): Tracks => {
  const fade = 250
  const until = run.scenario.seconds * 1000
  const dots: Array<Dot> = []
  const outside = run.layers.map((layer, i) => callerOf(run.layers, layer, i))
  const outcomes = run.steps.outcomes.map((outcome) => index[lookOf(outcome)])
  const context = { run, outside, outcomes, hop, fade, until }
  for (const [request, steps] of byRequest(run)) dotsOf(dots, request, steps, context)
  return flatten(dots, { hop, fade, until })
}

/** A request that is answered at once by the store is visible for about 0.7 seconds. */
const hopOf = (layers: number): number => Math.max(24, Math.min(150, 700 / (2 * layers + 1)))

/** The indexes of the steps of each request, in the order of time. */
const byRequest = (run: Run): Map<number, Array<number>> => {
  const all = new Map<number, Array<number>>()
  for (const { id } of run.requests) all.set(id, [])
  for (let i = 0; i < run.steps.length; i++) {
    const request = run.steps.request[i]!
    const steps = all.get(request)
    if (steps === undefined) all.set(request, [i])
    else steps.push(i)
  }
  return all
}

/** The place that calls a layer: the wrapper around it, `Fallback` for its second store, and the callers for the origin. */
const callerOf = (layers: ReadonlyArray<Layer>, { kind, wrapper }: Layer, i: number): number =>
  kind === "origin"
    ? callers
    : kind === "fallback"
      ? layers.findIndex((it) => it.kind === "wrapper" && it.wrapper === wrapper)
      : i - 1

interface Context extends Times {
  readonly run: Run
  /** For each layer, the place that calls it. */
  readonly outside: ReadonlyArray<number>
  /** For each outcome of the steps, its look. */
  readonly outcomes: ReadonlyArray<number>
}

interface Times {
  readonly hop: number
  readonly fade: number
  readonly until: number
}

/** Adds the dots of one request. */
const dotsOf = (dots: Array<Dot>, id: number, steps: ReadonlyArray<number>, context: Context): void => {
  const { run, outside, outcomes, hop, fade, until } = context
  const request: Request | undefined = run.requests[id]
  const going = request?.write === true ? index.write : index.read
  const root = callOf(callers, 0, undefined)
  const open: Array<Call> = []
  const lookAt = new Map<Call, number>([[root, going]])

  const start = (time: number, place: number, look: number): Dot => {
    const dot: Dot = { request: id, times: [time - hop], places: [place], looks: [look], end: until, fades: false }
    dots.push(dot)
    return dot
  }
  const move = (dot: Dot, time: number, place: number, look: number): void => {
    const last = dot.times.length - 1
    const known = dot.looks[last]!
    dot.times.push(Math.max(time, dot.times[last]! + hop))
    dot.places.push(place)
    dot.looks.push(look === index.ok && (known === index.hit || known === index.stale) ? known : look)
  }
  const finish = (dot: Dot, time: number): void => {
    dot.end = Math.max(time, dot.times[dot.times.length - 1]! + hop) + fade
    dot.fades = true
  }
  /** Of the calls of a layer, the last one that waits for no other call. */
  const parentAt = (layer: number): Call | undefined => {
    if (layer === callers) return root
    const all = open.filter((call) => call.layer === layer)
    return all.findLast(({ children }) => children === 0) ?? all.at(-1)
  }

  const enter = (time: number, layer: number, attempt: number): void => {
    const place = outside[layer]!
    const parent = parentAt(place)
    const call = callOf(layer, attempt, parent)
    const again = parent !== undefined && parent !== root && parent.called === layer
    const look = again ? index.retry : (lookAt.get(parent ?? root) ?? going)
    if (parent !== undefined) {
      parent.children++
      parent.called = layer
    }
    const dot = parent?.at.pop() ?? start(time, place, look)
    move(dot, time, layer, look)
    call.at.push(dot)
    lookAt.set(call, look)
    open.push(call)
  }
  const leave = (time: number, layer: number, attempt: number, outcome: number): void => {
    const at = open.findLastIndex((call) => call.layer === layer && call.attempt === attempt)
    if (at < 0) return
    const call = open.splice(at, 1)[0]!
    const { parent } = call
    call.open = false
    if (parent !== undefined) parent.children--
    const ends = parent === root && request?.end !== undefined && time >= request.end
    const look = ends && request.applied === "unknown" ? index.unknown : outcome
    // Without a dot, the dot is still at a call that this one has given up.
    const dot = call.at.pop() ?? start(time, layer, look)
    for (const other of call.at) finish(other, time)
    if (parent?.open === true) {
      move(dot, time, outside[layer]!, look)
      parent.at.push(dot)
    } else {
      dot.looks[dot.looks.length - 1] = index.interrupted
      finish(dot, time)
    }
  }

  const { time, layer, attempt, outcome } = run.steps
  for (const i of steps) {
    if (outcome[i] === 0) enter(time[i]!, layer[i]!, attempt[i]!)
    else leave(time[i]!, layer[i]!, attempt[i]!, outcomes[outcome[i]! - 1]!)
  }
  if (request === undefined) return
  // A caller of `getOrSet` that waits for the load of another one makes no call.
  if (steps.length === 0) root.at.push(start(request.start + hop, callers, going))
  if (request.end === undefined) return
  const answer = request.applied === "unknown" ? index.unknown : index[lookOf(request.outcome ?? "ok")]
  for (const dot of root.at) {
    // The answer to a caller that has waited without a call.
    if (request.end > (time[steps.at(-1) ?? -1] ?? request.start)) move(dot, request.end, callers, answer)
    finish(dot, request.end)
  }
}

const callOf = (layer: number, attempt: number, parent: Call | undefined): Call => ({
  layer,
  attempt,
  parent,
  at: [],
  open: true,
  children: 0,
  called: undefined
})

const flatten = (unsorted: ReadonlyArray<Dot>, { hop, fade, until }: Times): Tracks => {
  const all = [...unsorted].sort((a, b) => a.times[0]! - b.times[0]!)
  const count = all.reduce((sum, { times }) => sum + times.length, 0)
  const dots: Dots = {
    request: new Int32Array(all.length),
    first: new Int32Array(all.length + 1),
    end: new Float64Array(all.length),
    lane: new Float32Array(all.length)
  }
  const points: Points = {
    time: new Float64Array(count),
    place: new Int8Array(count),
    look: new Uint8Array(count),
    slot: new Int16Array(count).fill(-1)
  }
  const visible = Array.from({ length: Math.ceil(until / bucket) + 1 }, (): Array<number> => [])
  const waits: Array<Wait> = []
  let next = 0
  all.forEach((dot, i) => {
    dots.request[i] = dot.request
    dots.first[i] = next
    dots.end[i] = dot.end
    dots.lane[i] = laneOf(dot.request)
    dot.times.forEach((time, k) => {
      points.time[next] = time
      points.place[next] = dot.places[k]!
      points.look[next] = dot.looks[k]!
      const from = time + hop
      // A dot that fades does not wait.
      const to = dot.times[k + 1] ?? dot.end - (dot.fades ? fade : 0)
      if (to - from > shortestWait) waits.push({ point: next, place: dot.places[k]!, from, to })
      next++
    })
    const to = Math.min(visible.length - 1, Math.floor(dot.end / bucket))
    for (let b = Math.max(0, Math.floor(dot.times[0]! / bucket)); b <= to; b++) visible[b]!.push(i)
  })
  dots.first[all.length] = next
  for (const { point, slot } of slotsOf(waits)) points.slot[point] = slot
  return { hop, fade, dots, points, visible }
}

/** A dot that waits for less time, in milliseconds, does not join the pile of its layer. */
const shortestWait = 30

interface Wait {
  readonly point: number
  readonly place: number
  readonly from: number
  readonly to: number
}

/** Gives each waiting dot the lowest free slot in the pile of its layer, and keeps it there until it moves on. */
const slotsOf = (waits: ReadonlyArray<Wait>): ReadonlyArray<{ readonly point: number; readonly slot: number }> => {
  const freeFrom = new Map<number, Array<number>>()
  return [...waits]
    .sort((a, b) => a.from - b.from)
    .map(({ point, place, from, to }) => {
      const slots = freeFrom.get(place) ?? []
      freeFrom.set(place, slots)
      const free = slots.findIndex((time) => time <= from)
      const slot = free < 0 ? slots.length : free
      slots[slot] = to
      return { point, slot }
    })
}
