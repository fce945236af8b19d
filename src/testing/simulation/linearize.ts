import type { Held } from "./History.ts"

/** What one operation did to a register, or saw in it. */
export type Change =
  /** Saw this value, or no value. */
  | { readonly _tag: "saw"; readonly held: Held }
  /** Saw that there was a value. */
  | { readonly _tag: "sawSome" }
  /** Wrote a value, unconditionally. */
  | { readonly _tag: "wrote"; readonly value: string }
  /** Removed the value, if there was one. */
  | { readonly _tag: "cleared" }
  /** Removed a value that existed. */
  | { readonly _tag: "removed" }
  /** Replaced one value (or none) with another (or none). */
  | { readonly _tag: "swapped"; readonly from: Held; readonly to: Held }
  /** The value expired: from now on the register does not hold it, even if it is written later. */
  | { readonly _tag: "expired"; readonly value: string }
  /** An expired value is visible again, unless another replaced it, because the clock was set back. */
  | { readonly _tag: "revived"; readonly value: string }
  /** Wrote a value if there was none. */
  | { readonly _tag: "filled"; readonly value: string }

/**
 * An operation on a register. It happened at one moment between `from` and `to`, which are positions in the order of
 * events. `to` is infinite if it may happen at any later time. `certain` is false if it may not have happened at all.
 */
export interface Interval<Label> {
  readonly label: Label
  readonly from: number
  readonly to: number
  readonly certain: boolean
  readonly change: Change
}

/** The first operation whose result no order of the operations explains. */
export interface Contradiction<Label> {
  readonly interval: Interval<Label>
  /** The values that the register may have held just before the operation ended. */
  readonly possible: ReadonlyArray<Held>
}

/** The result when there are too many possible states to check. */
export const undecided = "undecided"

/**
 * Looks for an order of the operations on one register in which each happens within its interval, and sees what the
 * operations before it left. Returns `undefined` if there is such an order.
 *
 * Goes through the events in their order, and keeps all possible states of the register, each with the operations in
 * progress that have happened in it (the algorithm of Wing and Gong, with just-in-time linearization).
 */
export const linearize = <Label>(
  intervals: ReadonlyArray<Interval<Label>>
): Contradiction<Label> | typeof undecided | undefined => {
  const register = new Register<Label>()
  for (const { interval, begins } of eventsOf(intervals)) {
    if (begins) {
      if (!register.begin(interval)) return undecided
      continue
    }
    const possible = register.end(interval)
    if (possible !== undefined) return possible === undecided ? undecided : { interval, possible }
  }
  return undefined
}

interface Event<Label> {
  readonly at: number
  readonly begins: boolean
  readonly interval: Interval<Label>
}

const eventsOf = <Label>(intervals: ReadonlyArray<Interval<Label>>): ReadonlyArray<Event<Label>> =>
  intervals
    .flatMap((interval): ReadonlyArray<Event<Label>> => {
      const begin = { at: interval.from, begins: true, interval }
      return interval.to === Number.POSITIVE_INFINITY ? [begin] : [begin, { at: interval.to, begins: false, interval }]
    })
    .sort((a, b) => a.at - b.at || Number(b.begins) - Number(a.begins))

/** A possible state of the register, and which operations in progress have happened in it, as bits. */
interface State {
  readonly held: Held
  readonly happened: number
}

const maxInProgress = 31
const maxStates = 100_000

/** While at least this many slots are free, each operation gets its own. */
const plenty = 12

class Register<Label> {
  private states: Map<string, State> = new Map([["0", { held: undefined, happened: 0 }]])
  private readonly slots: Array<Interval<Label> | undefined> = Array(maxInProgress).fill(undefined)
  private readonly expired = new Set<string>()
  /** Slots of operations that may happen more than once, as bits. */
  private repeated = 0

  /** Adds an operation in progress, and returns whether it has a slot. Operations without an end get the last slots. */
  begin(interval: Interval<Label>): boolean {
    const endless = interval.to === Number.POSITIVE_INFINITY
    if (endless && this.isCrowded() && this.shareSlot(interval)) return true
    const slot = endless ? this.slots.lastIndexOf(undefined) : this.slots.indexOf(undefined)
    if (slot === -1) return false
    this.slots[slot] = interval
    if (mayRecur(interval)) this.repeated |= 1 << slot
    return true
  }

  private isCrowded(): boolean {
    return this.slots.filter((it) => it === undefined).length < plenty
  }

  /** Lets an operation without an end share the slot of one that does the same, which then may happen repeatedly. */
  private shareSlot(interval: Interval<Label>): boolean {
    const alike = changeKey(interval)
    const slot = this.slots.findIndex((it) => it !== undefined && changeKey(it) === alike)
    if (slot !== -1) this.repeated |= 1 << slot
    return slot !== -1
  }

  /** Ends an operation. If it certainly happened and no state explains it, returns the possible values. */
  end(interval: Interval<Label>): ReadonlyArray<Held> | typeof undecided | undefined {
    const slot = this.slots.indexOf(interval)
    const bit = 1 << slot
    const all = [...this.states.values()]
    if (interval.change._tag === "revived") this.expired.delete(interval.change.value)
    if (!all.every(({ happened }) => (happened & bit) !== 0)) {
      const reachable = this.reachable(all)
      if (reachable === undefined) return undecided
      const explained = interval.certain ? reachable.filter(({ happened }) => (happened & bit) !== 0) : reachable
      if (explained.length === 0) return [...new Set(reachable.map(({ held }) => held))]
      this.keep(explained, bit)
    } else this.keep(all, bit)
    this.slots[slot] = undefined
    this.repeated &= ~bit
    if (interval.change._tag === "expired") this.expired.add(interval.change.value)
    return undefined
  }

  private keep(states: ReadonlyArray<State>, ended: number): void {
    this.states = new Map(
      states.map(({ held, happened }) => {
        const state = { held, happened: happened & ~ended }
        return [keyOf(state), state] as const
      })
    )
  }

  /** All states that are reached from these when operations in progress happen, in any order. */
  private reachable(from: ReadonlyArray<State>): ReadonlyArray<State> | undefined {
    const found = new Map<string, State>()
    const open: Array<State> = []
    const add = (state: State): void => {
      const seen = this.withReads(state)
      const key = keyOf(seen)
      if (found.has(key)) return
      found.set(key, seen)
      open.push(seen)
    }
    from.forEach(add)
    while (open.length > 0) {
      if (found.size > maxStates) return undefined
      const state = open.pop()!
      const tried = new Set<string>()
      for (let slot = maxInProgress - 1; slot >= 0; slot--) {
        const interval = this.slots[slot]
        if (interval === undefined || (state.happened & (1 << slot)) !== 0) continue
        const alike = changeKey(interval)
        if (alike !== "" && tried.has(alike)) continue
        tried.add(alike)
        const after = this.after(state, interval.change, slot)
        if (after !== undefined) add(after)
      }
    }
    return [...found.values()]
  }

  /** Lets all reads that the state explains happen at once, because a read does not change the state. */
  private withReads(state: State): State {
    let { happened } = state
    this.slots.forEach((interval, slot) => {
      if (interval !== undefined && isRead(interval.change) && isSeen(interval.change, state.held))
        happened |= 1 << slot
    })
    return happened === state.happened ? state : { held: state.held, happened }
  }

  private after({ held, happened }: State, change: Change, slot: number): State | undefined {
    const then = happened | ((1 << slot) & ~this.repeated)
    switch (change._tag) {
      case "saw":
      case "sawSome":
        return undefined
      case "wrote":
        return { held: this.unlessExpired(change.value, happened), happened: then }
      case "cleared":
        return { held: undefined, happened: then }
      case "removed":
        return held === undefined ? undefined : { held: undefined, happened: then }
      case "swapped":
        return held === change.from ? { held: this.unlessExpired(change.to, happened), happened: then } : undefined
      case "expired":
        return { held: held === change.value ? undefined : held, happened: then }
      case "revived":
        return held === undefined ? { held: change.value, happened: then } : undefined
      case "filled":
        return { held: held === undefined ? this.unlessExpired(change.value, happened) : held, happened: then }
    }
  }

  private unlessExpired(value: Held, happened: number): Held {
    if (value === undefined || this.expired.has(value)) return undefined
    const expiring = this.slots.some(
      (interval, slot) =>
        interval?.change._tag === "expired" &&
        interval.certain &&
        interval.change.value === value &&
        (happened & (1 << slot)) !== 0
    )
    return expiring ? undefined : value
  }
}

/**
 * Whether a change may happen again, as an uncertain expiry or revival may. States do not record whether it has
 * happened, so that many such changes in progress do not multiply the states.
 */
const mayRecur = ({ certain, change }: Interval<unknown>): boolean =>
  !certain && (change._tag === "expired" || change._tag === "revived")

/** The same text for operations without an end that make the same change, because only the first has to be tried. */
const changeKey = ({ change, to }: Interval<unknown>): string => {
  if (to !== Number.POSITIVE_INFINITY) return ""
  let text = texts.get(change)
  if (text === undefined) texts.set(change, (text = JSON.stringify(change)))
  return text
}

const texts = new WeakMap<Change, string>()

const keyOf = ({ held, happened }: State): string => (held === undefined ? `${happened}` : `${happened} ${held}`)

const isRead = (change: Change): change is Extract<Change, { readonly _tag: "saw" | "sawSome" }> =>
  change._tag === "saw" || change._tag === "sawSome"

const isSeen = (change: Extract<Change, { readonly _tag: "saw" | "sawSome" }>, held: Held): boolean =>
  change._tag === "saw" ? change.held === held : held !== undefined
