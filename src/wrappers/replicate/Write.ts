import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import type { Entry } from "../../Entry.ts"
import { now } from "../../internal/clock.ts"
import { idOf } from "../../internal/ids.ts"
import { inSlices } from "../../internal/inSlices.ts"
import { outcomeOf } from "../../internal/outcome.ts"
import { StoreUnavailableError, TimeoutError, type WriteError } from "../../KeyValueError.ts"
import { unhurriedContext } from "./Background.ts"
import type { KeyState } from "./Ledger.ts"
import { Visit } from "./Queues.ts"
import type { Stores } from "./Stores.ts"
import { Ballot, Votes } from "./Votes.ts"

/** What is written: puts answer nothing, deletions a number that adds up. */
export interface Kind<C extends Call.Put | Call.Delete, A> {
  readonly run: (driver: Driver, call: C) => Effect.Effect<A, WriteError>
  readonly sum: (a: A, b: A) => A
}

/** One write in all the stores, whose caller waits for enough of them. */
export class Write<C extends Call.Put | Call.Delete, A> {
  readonly stores: Stores
  readonly kind: Kind<C, A>
  /** Without a deadline: what may outlive the caller is not bound to the caller's. */
  readonly call: C
  readonly votes: Votes<A>
  readonly context: Context.Context<never>
  isDropped = false
  private readonly deadline: number | undefined
  private readonly accepting: ReadonlyArray<number>
  private readonly believed: Array<number>
  private readonly deliveries: ReadonlyArray<Delivery<C, A>>

  constructor(stores: Stores, kind: Kind<C, A>, call: C, fiber: Fiber.Fiber<unknown, unknown>) {
    const { indices, queues, config } = stores
    this.stores = stores
    this.kind = kind
    this.deadline = call.deadline
    this.call = { ...call, deadline: undefined, limit: undefined, holder: undefined }
    this.context = unhurriedContext(fiber)
    this.accepting = indices.filter((store) => queues[store]!.size < 2 * config.maxBehind)
    // Only a deletion answers something: how many keys there were.
    this.believed = call._tag === "put" ? [] : [...indices]
    this.votes = new Votes(call.place, indices.length, config.required, this.believed)
    const ballot = (store: number) => new Ballot(this.votes, call.place, store, call.keys.length, kind.sum)
    this.deliveries = this.accepting.map((store) => new Delivery(this, store, ballot(store)))
  }

  /** Whether nothing may be written because too much would have to be remembered. */
  get isRefused(): boolean {
    const { ledger } = this.stores
    const { collection, keys } = this.call
    if (this.accepting.length === 0) return true
    return ledger.isFull && keys.some((key) => ledger.get(idOf(collection, key)) === undefined)
  }

  /** Takes its turn at each key in each store, and begins where it has come. Must not be interrupted. */
  get begin(): Effect.Effect<void> {
    const { stores, call, deliveries } = this
    const enter = (i: number) => {
      const state = stores.ledger.open(call.collection, call.keys[i]!)
      const version = stores.ledger.nextVersion()
      this.believeOnlyUpToDate(state)
      for (const { store } of deliveries) stores.ledger.begin(state, store)
      for (const delivery of deliveries) delivery.enter(i, state, version)
    }
    stores.undecided.add(this)
    return inSlices(call.keys.length, enter, () => {
      for (const delivery of deliveries) delivery.open()
      if (deliveries.length < stores.indices.length) {
        for (const store of stores.indices) {
          if (!this.accepting.includes(store)) this.votes.add(store, Exit.fail(overloaded(call)))
        }
      }
      return Effect.void
    })
  }

  /** What the stores have decided. */
  get outcome(): Effect.Effect<A, WriteError> {
    return this.votes.outcome
  }

  /** Nobody waits any longer. What has begun goes on; if nothing has, nothing does. */
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

  /** Whether nobody waits any longer, and nothing has begun. */
  isUnwanted(now: number): boolean {
    const isLate = this.deadline !== undefined && now >= this.deadline
    return (isLate || !this.votes.isOpen) && this.mayBeDropped
  }

  /** Ends it before it has begun anywhere. */
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

  private believeOnlyUpToDate(state: KeyState): void {
    for (let i = this.believed.length - 1; i >= 0; i--) {
      if (!this.stores.ledger.isUpToDate(state, this.believed[i]!)) this.believed.splice(i, 1)
    }
  }
}

/** A write on its way into one store. Keys whose turn comes at the same time are sent together. */
class Delivery<C extends Call.Put | Call.Delete, A> {
  readonly store: number
  hasBegun = false
  private readonly write: Write<C, A>
  private readonly ballot: Ballot<A>
  private readonly visits: Array<WriteVisit> = []
  private ready: Array<WriteVisit> = []
  /** Whether what is ready will be seen to. */
  private isActive = true

  constructor(write: Write<C, A>, store: number, ballot: Ballot<A>) {
    this.write = write
    this.store = store
    this.ballot = ballot
  }

  get mustRun(): boolean {
    return this.write.call._tag === "delete" && this.ballot.isOpen
  }

  get mayBeDropped(): boolean {
    return !this.hasBegun && !this.visits.some(({ riders }) => riders?.isOpen)
  }

  enter(index: number, state: KeyState, version: number): void {
    const visit = new WriteVisit(this, index, state, version)
    this.visits.push(visit)
    if (this.write.stores.queues[this.store]!.enter(visit)) this.ready.push(visit)
  }

  /** Begins when all keys have entered. */
  open(): void {
    this.isActive = false
    if (this.ready.length > 0) this.start(this.send)
  }

  onTurn(visit: WriteVisit): void {
    this.ready.push(visit)
    // Other keys may get their turn in the same step, and whoever lets this one in has not finished.
    if (!this.isActive && !this.write.isDropped) this.start(Effect.andThen(Effect.yieldNow, this.send))
  }

  onSuperseded(visit: WriteVisit, by: WriteVisit): void {
    by.riders = Riders.both(visit.riders, by.riders)
    visit.riders = undefined
    if (this.ballot.isOpen) (by.riders ??= new Riders()).add(this.ballot)
    this.note(visit, "not-applied")
  }

  reconsider(): void {
    for (const visit of this.visits) this.write.stores.queues[this.store]!.reconsider(visit)
  }

  get drop(): Effect.Effect<void> {
    const { queues } = this.write.stores
    const leave = (i: number) => {
      const visit = this.visits[i]!
      if (visit.status === "gone") return
      this.note(visit, "not-applied")
      queues[this.store]!.leave(visit)
    }
    return Effect.suspend(() => inSlices(this.visits.length, leave, () => Effect.void))
  }

  private start(send: Effect.Effect<void>): void {
    this.isActive = true
    this.write.stores.background.start(this.write.context, send)
  }

  /** Sends what is ready, until nothing is. */
  private get send(): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      const { write, store } = this
      const part = this.ready
      this.ready = []
      if (part.length === 0 || write.isDropped) {
        this.isActive = false
        return Effect.void
      }
      const beganAt = now(fiber)
      if (write.isUnwanted(beganAt)) return write.expire
      this.hasBegun = true
      const isWhole = part.length === write.call.keys.length
      const call: C = isWhole
        ? write.call
        : Call.pick(
            write.call,
            part.map(({ index }) => index)
          )
      const sent = Effect.interruptible(write.stores.on(store, (driver) => write.kind.run(driver, call)))
      return Effect.flatMap(Effect.exit(sent), (exit) => this.end(part, exit, beganAt, now(fiber)))
    })
  }

  private end(
    part: ReadonlyArray<WriteVisit>,
    exit: Exit.Exit<A, WriteError>,
    beganAt: number,
    endedAt: number
  ): Effect.Effect<void> {
    const { queues, config } = this.write.stores
    const outcome = outcomeOf(exit)
    const riders: Array<Ballot<any>> = []
    const leave = (i: number) => {
      const visit = part[i]!
      this.note(visit, outcome, beganAt, endedAt + config.settleTime)
      queues[this.store]!.leave(visit)
      if (visit.riders !== undefined) for (const rider of visit.riders.ballots) riders.push(rider)
    }
    return inSlices(part.length, leave, () => {
      this.ballot.add(part.length, exit)
      const tell = (i: number) => riders[i]!.addSuperseded(outcome === "applied")
      return inSlices(riders.length, tell, () => this.send)
    })
  }

  private note(
    { state, version, index }: WriteVisit,
    outcome: ReturnType<typeof outcomeOf>,
    beganAt = Number.NEGATIVE_INFINITY,
    settlesAt = Number.NEGATIVE_INFINITY
  ): void {
    const { call, stores } = this.write
    const entry: Entry | undefined = call._tag === "put" ? call.entries[index] : undefined
    stores.ledger.end(state, this.store, { version, outcome, beganAt, settlesAt, entry })
  }
}

/** A write's turn at one key of one store. */
class WriteVisit extends Visit {
  readonly index: number
  readonly state: KeyState
  readonly version: number
  riders: Riders | undefined
  private readonly delivery: Delivery<any, any>

  constructor(delivery: Delivery<any, any>, index: number, state: KeyState, version: number) {
    super(state.id, true)
    this.delivery = delivery
    this.index = index
    this.state = state
    this.version = version
  }

  override get mustRun(): boolean {
    return this.delivery.mustRun
  }

  override onTurn(): void {
    this.delivery.onTurn(this)
  }

  override onSuperseded(by: Visit): void {
    this.delivery.onSuperseded(this, by as WriteVisit)
  }

  override onClosed(): void {}
}

/** The writes in whose place another one stands at a key: the store is done with them when it has that one. */
class Riders {
  ballots: Array<Ballot<any>> = []
  private reviewAt = 64

  get isOpen(): boolean {
    return this.ballots.some(({ isOpen }) => isOpen)
  }

  static both(one: Riders | undefined, other: Riders | undefined): Riders | undefined {
    if (one === undefined || other === undefined) return one ?? other
    const [few, many] = one.ballots.length < other.ballots.length ? [one, other] : [other, one]
    for (const ballot of few.ballots) many.add(ballot)
    return many
  }

  /** Those whose callers do not wait any longer are forgotten now and then. */
  add(ballot: Ballot<any>): void {
    if (this.ballots.push(ballot) < this.reviewAt) return
    this.ballots = this.ballots.filter(({ isOpen }) => isOpen)
    this.reviewAt = Math.max(64, 2 * this.ballots.length)
  }
}

/** Goes on with a call that has each key once: for puts with the last entry of it. */
export const withoutRepeats = <C extends Call.Put | Call.Delete, A, E>(
  call: C,
  then: (call: C) => Effect.Effect<A, E>
): Effect.Effect<A, E> => {
  const { keys } = call
  if (keys.length === 1) return then(call)
  const indices = new Map<string, number>()
  return inSlices(
    keys.length,
    (i) => void indices.set(keys[i]!, i),
    () => then(indices.size === keys.length ? call : Call.pick(call, [...indices.values()]))
  )
}

const overloaded = ({ place }: Call.Put | Call.Delete) =>
  new StoreUnavailableError({ ...place, reason: "too many writes of one store are under way", sent: false })
