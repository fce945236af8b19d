import { ofContents } from "./contents.ts"
import { type Limits, ofEndings } from "./endings.ts"
import type { Held, History, Operation } from "./History.ts"
import { ofHotKey } from "./hot.ts"
import { type Contradiction, linearize, undecided } from "./linearize.ts"
import type { Life } from "./lives.ts"
import { ofLoads } from "./loads.ts"
import { type Promises, type Register, registerOf } from "./registers.ts"
import { ofRemovals } from "./removals.ts"
import type { Violation, ViolationKind } from "./Violation.ts"
import { type Jump, wallAt } from "./wall.ts"

/** What is asked of a history. */
export interface Expected extends Promises {
  readonly limits: Limits
  /** Whether the stores were empty again after the layer was closed and built again. */
  readonly fresh: boolean
}

/** At most one violation for each key, and one for each operation. */
export const check = (history: History, expected: Expected): ReadonlyArray<Violation> => [
  ...ofEndings(history, expected.limits),
  ...history.reopenings.flatMap(ofReopening),
  ...ofContents(history),
  ...ofRemovals(history),
  ...segments(history, expected).flatMap((segment) => [
    ...history.keys.flatMap((key) => ofKey(segment, key, expected) ?? ofLoads(segment, key).slice(0, 1)),
    ...history.hotKeys.flatMap((key) => ofHotKey(segment, key, expected))
  ])
]

const ofReopening = ({ closing, closed, opened }: History["reopenings"][number]): ReadonlyArray<Violation> => {
  if (closed !== undefined && opened !== undefined) return []
  const what = closed === undefined ? "does not close" : "cannot be built again"
  return [{ kind: "hang", message: `at ${closing.at} ms the layer ${what}`, key: undefined, operation: undefined }]
}

/** The parts of a history between which nothing is handed on. */
const segments = (history: History, { fresh }: Expected): ReadonlyArray<History> => {
  if (!fresh || history.reopenings.length === 0) return [history]
  const begins = history.reopenings.map(({ opened, closing }) => (opened ?? closing).seq)
  const partOf = ({ invoked }: Operation): number => begins.filter((seq) => seq < invoked.seq).length
  const parts = Map.groupBy(history.operations, partOf)
  return [...parts.values()].map((operations) => ({ ...history, operations }))
}

const ofKey = (history: History, key: string, promises: Promises): Violation | undefined => {
  const register = registerOf(history, key, promises)
  const violation = (kind: ViolationKind, operation: Operation, message: string): Violation => ({
    kind,
    key,
    operation: operation.step.id,
    message: `${key}: #${operation.step.id} ${operation.step.action} ${message}`
  })
  for (const { operation, held, expiry } of sightings(history.operations, key)) {
    const failed = register.notApplied.get(held)
    if (failed !== undefined) {
      const error =
        failed.answer?._tag === "failed" ? `failed with ${failed.answer.error}, not applied` : "was not applied"
      return violation("notAppliedButVisible", operation, `saw ${held}, but #${failed.step.id} ${error}`)
    }
    if (!register.written.has(held)) return violation("other", operation, `saw ${held}, which nobody wrote`)
    const life = register.lives.get(held)!
    if (expiry !== undefined && !agree(expiry.at, life, operation, history.jumps)) {
      const told = (at: number | undefined) => (at === undefined ? "never" : `at ${at} ms`)
      const message = `was told that ${held} expires ${told(expiry.at)}, but it does ${told(life.until)}`
      return violation("lostAcknowledgedWrite", operation, message)
    }
  }
  const contradiction = linearize(register.intervals)
  if (contradiction === undefined) return undefined
  if (contradiction === undecided) {
    return { kind: "undecided", key, operation: undefined, message: `${key}: too many possibilities` }
  }
  const { label } = contradiction.interval
  const possible = contradiction.possible.map((held) => held ?? "nothing").join(" or ")
  const doubted = registerOf(history, key, promises, { distrust: true })
  const kind =
    linearize(doubted.intervals) === undefined
      ? "notAppliedButVisible"
      : classify(contradiction, register, history.jumps)
  return violation(kind, label, `${told(contradiction)}, where there can be only ${possible}`)
}

interface Sighting {
  readonly operation: Operation
  readonly held: string
  /** When it said that the value expires, if it said so. */
  readonly expiry: { readonly at: number | undefined } | undefined
}

/** To the precision of a duration. What expired on its way has no time left, not less. */
const agree = (
  told: number | undefined,
  { until, early }: Life,
  { completed }: Operation,
  jumps: ReadonlyArray<Jump>
): boolean => {
  if (told === undefined || until === undefined) return told === until
  const now = wallAt(jumps, completed!.at)
  return [until, ...early].some((it) => Math.abs(told - it) < 0.01 || (told <= now && it <= now))
}

/** What anybody saw under a key, in the order of invocation. */
const sightings = (operations: ReadonlyArray<Operation>, key: string): ReadonlyArray<Sighting> => {
  return operations.flatMap((operation): ReadonlyArray<Sighting> => {
    const { step, answer, attempts } = operation
    if (!step.keys.includes(key)) return []
    const updates = attempts.flatMap(({ seen }) =>
      seen === undefined ? [] : [{ operation, held: seen, expiry: undefined }]
    )
    if (answer?._tag === "done" && step.action === "getAndDelete" && typeof answer.answer === "string") {
      return [...updates, { operation, held: answer.answer, expiry: undefined }]
    }
    if (answer?._tag !== "read") return updates
    return step.keys.flatMap((it, i) => {
      const held = it === key ? answer.held[i] : undefined
      if (held === undefined) return []
      return [{ operation, held, expiry: answer.expiries && { at: answer.expiries[i] } }]
    })
  })
}

const told = ({ interval: { change } }: Contradiction<Operation>): string => {
  switch (change._tag) {
    case "saw":
      return `saw ${change.held ?? "nothing"}`
    case "sawSome":
    case "removed":
      return "saw a value"
    case "swapped":
      return `saw ${change.from ?? "nothing"}`
    default:
      return "cannot have happened"
  }
}

/** A value that was seen although it was replaced, or was not seen: was that so for a moment only, or is it for good? */
const classify = (
  { interval }: Contradiction<Operation>,
  register: Register,
  jumps: ReadonlyArray<Jump>
): ViolationKind => {
  const { change, label, to } = interval
  const held = change._tag === "saw" ? change.held : change._tag === "swapped" ? change.from : undefined
  const expiry = held === undefined ? undefined : register.lives.get(held)?.until
  if (expiry !== undefined && expiry <= wallAt(jumps, label.invoked.at)) return "staleReadBeyondBound"
  const later = register.intervals.filter(
    (it) => it.from > to && (it.change._tag === "saw" || it.change._tag === "swapped")
  )
  const seesOther = later.some(({ change }) => sawBy(change) !== held && isNewer(sawBy(change), held, register))
  return seesOther ? "staleReadBeyondBound" : "lostAcknowledgedWrite"
}

const sawBy = (change: Interval["change"]): Held =>
  change._tag === "saw" ? change.held : change._tag === "swapped" ? change.from : undefined

type Interval = Register["intervals"][number]

/** Whether what was seen later was written before what is wrong: so the write was not lost, only not seen. */
const isNewer = (seen: Held, held: Held, { intervals }: Register): boolean => {
  const positionOf = (value: Held): number =>
    intervals.find(({ change }) => value !== undefined && writes(change, value))?.from ?? -1
  return seen === undefined || positionOf(seen) > positionOf(held)
}

const writes = (change: Interval["change"], value: string): boolean =>
  ((change._tag === "wrote" || change._tag === "filled") && change.value === value) ||
  (change._tag === "swapped" && change.to === value)
