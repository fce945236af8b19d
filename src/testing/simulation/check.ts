import { groupBy } from "../../platform/groupBy.ts"
import { checkContents } from "./contents.ts"
import { checkCounter } from "./counters.ts"
import { checkEndings, type Limits } from "./endings.ts"
import type { Held, History, Operation } from "./History.ts"
import { checkHealth } from "./healthAtEnd.ts"
import { checkHotKey } from "./hot.ts"
import { type Contradiction, linearize, undecided } from "./linearize.ts"
import type { Life } from "./lives.ts"
import { checkLoads } from "./loads.ts"
import { type Guarantees, type Register, registerOf } from "./registers.ts"
import { checkRemovals } from "./removals.ts"
import { type Violation, type ViolationKind, violation } from "./Violation.ts"
import { type Jump, wallAt } from "./wall.ts"

/** The guarantees and limits that a history must keep. */
export interface Expected extends Guarantees {
  readonly limits: Limits
  /** Whether the stores were empty after the layer was closed and built again. */
  readonly fresh: boolean
}

/** Returns the violations in a history: at most one for each key, and one for each operation. */
export const check = (history: History, expected: Expected): ReadonlyArray<Violation> => [
  ...checkEndings(history, expected.limits),
  ...history.reopenings.flatMap(checkReopening),
  ...checkContents(history),
  ...checkHealth(history),
  ...checkRemovals(history),
  ...segments(history, expected).flatMap((segment) => [
    ...history.keys.flatMap((key) => checkKey(segment, key, expected) ?? checkLoads(segment, key).slice(0, 1)),
    ...history.hotKeys.flatMap((key) => checkHotKey(segment, key, expected)),
    ...history.counters.flatMap((key) => checkCounter(segment, key).slice(0, 1))
  ])
]

const checkReopening = ({ closing, closed, opened }: History["reopenings"][number]): ReadonlyArray<Violation> => {
  if (closed !== undefined && opened !== undefined) return []
  const what = closed === undefined ? "did not close" : "could not be built again"
  return [violation("hang", `the layer that began to close at ${closing.at} ms ${what}`)]
}

/** Splits a history at the restarts that left the stores empty. */
const segments = (history: History, { fresh }: Expected): ReadonlyArray<History> => {
  if (!fresh || history.reopenings.length === 0) return [history]
  const begins = history.reopenings.map(({ opened, closing }) => (opened ?? closing).seq)
  const partOf = ({ invoked }: Operation): number => begins.filter((seq) => seq < invoked.seq).length
  const parts = groupBy(history.operations, partOf)
  return [...parts.values()].map((operations) => ({ ...history, operations }))
}

const checkKey = (history: History, key: string, guarantees: Guarantees): Violation | undefined => {
  const register = registerOf(history, key, guarantees)
  const find = (kind: ViolationKind, { step: { id, action } }: Operation, what: string): Violation =>
    violation(kind, `${key}: #${id} ${action} ${what}`, { key, operation: id })
  for (const { operation, held, expiry } of sightings(history.operations, key)) {
    const failed = register.notApplied.get(held)
    if (failed !== undefined) {
      const error =
        failed.answer?._tag === "failed" ? `failed with ${failed.answer.error} (not applied)` : "was not applied"
      return find("notAppliedButVisible", operation, `saw ${held}, but write #${failed.step.id} ${error}`)
    }
    if (!register.written.has(held)) return find("other", operation, `saw ${held}, which no operation wrote`)
    const life = register.lives.get(held)!
    if (expiry !== undefined && !isCorrectExpiry(expiry.at, life, operation, history.jumps)) {
      const when = (at: number | undefined) => (at === undefined ? "never" : `at ${at} ms`)
      const message = `returned that ${held} expires ${when(expiry.at)}, but it expires ${when(life.until)}`
      return find("lostAcknowledgedWrite", operation, message)
    }
  }
  const contradiction = linearize(register.intervals)
  if (contradiction === undefined) return undefined
  if (contradiction === undecided) return violation("undecided", `${key}: too many possible orders to check`, { key })
  const { label } = contradiction.interval
  const possible = contradiction.possible.map((held) => held ?? "nothing").join(" or ")
  const distrusted = registerOf(history, key, guarantees, { distrust: true })
  const kind =
    linearize(distrusted.intervals) === undefined
      ? "notAppliedButVisible"
      : classify(contradiction, register, history.jumps)
  return find(kind, label, `${describe(contradiction)}, expected ${possible}`)
}

interface Sighting {
  readonly operation: Operation
  readonly held: string
  /** When the value expires, if the operation returned that. */
  readonly expiry: { readonly at: number | undefined } | undefined
}

/**
 * Whether an operation returned the right time of expiry, to the precision of a duration. The TTL of an entry that
 * expired on its way to the caller is 0, not negative.
 */
const isCorrectExpiry = (
  returned: number | undefined,
  { until, early }: Life,
  { completed }: Operation,
  jumps: ReadonlyArray<Jump>
): boolean => {
  if (returned === undefined || until === undefined) return returned === until
  const now = wallAt(jumps, completed!.at)
  return [until, ...early].some((it) => Math.abs(returned - it) < 0.01 || (returned <= now && it <= now))
}

/** The values that operations saw under a key, in the order in which they were invoked. */
const sightings = (operations: ReadonlyArray<Operation>, key: string): ReadonlyArray<Sighting> =>
  operations.flatMap((operation): ReadonlyArray<Sighting> => {
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

const describe = ({ interval: { change } }: Contradiction<Operation>): string => {
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

/** A wrong read is stale if its value had expired, or a later read saw a newer value. Otherwise, a write was lost. */
const classify = (
  { interval }: Contradiction<Operation>,
  register: Register,
  jumps: ReadonlyArray<Jump>
): ViolationKind => {
  const { change, label, to } = interval
  const held = sawBy(change)
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

/** Whether a value that was seen later is newer than the wrong one, so that no write was lost. */
const isNewer = (seen: Held, held: Held, { intervals }: Register): boolean => {
  const positionOf = (value: Held): number =>
    intervals.find(({ change }) => value !== undefined && writes(change, value))?.from ?? -1
  return seen === undefined || positionOf(seen) > positionOf(held)
}

const writes = (change: Interval["change"], value: string): boolean =>
  ((change._tag === "wrote" || change._tag === "filled") && change.value === value) ||
  (change._tag === "swapped" && change.to === value)
