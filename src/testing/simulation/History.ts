import * as KeyValueError from "../../KeyValueError.ts"
import type { Kind } from "../chaos/Fault.ts"
import type { Outage, Plan, Step } from "./Plan.ts"

/** A moment of a run: virtual milliseconds, and the place in the order of all that happened. */
export interface Moment {
  readonly at: number
  readonly seq: number
}

/** A value as the checker knows it: its id. `undefined` for none. */
export type Held = string | undefined

/** What an operation answered, by key. */
export type Answer =
  /** A read: what it saw, and when that expires, where it was told. */
  | { readonly _tag: "read"; readonly held: ReadonlyArray<Held>; readonly expiries?: ReadonlyArray<number | undefined> }
  /** A write, and what it answered. */
  | { readonly _tag: "done"; readonly answer: boolean | number | Held | null }
  | { readonly _tag: "failed"; readonly error: string; readonly outcome: "not-applied" | "unknown" | undefined }
  /** Not a failure that the types know of. */
  | { readonly _tag: "defect"; readonly cause: string }
  /** The client gave up. */
  | { readonly _tag: "interrupted" }

/** That a store was told to do an operation, or a part of it: once for each attempt. */
export interface Application {
  readonly store: string
  readonly from: Moment
  to: Moment | undefined
}

/** What an update made of what it saw, at each attempt. */
export interface Attempt {
  readonly seen: Held
  readonly made: string
  readonly at: number
}

/** An operation as it went. */
export interface Operation {
  readonly step: Step
  readonly invoked: Moment
  completed: Moment | undefined
  answer: Answer | undefined
  readonly attempts: Array<Attempt>
  readonly applications: Array<Application>
  readonly faults: Array<{ readonly store: string; readonly kind: Kind }>
  /** When what it wrote expires although it was told to live longer. */
  readonly expiredEarly: Array<number>
}

/** All that happened in a run. */
export interface History {
  readonly seed: number
  readonly keys: ReadonlyArray<string>
  readonly outages: ReadonlyArray<Outage>
  /** In the order in which they were invoked. */
  readonly operations: ReadonlyArray<Operation>
}

/** The id of the value that a step writes under a key. */
export const valueId = (step: Step, key: string, attempt = 0): string =>
  attempt === 0 ? `${step.id}@${key}` : `${step.id}.${attempt}@${key}`

export const isWrite = ({ step }: Operation): boolean => KeyValueError.isWrite(step.action)

/** Whether a write was acknowledged: one that found nothing to do was not. */
export const isAcknowledged = (operation: Operation): boolean =>
  isWrite(operation) && operation.answer?._tag === "done" && operation.answer.answer !== false

/** A line for each thing that was done with keys that clients used, in the order of time, for people. */
export const render = ({ operations, outages }: Pick<History, "operations" | "outages">): ReadonlyArray<string> => {
  const lines: Array<readonly [at: number, order: number, text: string]> = []
  for (const { store, from, to, stall } of outages) {
    lines.push([from, -1, `${store} ${stall ? "stops answering" : "is down"} until ${to} ms`])
  }
  const used = new Set(operations.flatMap(({ step }) => (step.client < 0 ? [] : step.keys)))
  for (const operation of operations) {
    if (!operation.step.keys.some((key) => used.has(key))) continue
    const { step, invoked, completed, answer, faults, applications } = operation
    const who = `${step.client < 0 ? "the end" : `client ${step.client}`} #${step.id} ${step.action} ${step.keys.join(" ")}`
    const ttl = step.ttl === undefined ? "" : ` (ttl ${step.ttl} ms)`
    const why = faults.map(({ store, kind }) => ` [${kind} at ${store}]`).join("")
    lines.push([invoked.at, invoked.seq, `${who}${ttl} …${why}`])
    for (const { store, to } of applications) {
      if (to !== undefined) lines.push([to.at, to.seq, `      #${step.id} is applied at ${store}`])
    }
    if (completed !== undefined) lines.push([completed.at, completed.seq, `${who} → ${describe(answer)}`])
  }
  lines.sort(([a, i], [b, j]) => a - b || i - j)
  return lines.map(([at, , text]) => `${String(at).padStart(7)} ms  ${text}`)
}

const describe = (answer: Answer | undefined): string => {
  switch (answer?._tag) {
    case undefined:
      return "no answer"
    case "read":
      return answer.held
        .map(
          (held, i) =>
            `${held ?? "missing"}${answer.expiries?.[i] === undefined ? "" : ` until ${answer.expiries[i]} ms`}`
        )
        .join(", ")
    case "done":
      return answer.answer === null ? "done" : String(answer.answer ?? "missing")
    case "failed":
      return `${answer.error}${answer.outcome === undefined ? "" : ` (${answer.outcome})`}`
    case "defect":
      return `a defect: ${answer.cause}`
    case "interrupted":
      return "gave up"
  }
}

/** A hash of the history, to the byte (FNV-1a, twice 32 bits). */
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

/** The plan without what the filters leave out. */
export const reduced = (
  plan: Plan,
  keep: { readonly steps?: (step: Step) => boolean; readonly outages?: (outage: Outage) => boolean }
): Plan => ({
  ...plan,
  steps: keep.steps === undefined ? plan.steps : plan.steps.filter(keep.steps),
  outages: keep.outages === undefined ? plan.outages : plan.outages.filter(keep.outages)
})
