import { idOf } from "../../driver/ids.ts"
import type { Entry } from "../../Entry.ts"

/** What is known of a key while not all stores hold it alike. Arrays are by store. */
export interface KeyState {
  readonly id: string
  readonly collection: string
  readonly key: string
  /** The newest write that a store is known to hold. */
  newest: number
  /** The newest write that each store is known to hold. */
  readonly confirmed: Array<number>
  /** The oldest write that may or may not be in each store, or come to be there over newer ones; infinite if none. */
  readonly unknown: Array<number>
  /** How many writes each store has before it, or is doing. */
  readonly underWay: Array<number>
  /** The sum of `underWay`. */
  busy: number
  /** When the last write whose outcome is unknown is believed to have been applied, or never to be. */
  settlesAt: number
  /**
   * What the newest write has put, or `undefined` for a deletion, while no store holds it for certain: an older write whose
   * outcome is unknown there may still come over it.
   */
  newestValue: { readonly entry: Entry | undefined } | undefined
  /** If not even that is known: the store that is believed, so that all readers see the same. */
  trustedStore: number | undefined
  /** Whether it is among those of which no write is under way. */
  isQuiet: boolean
}

const none = Number.POSITIVE_INFINITY

/** How a write of a key ended in a store. Times are monotonic. */
export interface Ended {
  readonly version: number
  readonly outcome: "applied" | "not-applied" | "unknown"
  readonly beganAt: number
  readonly settlesAt: number
  /** What the write has put under the key. */
  readonly entry: Entry | undefined
}

/**
 * Which stores may be read for which keys.
 *
 * The invariant: a key is remembered exactly as long as a write of it is under way, or a store that is not given up does
 * not hold its newest write for certain. So every key that is not remembered may be read from any of these stores.
 *
 * Memory is bounded: if too many keys differ, the store that is behind with the most of them is given up. It is not read
 * any more, but for keys that it is known to hold.
 */
export class Ledger {
  readonly givenUp: Array<boolean>
  private readonly states = new Map<string, KeyState>()
  private readonly stores: number
  private readonly maxBehind: number
  private version = 0
  /** How many keys no write is under way of, and with how many of these each store is behind. */
  private quiet = 0
  private readonly behind: Array<number>

  constructor(stores: number, maxBehind: number) {
    this.stores = stores
    this.maxBehind = maxBehind
    this.givenUp = this.each(() => false)
    this.behind = this.each(() => 0)
  }

  get size(): number {
    return this.states.size
  }

  /** Whether no more keys can be remembered. That is when the last store that is not given up is behind, too. */
  get isFull(): boolean {
    return this.quiet >= 2 * this.maxBehind
  }

  get(id: string): KeyState | undefined {
    return this.states.get(id)
  }

  all(): ReadonlyArray<KeyState> {
    return [...this.states.values()]
  }

  nextVersion(): number {
    return ++this.version
  }

  /** The state of a key, of which the caller begins a write in the same step. */
  open(collection: string, key: string): KeyState {
    const id = idOf(collection, key)
    let state = this.states.get(id)
    if (state === undefined) {
      state = {
        id,
        collection,
        key,
        newest: this.version,
        confirmed: this.each((store) => (this.givenUp[store] ? -1 : this.version)),
        unknown: this.each(() => none),
        underWay: this.each(() => 0),
        busy: 0,
        settlesAt: Number.NEGATIVE_INFINITY,
        newestValue: undefined,
        trustedStore: undefined,
        isQuiet: false
      }
      this.states.set(id, state)
    }
    return state
  }

  /** Notes that a write of a key goes to a store. It must end there. */
  begin(state: KeyState, store: number): void {
    this.setQuiet(state, false)
    state.underWay[store]!++
    state.busy++
  }

  /** Notes how a write ended in a store. */
  end(state: KeyState, store: number, { version, outcome, beganAt, settlesAt, entry }: Ended): void {
    state.underWay[store]!--
    state.busy--
    if (outcome === "applied") {
      state.confirmed[store] = Math.max(state.confirmed[store]!, version)
      if (version > state.newest) {
        state.newest = version
        state.newestValue = { entry }
      }
      if (beganAt >= state.settlesAt) state.unknown[store] = none
    } else if (outcome === "unknown") {
      state.unknown[store] = Math.min(state.unknown[store]!, version)
      state.settlesAt = Math.max(state.settlesAt, settlesAt)
    }
    if (state.busy === 0) this.conclude(state)
  }

  /** Whether the store holds the newest write of the key, and nothing else can come to be there. */
  isUpToDate(state: KeyState, store: number): boolean {
    return state.unknown[store] === none && state.confirmed[store] === state.newest
  }

  /** Whether a reader who must see a write `atLeast` may read the key from the store, when no write is under way there. */
  isReadable(state: KeyState, store: number, atLeast: number): boolean {
    return (state.unknown[store] === none || state.trustedStore === store) && state.confirmed[store]! >= atLeast
  }

  /** Whether what was read from the store may be answered, if all stores were alike when the reader began. */
  isUndisturbed(id: string, store: number): boolean {
    const state = this.states.get(id)
    return state === undefined || (state.underWay[store] === 0 && state.unknown[store] === none)
  }

  /** Notes that nothing can come over the newest write in a store any more. */
  makeCertain(state: KeyState, store: number): void {
    const { isQuiet } = state
    this.setQuiet(state, false)
    state.unknown[store] = none
    if (isQuiet) this.conclude(state)
  }

  /** Draws the conclusions when nothing is under way: whom to believe, and whether there is anything to remember. */
  private conclude(state: KeyState): void {
    const stores = [...state.confirmed.keys()]
    if (stores.some((store) => this.isUpToDate(state, store))) state.trustedStore = state.newestValue = undefined
    else if (state.newestValue !== undefined) state.trustedStore = undefined
    else if (state.trustedStore === undefined) {
      // It held the newest write for certain before others came to it, of which none was applied anywhere else.
      state.trustedStore = stores.find(
        (store) => state.confirmed[store] === state.newest && state.unknown[store]! > state.newest
      )
    }
    if (this.isAlike(state)) this.forget(state)
    else {
      this.setQuiet(state, true)
      if (this.quiet > this.maxBehind) this.giveUpOne()
    }
  }

  private forget(state: KeyState): void {
    this.setQuiet(state, false)
    this.states.delete(state.id)
  }

  private isAlike(state: KeyState): boolean {
    return this.givenUp.every((isGivenUp, store) => isGivenUp || this.isUpToDate(state, store))
  }

  private giveUpOne(): void {
    const left = [...this.givenUp.keys()].filter((store) => !this.givenUp[store])
    if (left.length === 1) return
    this.givenUp[left.reduce((most, store) => (this.behind[store]! > this.behind[most]! ? store : most))] = true
    for (const state of this.states.values()) if (state.isQuiet && this.isAlike(state)) this.forget(state)
  }

  /** Counts a key among those of which no write is under way, or takes it out of the count. */
  private setQuiet(state: KeyState, isQuiet: boolean): void {
    if (state.isQuiet === isQuiet) return
    state.isQuiet = isQuiet
    const by = isQuiet ? 1 : -1
    this.quiet += by
    for (let store = 0; store < this.stores; store++) {
      if (!this.isUpToDate(state, store)) this.behind[store]! += by
    }
  }

  private each<A>(f: (store: number) => A): Array<A> {
    return Array.from({ length: this.stores }, (_, store) => f(store))
  }
}
