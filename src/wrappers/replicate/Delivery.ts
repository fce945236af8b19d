import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { eachInSlices } from "../../concurrency/slices.ts"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { outcomeOf } from "../../driver/outcome.ts"
import type { Entry } from "../../Entry.ts"
import type { WriteError } from "../../KeyValueError.ts"
import { now } from "../../time/clock.ts"
import type { KeyState } from "./Ledger.ts"
import { Visit } from "./Queues.ts"
import type { Stores } from "./Stores.ts"
import type { Ballot } from "./Votes.ts"

/** What is written: puts answer nothing, deletions a number that adds up. */
export interface Kind<C extends Call.Put | Call.Delete, A> {
  readonly run: (driver: Driver, call: C) => Effect.Effect<A, WriteError>
  readonly sum: (a: A, b: A) => A
}

/** What a delivery has to know of the write. */
export interface Sent<C extends Call.Put | Call.Delete, A> {
  readonly stores: Stores
  readonly kind: Kind<C, A>
  readonly call: C
  readonly context: Context.Context<never>
  readonly isDropped: boolean
  readonly isUnwanted: (now: number) => boolean
  /** Ends the write before it has begun anywhere. */
  readonly expire: Effect.Effect<void>
}

/** A write on its way into one store. Keys whose turn comes at the same time are sent together. */
export class Delivery<C extends Call.Put | Call.Delete, A> {
  readonly store: number
  hasBegun = false
  private readonly write: Sent<C, A>
  private readonly ballot: Ballot<A>
  private readonly visits: Array<WriteVisit> = []
  private ready: Array<WriteVisit> = []
  /** Whether what is ready will be seen to. */
  private isActive = true

  constructor(write: Sent<C, A>, store: number, ballot: Ballot<A>) {
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
    return Effect.suspend(() => eachInSlices(this.visits.length, leave, () => Effect.void))
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
    return eachInSlices(part.length, leave, () => {
      this.ballot.add(part.length, exit)
      const tell = (i: number) => riders[i]!.addSuperseded(outcome === "applied")
      return eachInSlices(riders.length, tell, () => this.send)
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
