import type { Entry } from "../../Entry.ts"
import { idOf, idsOf } from "../../internal/ids.ts"

/** What is known of a key while not all stores hold it alike. Arrays are by store. */
export interface KeyState {
  readonly collection: string
  readonly key: string
  /** The newest write that a store is known to hold. */
  newest: number
  /** The newest write that each store is known to hold. */
  readonly held: Array<number>
  /** The oldest write that may or may not be in each store, or come to be there over newer ones; infinite if none. */
  readonly unknown: Array<number>
  /** How many writes each store has before it, or is doing. */
  readonly underWay: Array<number>
  /** When the last write whose outcome is unknown is believed to have been applied, or never to be. */
  settlesAt: number
  /**
   * What the newest write has put, or `undefined` for a deletion, while no store holds it for certain: an older write whose
   * outcome is unknown there may still come over it.
   */
  truth: { readonly entry: Entry | undefined } | undefined
  /** If not even that is known: the store that is believed, so that all readers see the same. */
  authority: number | undefined
}

const none = Number.POSITIVE_INFINITY

/** How a write ended in a store. */
export interface Ended {
  readonly version: number
  readonly outcome: "applied" | "not-applied" | "unknown"
  readonly beganAt: number
  readonly settlesAt: number
  /** What the write has put under a key. */
  readonly entryOf: (state: KeyState) => Entry | undefined
}

/**
 * Which stores may be read for which keys. Keys that all stores hold alike are not remembered.
 *
 * Memory is bounded: if too many keys differ, the store that is behind with the most of them is given up: it is not read
 * any more, but for keys that it is known to hold.
 */
export class Ledger {
  readonly givenUp: Array<boolean>
  private readonly states = new Map<string, KeyState>()
  private readonly stores: number
  private readonly maxBehind: number
  private version = 0

  constructor(stores: number, maxBehind: number) {
    this.stores = stores
    this.maxBehind = maxBehind
    this.givenUp = this.each(() => false)
  }

  get size(): number {
    return this.states.size
  }

  /** Can no more keys be remembered? That is when the last store that is not given up is behind, too. */
  get isFull(): boolean {
    return this.states.size >= 2 * this.maxBehind
  }

  get(id: string): KeyState | undefined {
    return this.states.get(id)
  }

  all(): ReadonlyArray<KeyState> {
    return [...this.states.values()]
  }

  /** Begins something that writes keys in all the stores, and answers the number of the write. */
  begin(names: { readonly collection: string; readonly keys: ReadonlyArray<string> }): {
    readonly version: number
    readonly states: ReadonlyArray<KeyState>
  } {
    const states = new Set(idsOf(names).map((id, i) => this.stateOf(id, names.collection, names.keys[i]!)))
    for (const state of states) for (let store = 0; store < this.stores; store++) state.underWay[store]!++
    return { version: ++this.version, states: [...states] }
  }

  /** Notes how a write ended in a store. */
  end(states: ReadonlyArray<KeyState>, store: number, ended: Ended): void {
    const { version, outcome, beganAt, settlesAt, entryOf } = ended
    for (const state of states) {
      state.underWay[store]!--
      if (outcome === "applied") {
        state.held[store] = Math.max(state.held[store]!, version)
        if (version > state.newest) {
          state.newest = version
          state.truth = { entry: entryOf(state) }
        }
        if (beganAt >= state.settlesAt) state.unknown[store] = none
      } else if (outcome === "unknown") {
        state.unknown[store] = Math.min(state.unknown[store]!, version)
        state.settlesAt = Math.max(state.settlesAt, settlesAt)
      }
      this.settle(state)
    }
  }

  /** Does the store hold the newest write of the key, and can nothing else come to be there? */
  isUpToDate(state: KeyState, store: number): boolean {
    return state.unknown[store] === none && state.held[store] === state.newest
  }

  /** May a reader who must see the write `floor` read the key from the store, when no write is under way there? */
  isReadable(state: KeyState, store: number, floor: number): boolean {
    return (state.unknown[store] === none || state.authority === store) && state.held[store]! >= floor
  }

  /** May what was read from the store be answered, if all stores were alike when the reader began? */
  isUndisturbed(id: string, store: number): boolean {
    const state = this.states.get(id)
    return state === undefined || (state.underWay[store] === 0 && state.unknown[store] === none)
  }

  /** Notes that nothing can come over the newest write in a store any more. */
  makeCertain(state: KeyState, store: number): void {
    state.unknown[store] = none
    this.settle(state)
  }

  /** Draws the conclusions when nothing is under way: whom to believe, and whether there is anything to remember. */
  private settle(state: KeyState): void {
    if (state.underWay.some((count) => count > 0)) return
    const stores = [...state.held.keys()]
    if (stores.some((store) => this.isUpToDate(state, store))) state.authority = state.truth = undefined
    else if (state.truth !== undefined) state.authority = undefined
    else if (state.authority === undefined) {
      // It held the newest write for certain before others came to it, of which none was applied anywhere else.
      state.authority = stores.find(
        (store) => state.held[store] === state.newest && state.unknown[store]! > state.newest
      )
    }
    if (this.isAlike(state)) this.forget(state)
    else if (this.states.size > this.maxBehind) this.giveUpOne()
  }

  private forget({ collection, key }: KeyState): void {
    this.states.delete(idOf(collection, key))
  }

  private isAlike(state: KeyState): boolean {
    return this.givenUp.every((isGivenUp, store) => isGivenUp || this.isUpToDate(state, store))
  }

  private giveUpOne(): void {
    if (this.givenUp.filter((it) => !it).length === 1) return
    const quiet = this.all().filter(({ underWay }) => underWay.every((count) => count === 0))
    if (quiet.length <= this.maxBehind) return
    const behind = this.each((store) =>
      this.givenUp[store] ? 0 : quiet.filter((state) => !this.isUpToDate(state, store)).length
    )
    this.givenUp[behind.indexOf(Math.max(...behind))] = true
    for (const state of quiet) if (this.isAlike(state)) this.forget(state)
  }

  private stateOf(id: string, collection: string, key: string): KeyState {
    let state = this.states.get(id)
    if (state === undefined) {
      state = {
        collection,
        key,
        newest: this.version,
        held: this.each((store) => (this.givenUp[store] ? -1 : this.version)),
        unknown: this.each(() => none),
        underWay: this.each(() => 0),
        settlesAt: Number.NEGATIVE_INFINITY,
        truth: undefined,
        authority: undefined
      }
      this.states.set(id, state)
    }
    return state
  }

  private each<A>(f: (store: number) => A): Array<A> {
    return Array.from({ length: this.stores }, (_, store) => f(store))
  }
}
