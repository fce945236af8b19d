import * as place from "../../errors/place.ts"
import type { Snapshot } from "../../health/Component.ts"
import type { Kind } from "../Chaos.ts"
import type { Outage, Stall, Step } from "./Plan.ts"
import type { Jump } from "./wall.ts"

/** A moment of a run: virtual milliseconds, and the position in the order of all events. */
export interface Moment {
  readonly at: number
  readonly seq: number
}

/** The id by which the checker knows a value, or `undefined` for no value. */
export type Held = string | undefined

/** How an operation ended. */
export type Answer =
  /** A read: the value of each key, and when it expires if the operation returns that. */
  | { readonly _tag: "read"; readonly held: ReadonlyArray<Held>; readonly expiries?: ReadonlyArray<number | undefined> }
  /** A listing: which of the step's keys it has, and which names that no operation writes. */
  | { readonly _tag: "listed"; readonly present: ReadonlyArray<boolean>; readonly strange: ReadonlyArray<string> }
  /** A write and its result. */
  | { readonly _tag: "done"; readonly answer: boolean | number | Held | null }
  | {
      readonly _tag: "failed"
      readonly error: string
      readonly outcome: "not-applied" | "unknown" | undefined
      /** The time limit that the error reports, if any. */
      readonly limit?: number | undefined
    }
  /** The operation ended with the error that the caller's callback threw. */
  | { readonly _tag: "threw" }
  /** The operation ended in a way that its type does not list. */
  | { readonly _tag: "defect"; readonly cause: string }
  /** The client gave up. */
  | { readonly _tag: "interrupted" }

/** One attempt to apply an operation, or a part of it, to a store. */
export interface Application {
  readonly store: string
  readonly from: Moment
  to: Moment | undefined
}

/** One call of an update's function: the value that it saw, and the value that it returned. */
export interface Attempt {
  readonly seen: Held
  readonly made: string
  readonly at: number
}

/** A run of the loader of a `getOrSet`, and the value that it returned unless it failed. */
export interface LoadRun {
  readonly from: Moment
  to: Moment | undefined
  made: string | undefined
  /** The wall-clock time at which the loader returned. */
  wall: number
}

/** The client gave up. No store had had a call to reply to for `quietFor` milliseconds. */
export interface GaveUp {
  readonly at: Moment
  readonly quietFor: number
}

/** An operation and what happened to it. Times of expiry are wall-clock times. */
export interface Operation {
  readonly step: Step
  readonly invoked: Moment
  completed: Moment | undefined
  answer: Answer | undefined
  readonly attempts: Array<Attempt>
  readonly loads: Array<LoadRun>
  gaveUp: GaveUp | undefined
  /** Whether a callback of this operation threw. */
  threw: boolean
  readonly applications: Array<Application>
  readonly faults: Array<{ readonly store: string; readonly kind: Kind }>
  /** The times at which faults make the written entries expire before their TTL ends. */
  readonly expiredEarly: Array<number>
}

/** The layer was closed and built again. A step that did not end has no moment. */
export interface Reopening {
  readonly closing: Moment
  closed: Moment | undefined
  opened: Moment | undefined
}

/** Everything that happened in a run. */
export interface History {
  readonly seed: number
  readonly keys: ReadonlyArray<string>
  readonly outages: ReadonlyArray<Outage>
  readonly hotKeys: ReadonlyArray<string>
  readonly counters: ReadonlyArray<string>
  readonly jumps: ReadonlyArray<Jump>
  readonly stalls: ReadonlyArray<Stall>
  readonly reopenings: ReadonlyArray<Reopening>
  /** The values that each store held at the end, read without faults: by name, in the order of `keys`. */
  readonly contents: Readonly<Record<string, ReadonlyArray<Held>>>
  /** In the order in which they were invoked. */
  readonly operations: ReadonlyArray<Operation>
  /** The state of the stack at the end, if the stack has any. */
  readonly health?: Pick<Snapshot, "status" | "since" | "reason"> | undefined
}

/** The id of the value that a step writes under a key. */
export const valueId = (step: Step, key: string, attempt = 0): string =>
  attempt === 0 ? `${step.id}@${key}` : `${step.id}.${attempt}@${key}`

export const isWrite = ({ step: { action } }: Operation): boolean =>
  action === "getOrSet" || (action !== "removeExpired" && place.isWrite(action))

/** Whether a write succeeded, and did not return `false`. */
export const isAcknowledged = (operation: Operation): boolean =>
  isWrite(operation) && operation.answer?._tag === "done" && operation.answer.answer !== false

/** Whether a write succeeded, even if it found nothing to change. */
export const isDone = (operation: Operation): boolean => isWrite(operation) && operation.answer?._tag === "done"

/** Renders the events of all keys that clients used: one line each, in the order of time. */
export const render = (history: History): ReadonlyArray<string> => {
  const { operations, outages, jumps, stalls, reopenings } = history
  const lines: Array<readonly [at: number, order: number, text: string]> = []
  for (const { store, from, to, stall } of outages) {
    lines.push([from, -1, `${store} ${stall ? "does not reply" : "is down"} until ${to} ms`])
  }
  for (const { at, by } of jumps)
    lines.push([at, -1, `the clock is set ${by > 0 ? "forward" : "back"} by ${Math.abs(by)} ms`])
  for (const { at, millis } of stalls) lines.push([at, -1, `the event loop is blocked for ${millis} ms`])
  for (const { closing, closed, opened } of reopenings) {
    lines.push([closing.at, closing.seq, "the layer is being closed"])
    if (closed !== undefined) lines.push([closed.at, closed.seq, "the layer is closed"])
    if (opened !== undefined) lines.push([opened.at, opened.seq, "the layer is built again"])
  }
  const used = new Set(operations.flatMap(({ step }) => (step.client < 0 ? [] : step.keys)))
  for (const operation of operations) {
    if (!operation.step.keys.some((key) => used.has(key))) continue
    const { step, invoked, completed, answer, faults, applications } = operation
    const who = `${step.client < 0 ? "final check" : `client ${step.client}`} #${step.id} ${step.action} ${step.keys.join(" ")}`
    const ttl = step.ttl === undefined ? "" : ` (ttl ${step.ttl} ms)`
    const when = step.interruption
    const left =
      when === undefined ? "" : ` (interrupted after ${when._tag === "steps" ? when.steps : when.millis} ${when._tag})`
    const budget = step.budget === undefined ? "" : ` (budget ${step.budget} ms)`
    const why = faults.map(({ store, kind }) => ` [${kind} at ${store}]`).join("")
    lines.push([invoked.at, invoked.seq, `${who}${ttl}${budget}${left} …${why}`])
    for (const { from, to, made } of operation.loads) {
      lines.push([from.at, from.seq, `      #${step.id} starts to load`])
      if (to !== undefined) lines.push([to.at, to.seq, `      #${step.id} has loaded ${made ?? "nothing"}`])
    }
    for (const { store, to } of applications) {
      if (to !== undefined) lines.push([to.at, to.seq, `      #${step.id} is applied by ${store}`])
    }
    if (completed !== undefined) lines.push([completed.at, completed.seq, `${who} → ${describe(answer)}`])
  }
  lines.sort(([a, i], [b, j]) => a - b || i - j)
  return lines.map(([at, , text]) => `${String(at).padStart(7)} ms  ${text}`)
}

const describe = (answer: Answer | undefined): string => {
  switch (answer?._tag) {
    case undefined:
      return "no reply"
    case "read":
      return answer.held
        .map(
          (held, i) =>
            `${held ?? "missing"}${answer.expiries?.[i] === undefined ? "" : ` until ${answer.expiries[i]} ms`}`
        )
        .join(", ")
    case "done":
      return answer.answer === null ? "done" : String(answer.answer ?? "missing")
    case "listed":
      return `listed ${answer.present.map((is) => (is ? "present" : "missing")).join(", ")}${answer.strange.map((it) => ` and ${it}`).join("")}`
    case "threw":
      return "the error that its callback threw"
    case "failed":
      return `${answer.error}${answer.outcome === undefined ? "" : ` (${answer.outcome})`}`
    case "defect":
      return `a defect: ${answer.cause}`
    case "interrupted":
      return "gave up"
  }
}

/** A hash of the whole history (FNV-1a, two halves of 32 bits). */
export const hash = (history: History): string => hashText(JSON.stringify([history, "effect-kv"]))

/** @internal */
export const hashText = (text: string): string => {
  let low = 0x811c9dc5
  let high = 0x97a1b3c5
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit ^ (low >>> 15), 0x01000193)
  }
  return [low, high].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("")
}
