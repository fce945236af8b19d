import type { Held } from "./History.ts"

/** What one operation does to a register, and what it saw there. */
export type Change =
  /** Saw this value, or none. */
  | { readonly _tag: "saw"; readonly held: Held }
  /** Saw that there is a value. */
  | { readonly _tag: "sawSome" }
  /** Wrote a value, whatever was there. */
  | { readonly _tag: "wrote"; readonly value: string }
  /** Removed the value, whatever was there. */
  | { readonly _tag: "cleared" }
  /** Removed a value that was there. */
  | { readonly _tag: "removed" }
  /** Replaced one value (or none) by another (or none). */
  | { readonly _tag: "swapped"; readonly from: Held; readonly to: Held }
  /** From now on a value is there no more, whenever it was or will be written. */
  | { readonly _tag: "expired"; readonly value: string }
  /** A value that has expired is there again, if nothing has replaced it: the clock was set back. */
  | { readonly _tag: "revived"; readonly value: string }
  /** Wrote a value if there was none. */
  | { readonly _tag: "filled"; readonly value: string }

/**
 * An operation on a register: it happened at one moment between `from` and `to`, which are places in the order of
 * events. `to` is infinite for what may happen at any time, and `certain` tells whether it happened at all.
 */
export interface Interval<Label> {
  readonly label: Label
  readonly from: number
  readonly to: number
  readonly certain: boolean
  readonly change: Change
}

/** The first operation that no order of all of them explains. */
export interface Contradiction<Label> {
  readonly interval: Interval<Label>
  /** What the register may have held just before its answer came. */
  readonly possible: ReadonlyArray<Held>
}

/** More possibilities than can be looked at: nothing is known. */
export const undecided = "undecided"

/**
 * Looks for an order of the operations on one register, each at a moment of its interval, in which each sees what the
 * ones before it left. Goes through the events in their order and keeps all states that the register may be in, with
 * the operations in progress that have happened in each (Wing and Gong, just in time).
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

/** A state that the register may be in, and which of the operations in progress have happened by then, as bits. */
interface World {
  readonly held: Held
  readonly happened: number
}

const maxInProgress = 31
const maxWorlds = 100_000

/** As long as so many slots are free, each operation gets its own. */
const plenty = 12

class Register<Label> {
  private worlds: Map<string, World> = new Map([["0", { held: undefined, happened: 0 }]])
  private readonly slots: Array<Interval<Label> | undefined> = Array(maxInProgress).fill(undefined)
  private readonly expired = new Set<string>()
  /** Slots of what may happen more than once, as bits. */
  private repeated = 0

  /** Whether there is room for it. What has no end is kept apart, in the order in which it began. */
  begin(interval: Interval<Label>): boolean {
    const endless = interval.to === Number.POSITIVE_INFINITY
    if (endless && this.isCrowded() && this.repeats(interval)) return true
    const slot = endless ? this.slots.lastIndexOf(undefined) : this.slots.indexOf(undefined)
    if (slot === -1) return false
    this.slots[slot] = interval
    if (mayRecur(interval)) this.repeated |= 1 << slot
    return true
  }

  private isCrowded(): boolean {
    return this.slots.filter((it) => it === undefined).length < plenty
  }

  /** One that may happen at any time stands for another that does the same, from then on as often as it takes. */
  private repeats(interval: Interval<Label>): boolean {
    const alike = alikeAs(interval)
    const slot = this.slots.findIndex((it) => it !== undefined && alikeAs(it) === alike)
    if (slot !== -1) this.repeated |= 1 << slot
    return slot !== -1
  }

  /** What the register may have held, if it is certain that the operation happened and no world explains it. */
  end(interval: Interval<Label>): ReadonlyArray<Held> | typeof undecided | undefined {
    const slot = this.slots.indexOf(interval)
    const bit = 1 << slot
    const all = [...this.worlds.values()]
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

  private keep(worlds: ReadonlyArray<World>, ended: number): void {
    this.worlds = new Map(
      worlds.map(({ held, happened }) => {
        const world = { held, happened: happened & ~ended }
        return [keyOf(world), world] as const
      })
    )
  }

  /** All worlds that come of those by letting operations in progress happen, in any order. */
  private reachable(from: ReadonlyArray<World>): ReadonlyArray<World> | undefined {
    const found = new Map<string, World>()
    const open: Array<World> = []
    const add = (world: World): void => {
      const seen = this.withWhatIsSeen(world)
      const key = keyOf(seen)
      if (found.has(key)) return
      found.set(key, seen)
      open.push(seen)
    }
    from.forEach(add)
    while (open.length > 0) {
      if (found.size > maxWorlds) return undefined
      const world = open.pop()!
      const tried = new Set<string>()
      for (let slot = maxInProgress - 1; slot >= 0; slot--) {
        const interval = this.slots[slot]
        if (interval === undefined || (world.happened & (1 << slot)) !== 0) continue
        const alike = alikeAs(interval)
        if (alike !== "" && tried.has(alike)) continue
        tried.add(alike)
        const after = this.after(world, interval.change, slot)
        if (after !== undefined) add(after)
      }
    }
    return [...found.values()]
  }

  /** What only looks may as well look at once. */
  private withWhatIsSeen(world: World): World {
    let { happened } = world
    this.slots.forEach((interval, slot) => {
      if (interval !== undefined && looks(interval.change) && isSeen(interval.change, world.held)) happened |= 1 << slot
    })
    return happened === world.happened ? world : { held: world.held, happened }
  }

  private after({ held, happened }: World, change: Change, slot: number): World | undefined {
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
 * An expiry or a revival that need not happen may also happen again. Whether it has happened is then not part of a state,
 * so that many of them in progress do not multiply the states.
 */
const mayRecur = ({ certain, change }: Interval<unknown>): boolean =>
  !certain && (change._tag === "expired" || change._tag === "revived")

/** Of several that may do the same at any time from now on, one is like another: the first is tried. */
const alikeAs = ({ change, to }: Interval<unknown>): string => {
  if (to !== Number.POSITIVE_INFINITY) return ""
  let text = texts.get(change)
  if (text === undefined) texts.set(change, (text = JSON.stringify(change)))
  return text
}

const texts = new WeakMap<Change, string>()

const keyOf = ({ held, happened }: World): string => (held === undefined ? `${happened}` : `${happened} ${held}`)

const looks = (change: Change): change is Extract<Change, { readonly _tag: "saw" | "sawSome" }> =>
  change._tag === "saw" || change._tag === "sawSome"

const isSeen = (change: Extract<Change, { readonly _tag: "saw" | "sawSome" }>, held: Held): boolean =>
  change._tag === "saw" ? change.held === held : held !== undefined
