import { firstIndex } from "./firstIndex.ts"
import type { Answer, Application, Held, History, Moment, Operation } from "./History.ts"
import { isWrite, valueId } from "./History.ts"
import type { Change, Interval } from "./linearize.ts"
import { type Life, livesOf } from "./lives.ts"
import { crossings, type Jump } from "./wall.ts"

/**
 * How stale the results of `get` and `getMany` may be. Results of `ttl` and `Atomic` are never stale.
 *
 * - `never`: not at all.
 * - `always`: by `millis`.
 * - `unsettled`: by `millis`, but only while a write of the key is in progress, or after it failed with an unknown
 *   outcome or was applied late.
 *
 * @since 0.1.0
 */
export type Staleness =
  | { readonly _tag: "never" }
  | { readonly _tag: "always"; readonly millis: number }
  | { readonly _tag: "unsettled"; readonly millis: number }

/** The guarantees of a stack that the checker has to know. */
export interface Guarantees {
  readonly staleness: Staleness
  /** Whether a `delete` that returns `false` found nothing. Otherwise, it may have deleted an entry without knowing. */
  readonly countsDeletes: boolean
  /** Whether a loaded value is written only if the key is still missing. */
  readonly atomic: boolean
}

const never = Number.POSITIVE_INFINITY

/** Stands for each value of an uncertain write that no operation saw, because the checker need not distinguish them. */
const unseen = "?"

/**
 * Converts the history of a key to operations on a register. With `distrust`, the outcome of writes that failed with
 * `"not-applied"` counts as unknown, too.
 */
export const registerOf = (
  history: History,
  key: string,
  guarantees: Guarantees,
  { distrust = false }: { readonly distrust?: boolean } = {}
): Register => {
  const operations = history.operations
    .filter(({ step }) => step.keys.includes(key))
    .map((it) => (distrust && isNotApplied(it.answer) ? { ...it, answer: { _tag: "interrupted" } as const } : it))
  const register = new Register(history, key, operations, guarantees)
  for (const operation of operations) register.add(operation)
  return register
}

/** All moments of a run in their order, in which `before` looks up times. */
const timeline = ({ operations }: History): ReadonlyArray<Moment> =>
  operations
    .flatMap(({ invoked, completed, applications, loads }) => [
      invoked,
      completed,
      ...[...loads, ...applications].flatMap(({ from, to }) => [from, to])
    ])
    .filter((moment) => moment !== undefined)
    .sort((a, b) => a.seq - b.seq)

/** The operations on one key, and its values. */
export class Register {
  readonly intervals: Array<Interval<Operation>> = []
  /** The values of writes that were certainly not applied. */
  readonly notApplied = new Map<string, Operation>()
  /** The values that were written, or may have been. */
  readonly written = new Set<string>()
  /** When each value expires, and when a fault may have made it expire earlier. */
  readonly lives: ReadonlyMap<string, Life>
  /** Whether an operation saw that the key has a value, but not which one. */
  private readonly someSeen: boolean
  private readonly seen: ReadonlySet<string>
  private readonly key: string
  private readonly operations: ReadonlyArray<Operation>
  private readonly moments: ReadonlyArray<Moment>
  private readonly jumps: ReadonlyArray<Jump>
  private readonly guarantees: Guarantees

  constructor(history: History, key: string, operations: ReadonlyArray<Operation>, guarantees: Guarantees) {
    this.key = key
    this.operations = operations
    this.moments = timeline(history)
    this.jumps = history.jumps
    this.guarantees = guarantees
    this.lives = livesOf(operations, key, this.jumps)
    this.someSeen = operations.some((operation) => seesSome(operation, key))
    this.seen = new Set(operations.flatMap((operation) => seenBy(operation, key)))
  }

  add(operation: Operation): void {
    const { step, answer } = operation
    switch (step.action) {
      case "get":
      case "getMany":
      case "ttl":
      case "ttlMany":
        if (answer?._tag === "read") this.addRead(operation, answer)
        return
      case "put":
      case "putMany":
        this.addWrite(operation, valueId(step, this.key))
        return
      case "delete":
      case "deleteMany":
        this.addDelete(operation)
        return
      case "putIfAbsent":
        this.addInsert(operation)
        return
      case "getAndDelete":
        this.addTake(operation)
        return
      case "update":
        this.addUpdate(operation)
        return
      case "getOrSet":
        this.addLoading(operation)
        return
      case "keys":
        if (answer?._tag !== "listed") return
        this.push(operation, answer.present[step.keys.indexOf(this.key)] ? { _tag: "sawSome" } : missing)
        return
    }
  }

  private addRead(operation: Operation, { held }: Extract<Answer, { readonly _tag: "read" }>): void {
    const { step } = operation
    const mayBeStale = step.action === "get" || step.action === "getMany"
    step.keys.forEach((key, i) => {
      if (key !== this.key) return
      const from = mayBeStale ? this.earliest(operation) : operation.invoked.seq
      this.push(operation, { _tag: "saw", held: held[i] }, { from })
    })
  }

  private addWrite(operation: Operation, value: string): void {
    const { answer, applications } = operation
    if (isNotApplied(answer)) return void this.notApplied.set(value, operation)
    this.written.add(value)
    this.addExpiry(operation, value)
    if (answer?._tag === "done") this.push(operation, wrote(value))
    else this.addUncertain(operation, value, wrote)
    if (repetitions(applications).length === 0) return
    if (this.seen.has(value)) this.addRepetitions(operation, wrote(value))
    else this.addUncertain(operation, value, wrote)
  }

  /**
   * Adds a write that may take effect at any time, or never. If no operation saw its value, it matters only that the
   * key had some value, and that the key is missing when the value has expired.
   */
  private addUncertain(
    operation: Operation,
    value: string,
    change: (value: string) => Change,
    begin = operation.invoked.seq
  ): void {
    const seen = this.seen.has(value)
    if (seen || this.someSeen)
      this.push(operation, change(seen ? value : unseen), { from: begin, to: never, certain: false })
    const until = this.lives.get(value)?.until
    if (seen || until === undefined) return
    const from = Math.max(begin, this.before(crossings(this.jumps, until)[0]!.at, 0.25))
    this.push(operation, { _tag: "cleared" }, { from, to: never, certain: false })
  }

  private addDelete(operation: Operation): void {
    const { answer, step, applications } = operation
    if (isNotApplied(answer)) return
    const change: Change = { _tag: "cleared" }
    if (answer?._tag === "done") {
      const found = Boolean(answer.answer)
      const counted = applications.length === 1 && step.keys.length === 1 && (found || this.guarantees.countsDeletes)
      this.push(operation, !counted ? change : found ? { _tag: "removed" } : { _tag: "saw", held: undefined })
    } else this.push(operation, change, { to: never, certain: false })
    this.addRepetitions(operation, change)
  }

  private addInsert(operation: Operation): void {
    const { answer, step } = operation
    const value = valueId(step, this.key)
    if (answer?._tag === "done" && answer.answer === false) {
      this.notApplied.set(value, operation)
      this.push(operation, { _tag: "sawSome" })
      return
    }
    if (isNotApplied(answer)) return void this.notApplied.set(value, operation)
    this.addExpiry(operation, value)
    this.swap(operation, undefined, value)
  }

  private addTake(operation: Operation): void {
    const { answer } = operation
    if (isNotApplied(answer)) return
    if (answer?._tag !== "done") {
      this.push(operation, { _tag: "cleared" }, { to: never, certain: false })
      return
    }
    const held = answer.answer as Held
    this.push(operation, held === undefined ? { _tag: "saw", held } : { _tag: "swapped", from: held, to: undefined })
  }

  private addUpdate(operation: Operation): void {
    const { attempts, answer } = operation
    const last = attempts.at(-1)
    for (const { made } of attempts) if (made !== last?.made) this.notApplied.set(made, operation)
    if (last === undefined) return
    if (isNotApplied(answer)) return void this.notApplied.set(last.made, operation)
    this.addExpiry(operation, last.made)
    this.swap(operation, last.seen, last.made)
  }

  /**
   * Adds a `getOrSet`. If its own loader made the value that it returned, the key was missing before the load, and the
   * value was written if the key was still missing. When another write of the key overlaps, the value may have been
   * dropped, even if that write found nothing to delete. If the value comes from a concurrent load of another
   * operation, the key need not have held it at any time. In all other cases, the key held the value that was returned.
   */
  private addLoading(operation: Operation): void {
    const { answer, loads, completed } = operation
    const held = answer?._tag === "read" ? answer.held[0] : undefined
    const own = loads.find(({ made }) => made !== undefined && made === held)
    for (const { made, to } of loads) {
      if (made === undefined) continue
      if (isNotApplied(answer)) {
        this.notApplied.set(made, operation)
        continue
      }
      this.written.add(made)
      this.addExpiry(operation, made)
      if (made !== held) {
        this.addUncertain(operation, made, filled, to!.seq)
        if (repetitions(operation.applications).length > 0) this.addUncertain(operation, made, wrote, to!.seq)
        continue
      }
      const raced = !this.guarantees.atomic && this.isRaced(operation, to!)
      if (raced) this.push(operation, wrote(made), { from: to!.seq, certain: false })
      else this.push(operation, filled(made), { from: to!.seq, certain: !this.isOverlapped(operation) })
      this.addRepetitions(operation, wrote(made))
    }
    if (answer?._tag !== "read") return
    if (own !== undefined) this.push(operation, missing, { from: this.earliest(operation), to: own.from.seq })
    else if (!this.mayHaveJoined(operation, held, completed!))
      this.push(operation, { _tag: "saw", held }, { from: this.earliest(operation) })
  }

  /** Whether another write of the key overlapped an operation that loads. */
  private isOverlapped(operation: Operation): boolean {
    return this.hasRival(operation, (other) => other.completed!.seq > operation.invoked.seq)
  }

  /** Whether another write of the key overlapped the writing of the loaded value. */
  private isRaced(operation: Operation, { seq }: Moment): boolean {
    return this.hasRival(
      operation,
      ({ completed, answer, applications }) =>
        completed!.seq > seq || answer?._tag !== "done" || applications.some(({ from }) => from.seq > seq)
    )
  }

  /** Whether another write of the key began before the operation ended, and did not end or passes the test. */
  private hasRival(operation: Operation, test: (completed: Operation) => boolean): boolean {
    return this.operations.some(
      (other) =>
        other !== operation &&
        isWrite(other) &&
        other.invoked.seq < operation.completed!.seq &&
        (other.completed === undefined || test(other))
    )
  }

  private mayHaveJoined(operation: Operation, held: Held, completed: Moment): boolean {
    return this.operations.some(
      (other) =>
        other !== operation &&
        other.loads.some(({ made, from }) => made !== undefined && made === held && from.seq < completed.seq) &&
        (other.completed === undefined || other.answer?._tag !== "read" || other.completed.seq > operation.invoked.seq)
    )
  }

  private swap(operation: Operation, from: Held, to: string): void {
    this.written.add(to)
    const change: Change = { _tag: "swapped", from, to }
    if (operation.answer?._tag === "done") this.push(operation, change)
    else this.addUncertain(operation, to, (to) => ({ _tag: "swapped", from, to }))
  }

  /**
   * Adds the repetitions of a write that reached a store several times, because each may have taken effect: the write
   * was retried after its reply was lost, or while an attempt that had timed out went on.
   */
  private addRepetitions(operation: Operation, change: Change): void {
    const { applications, completed } = operation
    for (const { from } of repetitions(applications)) {
      const isLate = completed !== undefined && from.seq > completed.seq
      this.push(operation, change, isLate ? { from: from.seq, to: never, certain: false } : { certain: false })
    }
  }

  /**
   * Adds the expiry of a value. When the clock is set back, an expired value may be visible again: at once, or later,
   * because a cache may remember for a while that the key was missing.
   */
  private addExpiry(operation: Operation, value: string): void {
    const { until, early } = this.lives.get(value)!
    if (until === undefined) return
    const all = crossings(this.jumps, until)
    const last = this.before(all.at(-1)!.at, 0.5)
    const revive = (at: number) =>
      this.push(operation, { _tag: "revived", value }, { from: this.before(at, 0.5), to: last, certain: false })
    const expire = (from: number, to: number, certain: boolean) =>
      this.push(operation, { _tag: "expired", value }, { from, to, certain })
    for (const it of early) {
      const [first, ...others] = crossings(this.jumps, it)
      for (const { at, expired } of others) if (!expired) revive(at)
      expire(Math.min(this.before(first!.at, 0.5), last), last, false)
    }
    for (const { at, expired } of all) {
      const position = this.before(at, 0.5)
      if (expired) expire(position, position, true)
      else revive(at)
    }
  }

  private push(
    operation: Operation,
    change: Change,
    { from = operation.invoked.seq, to = operation.completed?.seq ?? never, certain = true } = {}
  ): void {
    this.intervals.push({ label: operation, from, to, certain: certain && to !== never, change })
  }

  /** The earliest moment whose value a read may return. */
  private earliest({ invoked }: Operation): number {
    const { staleness } = this.guarantees
    if (staleness._tag === "never") return invoked.seq
    const oldest = Math.min(this.before(invoked.at - staleness.millis, 0.75), invoked.seq)
    if (staleness._tag === "always") return oldest
    const unsettled = this.operations
      .filter((operation) => operation.invoked.seq < invoked.seq && isUnsettled(operation, invoked, staleness.millis))
      .map((operation) => operation.invoked.seq)
    return Math.min(invoked.seq, Math.max(oldest, Math.min(invoked.seq, ...unsettled)))
  }

  /**
   * A position before all events at this time or later, and after all earlier events. A larger margin gives an earlier
   * position.
   */
  private before(at: number, margin: number): number {
    const next = this.moments[firstIndex(this.moments, (moment) => moment.at >= at)]
    return (next?.seq ?? (this.moments.at(-1)?.seq ?? 0) + 1) - margin
  }
}

/** All applications except the first to each store. */
const repetitions = (applications: ReadonlyArray<Application>): ReadonlyArray<Application> =>
  applications.filter((application, i) => applications.slice(0, i).some(({ store }) => store === application.store))

export const isNotApplied = (answer: Answer | undefined): boolean =>
  answer?._tag === "failed" && answer.outcome === "not-applied"

/**
 * Whether reads may be stale because of a write: while it is in progress, and for `millis` after it failed or was
 * applied late, because there may be copies of the value that it replaced.
 */
const isUnsettled = (operation: Operation, { seq, at }: Moment, millis: number): boolean => {
  const { completed, answer, applications } = operation
  if (!isWrite(operation) || isNotApplied(answer)) return false
  if (completed === undefined || seq < completed.seq) return true
  const ends = applications.map(({ from, to }) => to ?? from)
  const late = ends.some((end) => end.seq > completed.seq)
  return (answer?._tag !== "done" || late) && at <= Math.max(completed.at, ...ends.map((end) => end.at)) + millis
}

const wrote = (value: string): Change => ({ _tag: "wrote", value })

const filled = (value: string): Change => ({ _tag: "filled", value })

const missing: Change = { _tag: "saw", held: undefined }

const seesSome = ({ step: { action, keys }, answer }: Operation, key: string): boolean => {
  if (answer?._tag === "listed") return answer.present[keys.indexOf(key)] === true
  if (answer?._tag !== "done") return false
  return (action === "putIfAbsent" && answer.answer === false) || (/^delete/.test(action) && Boolean(answer.answer))
}

const seenBy = ({ step, answer, attempts }: Operation, key: string): ReadonlyArray<string> => {
  const seen = attempts.map(({ seen }) => seen)
  if (answer?._tag === "read") seen.push(...answer.held.filter((_, i) => step.keys[i] === key))
  if (answer?._tag === "done" && typeof answer.answer === "string") seen.push(answer.answer)
  return seen.filter((held) => held !== undefined)
}
