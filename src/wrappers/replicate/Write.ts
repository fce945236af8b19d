import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { eachInSlices } from "../../concurrency/slices.ts"
import * as Call from "../../driver/Call.ts"
import { idOf } from "../../driver/ids.ts"
import { StoreUnavailableError, TimeoutError, type WriteError } from "../../KeyValueError.ts"
import { CurrentDeadline } from "../../time/budget.ts"
import { detached } from "../common/detached.ts"
import { Delivery, type Kind, type Sent } from "./Delivery.ts"
import type { KeyState } from "./Ledger.ts"
import type { Stores } from "./Stores.ts"
import { Ballot, Votes } from "./Votes.ts"

/** One write to all stores, whose caller waits for enough of them. */
export class Write<C extends Call.Put | Call.Delete, A> implements Sent<C, A> {
  readonly stores: Stores
  readonly kind: Kind<C, A>
  /** Without the caller's deadline, because the write may go on after the caller has given up. */
  readonly call: C
  readonly votes: Votes<A>
  readonly context: Context.Context<never>
  isDropped = false
  private readonly deadline: number | undefined
  private readonly accepting: ReadonlyArray<number>
  private readonly trusted: Array<number>
  private readonly deliveries: ReadonlyArray<Delivery<C, A>>

  constructor(stores: Stores, kind: Kind<C, A>, call: C, fiber: Fiber.Fiber<unknown, unknown>) {
    const { indices, queues, config } = stores
    this.stores = stores
    this.kind = kind
    this.deadline = call.deadline
    this.call = detached(call)
    this.context = contextWithoutBudget(fiber)
    this.accepting = indices.filter((store) => queues[store]!.size < 2 * config.maxBehind)
    // Only a deletion returns something: how many keys existed.
    this.trusted = call._tag === "put" ? [] : [...indices]
    this.votes = new Votes(call.place, indices.length, config.required, this.trusted)
    const ballot = (store: number) => new Ballot(this.votes, store, call.keys.length, kind.sum)
    this.deliveries = this.accepting.map((store) => new Delivery(this, store, ballot(store)))
  }

  /** Whether the write must be refused, since the process would have to remember too much. */
  get isRefused(): boolean {
    const { ledger } = this.stores
    const { collection, keys } = this.call
    if (this.accepting.length === 0) return true
    return ledger.isFull && keys.some((key) => ledger.get(idOf(collection, key)) === undefined)
  }

  /**
   * Requests a turn for each key in each store, and begins in the stores in which it has one. Must not be interrupted.
   */
  get begin(): Effect.Effect<void> {
    const { stores, call, deliveries } = this
    const enter = (i: number) => {
      const state = stores.ledger.open(call.collection, call.keys[i]!)
      const version = stores.ledger.nextVersion()
      this.trustOnlyUpToDate(state)
      for (const { store } of deliveries) stores.ledger.begin(state, store)
      for (const delivery of deliveries) delivery.enter(i, state, version)
    }
    stores.undecided.add(this)
    return eachInSlices(call.keys.length, enter, () => {
      for (const delivery of deliveries) delivery.open()
      if (deliveries.length < stores.indices.length) {
        for (const store of stores.indices) {
          if (!this.accepting.includes(store)) this.votes.add(store, Exit.fail(overloaded(call)))
        }
      }
      return Effect.void
    })
  }

  /** The decision of the stores. */
  get outcome(): Effect.Effect<A, WriteError> {
    return this.votes.outcome
  }

  /**
   * Called when the caller does not wait any longer. A write that has begun in a store goes on in all stores.
   * Otherwise, the write is dropped.
   */
  get end(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.stores.undecided.delete(this)
      const isAbandoned = this.votes.isOpen
      if (isAbandoned) this.votes.abandon()
      if (this.call._tag === "delete") for (const delivery of this.deliveries) delivery.reconsider()
      return isAbandoned && this.mayBeDropped ? this.drop : Effect.void
    })
  }

  close(): void {
    this.votes.close(this.deliveries.flatMap(({ hasBegun, store }) => (hasBegun ? [store] : [])))
  }

  /** Whether no caller waits any longer, and the write has not begun in any store. */
  isUnwanted(now: number): boolean {
    const isLate = this.deadline !== undefined && now >= this.deadline
    return (isLate || !this.votes.isOpen) && this.mayBeDropped
  }

  /** Ends the write before it has begun in any store. */
  get expire(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { place } = this.call
      this.votes.end(Exit.fail(new TimeoutError({ ...place, duration: Duration.zero, sent: false })))
      return this.drop
    })
  }

  private get mayBeDropped(): boolean {
    return this.deliveries.every((delivery) => delivery.mayBeDropped)
  }

  private get drop(): Effect.Effect<void> {
    this.isDropped = true
    return Effect.forEach(this.deliveries, (delivery) => delivery.drop, { discard: true })
  }

  private trustOnlyUpToDate(state: KeyState): void {
    for (let i = this.trusted.length - 1; i >= 0; i--) {
      if (!this.stores.ledger.isUpToDate(state, this.trusted[i]!)) this.trusted.splice(i, 1)
    }
  }
}

/** Continues with a call that has each key once: for puts with the last entry of each. */
export const withoutRepeats = <C extends Call.Put | Call.Delete, A, E>(
  call: C,
  then: (call: C) => Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  const { keys } = call
  if (keys.length === 1) return then(call)
  const indices = new Map<string, number>()
  return eachInSlices(
    keys.length,
    (i) => void indices.set(keys[i]!, i),
    () => then(indices.size === keys.length ? call : Call.pick(call, [...indices.values()]))
  )
}

/** The services of a fiber, without its time budget. */
const contextWithoutBudget = (fiber: Fiber.Fiber<unknown, unknown>): Context.Context<never> =>
  fiber.getRef(CurrentDeadline) === Number.POSITIVE_INFINITY
    ? fiber.context
    : Context.add(fiber.context, CurrentDeadline, Number.POSITIVE_INFINITY)

const overloaded = ({ place }: Call.Put | Call.Delete) =>
  new StoreUnavailableError({ ...place, reason: "too many writes of one store are under way", sent: false })
