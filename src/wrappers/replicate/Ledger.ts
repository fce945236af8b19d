import { constVoid } from "effect/Function"
import { idOf } from "../../driver/ids.ts"
import type { Entry } from "../../Entry.ts"

/** What is known of a key while the stores may hold different values of it. Arrays have one item per store. */
export interface KeyState {
  readonly id: string
  readonly collection: string
  readonly key: string
  /** The newest write that at least one store is known to hold. */
  newest: number
  /** The newest write that each store is known to hold. */
  readonly confirmed: Array<number>
  /**
   * For each store, the oldest write whose outcome is unknown in that store: it may still replace newer writes there.
   * Infinite if none.
   */
  readonly uncertain: Array<number>
  /** How many writes each store is doing, or has yet to do. */
  readonly underWay: Array<number>
  /** The sum of `underWay`. */
  totalUnderWay: number
  /**
   * From this time on, every write whose outcome is unknown is assumed to have been applied already, or never to be
   * applied.
   */
  settlesAt: number
  /**
   * The entry of the newest write, or `undefined` for a deletion. It is remembered while no store holds that write for
   * certain: an older write whose outcome is unknown may still replace it.
   */
  newestValue: { readonly entry: Entry | undefined } | undefined
  /**
   * The store that all reads of the key use while the newest value is not known, so that all of them return the same
   * value.
   */
  trustedStore: number | undefined
  /** Whether the key is counted among those that have no write under way. */
  isIdle: boolean
}

const none = Number.POSITIVE_INFINITY

/** How a write of a key ended in a store. Times are monotonic. */
export interface Ended {
  readonly version: number
  readonly outcome: "applied" | "not-applied" | "unknown"
  readonly beganAt: number
  readonly settlesAt: number
  /** The entry that the write has put; `undefined` for a deletion. */
  readonly entry: Entry | undefined
}

/**
 * Which stores may be read for which keys.
 *
 * The invariant, without stores that are given up (see below): the ledger has a key exactly while a write of the key is
 * under way, or while some store might not have its newest write. So a key that is not in the ledger may be read from
 * any store that is not given up.
 *
 * Memory is bounded: if the stores differ in too many keys, the store that is behind with the most of these keys is
 * given up. From then on, this store is read only for keys whose newest write it is known to hold.
 */
export class Ledger {
  readonly givenUp: Array<boolean>
  private readonly states = new Map<string, KeyState>()
  private readonly stores: number
  private readonly maxBehind: number
  private readonly onGivenUp: (store: number) => void
  private version = 0
  /** The number of keys without a write under way. */
  private idle = 0
  /** For each store, the number of keys without a write under way whose newest write the store may have missed. */
  private readonly behind: Array<number>

  constructor(stores: number, maxBehind: number, onGivenUp: (store: number) => void = constVoid) {
    this.stores = stores
    this.maxBehind = maxBehind
    this.onGivenUp = onGivenUp
    this.givenUp = this.perStore(() => false)
    this.behind = this.perStore(() => 0)
  }

  get size(): number {
    return this.states.size
  }

  /**
   * Whether the ledger cannot take more keys. This happens when all stores but one are given up, and the last one has
   * also missed writes of too many keys.
   */
  get isFull(): boolean {
    return this.idle >= 2 * this.maxBehind
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

  /** The state of a key. The caller must begin a write of it in the same step. */
  open(collection: string, key: string): KeyState {
    const id = idOf(collection, key)
    let state = this.states.get(id)
    if (state === undefined) {
      state = {
        id,
        collection,
        key,
        newest: this.version,
        confirmed: this.perStore((store) => (this.givenUp[store] ? -1 : this.version)),
        uncertain: this.perStore(() => none),
        underWay: this.perStore(() => 0),
        totalUnderWay: 0,
        settlesAt: Number.NEGATIVE_INFINITY,
        newestValue: undefined,
        trustedStore: undefined,
        isIdle: false
      }
      this.states.set(id, state)
    }
    return state
  }

  /** Notes that a write of a key goes to a store. For each call, `end` must be called. */
  begin(state: KeyState, store: number): void {
    this.setIdle(state, false)
    state.underWay[store]!++
    state.totalUnderWay++
  }

  /** Notes how a write ended in a store. */
  end(state: KeyState, store: number, { version, outcome, beganAt, settlesAt, entry }: Ended): void {
    state.underWay[store]!--
    state.totalUnderWay--
    if (outcome === "applied") {
      state.confirmed[store] = Math.max(state.confirmed[store]!, version)
      if (version > state.newest) {
        state.newest = version
        state.newestValue = { entry }
      }
      if (beganAt >= state.settlesAt) state.uncertain[store] = none
    } else if (outcome === "unknown") {
      state.uncertain[store] = Math.min(state.uncertain[store]!, version)
      state.settlesAt = Math.max(state.settlesAt, settlesAt)
    }
    if (state.totalUnderWay === 0) this.conclude(state)
  }

  /** Whether the store holds the newest write of the key, and no older write can replace it there. */
  isUpToDate(state: KeyState, store: number): boolean {
    return state.uncertain[store] === none && state.confirmed[store] === state.newest
  }

  /**
   * Whether the store may be read for a key if the result must be the write `atLeast` or a newer one. Assumes that no
   * write of the key is under way in that store.
   */
  isReadable(state: KeyState, store: number, atLeast: number): boolean {
    return (state.uncertain[store] === none || state.trustedStore === store) && state.confirmed[store]! >= atLeast
  }

  /** For a read that began when the stores did not differ in the key: whether its result may be returned. */
  isUndisturbed(id: string, store: number): boolean {
    const state = this.states.get(id)
    return state === undefined || (state.underWay[store] === 0 && state.uncertain[store] === none)
  }

  /** Notes that no older write can replace the newest one in a store any more. */
  makeCertain(state: KeyState, store: number): void {
    const { isIdle } = state
    this.setIdle(state, false)
    state.uncertain[store] = none
    if (isIdle) this.conclude(state)
  }

  /**
   * Called when no write of the key is under way any more. Decides which store to trust, and whether to remember the
   * key.
   */
  private conclude(state: KeyState): void {
    const stores = [...state.confirmed.keys()]
    if (stores.some((store) => this.isUpToDate(state, store))) state.trustedStore = state.newestValue = undefined
    else if (state.newestValue !== undefined) state.trustedStore = undefined
    else if (state.trustedStore === undefined) {
      // Trusts a store that certainly held the newest confirmed write before the writes of unknown outcome began. None
      // of these is known to be applied anywhere.
      state.trustedStore = stores.find(
        (store) => state.confirmed[store] === state.newest && state.uncertain[store]! > state.newest
      )
    }
    if (this.isInSync(state)) this.forget(state)
    else {
      this.setIdle(state, true)
      if (this.idle > this.maxBehind) this.giveUpOne()
    }
  }

  private forget(state: KeyState): void {
    this.setIdle(state, false)
    this.states.delete(state.id)
  }

  private isInSync(state: KeyState): boolean {
    return this.givenUp.every((isGivenUp, store) => isGivenUp || this.isUpToDate(state, store))
  }

  private giveUpOne(): void {
    const left = [...this.givenUp.keys()].filter((store) => !this.givenUp[store])
    if (left.length === 1) return
    const furthest = left.reduce((most, store) => (this.behind[store]! > this.behind[most]! ? store : most))
    this.givenUp[furthest] = true
    this.onGivenUp(furthest)
    for (const state of this.states.values()) if (state.isIdle && this.isInSync(state)) this.forget(state)
  }

  /** Adds a key to the count of those that have no write under way, or removes it from the count. */
  private setIdle(state: KeyState, isIdle: boolean): void {
    if (state.isIdle === isIdle) return
    state.isIdle = isIdle
    const by = isIdle ? 1 : -1
    this.idle += by
    for (let store = 0; store < this.stores; store++) {
      if (!this.isUpToDate(state, store)) this.behind[store]! += by
    }
  }

  private perStore<A>(f: (store: number) => A): Array<A> {
    return Array.from({ length: this.stores }, (_, store) => f(store))
  }
}
