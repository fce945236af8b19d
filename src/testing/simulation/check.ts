import type { Held, History, Operation } from "./History.ts"
import { type Contradiction, linearize, undecided } from "./linearize.ts"
import type { Life } from "./lives.ts"
import { type Promises, type Register, registerOf } from "./registers.ts"

/**
 * What is wrong with a history.
 *
 * - `lostAcknowledgedWrite`: a write or delete that was acknowledged is gone, without another in its place.
 * - `notAppliedButVisible`: somebody saw a write that had failed with the outcome `"not-applied"`.
 * - `staleReadBeyondBound`: an answer that was no longer true, for longer than it may.
 * - `untypedDefect`: an operation that ended in a way that its type does not tell.
 * - `leakedFiber`: fibers that outlive their stack.
 * - `other`: an answer that nobody can have written, an operation without an end.
 * - `undecided`: more possibilities than the checker can look at.
 *
 * @since 0.1.0
 */
export type ViolationKind =
  | "lostAcknowledgedWrite"
  | "notAppliedButVisible"
  | "staleReadBeyondBound"
  | "untypedDefect"
  | "leakedFiber"
  | "other"
  | "undecided"

/**
 * Something that must not happen, and did.
 *
 * @since 0.1.0
 */
export interface Violation {
  readonly kind: ViolationKind
  /** What happened, in words. */
  readonly message: string
  /** The key that it happened to. */
  readonly key: string | undefined
  /** The operation that shows it. */
  readonly operation: number | undefined
}

/** At most one violation for each key, and one for each defect. */
export const check = (history: History, promises: Promises): ReadonlyArray<Violation> => [
  ...history.operations.flatMap(ofItself),
  ...history.keys.flatMap((key) => ofKey(history, key, promises) ?? [])
]

const ofItself = ({ step, answer }: Operation): ReadonlyArray<Violation> => {
  const at = { key: step.keys[0], operation: step.id }
  const what = `#${step.id} ${step.action} ${step.keys.join(" ")}`
  if (answer === undefined) return [{ kind: "other", message: `${what} has no end`, ...at }]
  if (answer._tag !== "defect") return []
  return [{ kind: "untypedDefect", message: `${what} ended with ${answer.cause}`, ...at }]
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
    if (expiry !== undefined && !agree(expiry.at, life, operation)) {
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
  const kind = linearize(doubted.intervals) === undefined ? "notAppliedButVisible" : classify(contradiction, register)
  return violation(kind, label, `${told(contradiction)}, where there can be only ${possible}`)
}

interface Sighting {
  readonly operation: Operation
  readonly held: string
  /** When it said that the value expires, if it said so. */
  readonly expiry: { readonly at: number | undefined } | undefined
}

/** To the precision of a duration. What expired on its way has no time left, not less. */
const agree = (told: number | undefined, { until, early }: Life, { completed }: Operation): boolean => {
  if (told === undefined || until === undefined) return told === until
  return [until, ...early].some((it) => Math.abs(told - it) < 0.01 || (told <= completed!.at && it <= completed!.at))
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
const classify = ({ interval }: Contradiction<Operation>, register: Register): ViolationKind => {
  const { change, label, to } = interval
  const held = change._tag === "saw" ? change.held : change._tag === "swapped" ? change.from : undefined
  const expiry = held === undefined ? undefined : register.lives.get(held)?.until
  if (expiry !== undefined && expiry <= label.invoked.at) return "staleReadBeyondBound"
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
  (change._tag === "wrote" && change.value === value) || (change._tag === "swapped" && change.to === value)
