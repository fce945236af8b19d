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
import { type Owner, Turn } from "./Queues.ts"
import type { Stores } from "./Stores.ts"
import { Superseded } from "./Superseded.ts"
import type { Ballot } from "./Votes.ts"

/** A kind of write. The results of its parts add up: puts return nothing, deletions a number. */
export interface Kind<C extends Call.Put | Call.Delete, A> {
  readonly run: (driver: Driver, call: C) => Effect.Effect<A, WriteError>
  readonly sum: (a: A, b: A) => A
}

/** A write, as its deliveries see it. */
export interface Sent<C extends Call.Put | Call.Delete, A> {
  readonly stores: Stores
  readonly kind: Kind<C, A>
  readonly call: C
  readonly context: Context.Context<never>
  readonly isDropped: boolean
  readonly isUnwanted: (now: number) => boolean
  /** Ends a write that has not begun in any store. */
  readonly expire: Effect.Effect<void>
}

/** A write on its way to one store. Keys whose turns begin at the same time are sent together. */
export class Delivery<C extends Call.Put | Call.Delete, A> implements Owner {
  readonly store: number
  hasBegun = false
  private readonly write: Sent<C, A>
  private readonly ballot: Ballot<A>
  private readonly turns: Array<WriteTurn> = []
  private ready: Array<WriteTurn> = []
  /** Whether the keys that are ready will be sent without another start. */
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
    return !this.hasBegun && !this.turns.some(({ superseded }) => superseded?.isOpen)
  }

  enter(index: number, state: KeyState, version: number): void {
    const turn = new WriteTurn(this, index, state, version)
    this.turns.push(turn)
    if (this.write.stores.queues[this.store]!.enter(turn)) this.ready.push(turn)
  }

  /** Begins, when all keys have requested their turns. */
  open(): void {
    this.isActive = false
    if (this.ready.length > 0) this.start(this.send)
  }

  onTurn(turn: WriteTurn): void {
    this.ready.push(turn)
    // More keys may get their turns in this step, and the queue that calls this has not finished its own.
    if (!this.isActive && !this.write.isDropped) this.start(Effect.andThen(Effect.yieldNow, this.send))
  }

  onSuperseded(turn: WriteTurn, by: WriteTurn): void {
    by.superseded = Superseded.both(turn.superseded, by.superseded)
    turn.superseded = undefined
    if (this.ballot.isOpen) (by.superseded ??= new Superseded()).add(this.ballot)
    this.note(turn, "not-applied")
  }

  onClosed(): void {}

  reconsider(): void {
    for (const turn of this.turns) this.write.stores.queues[this.store]!.reconsider(turn)
  }

  get drop(): Effect.Effect<void> {
    const { queues } = this.write.stores
    const leave = (i: number) => {
      const turn = this.turns[i]!
      if (turn.status === "gone") return
      this.note(turn, "not-applied")
      queues[this.store]!.leave(turn)
    }
    return Effect.suspend(() => eachInSlices(this.turns.length, leave, () => Effect.void))
  }

  private start(send: Effect.Effect<void>): void {
    this.isActive = true
    this.write.stores.background.start(this.write.context, send, { uninterruptible: true })
  }

  /** Sends the keys that are ready, until no more are. */
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
    part: ReadonlyArray<WriteTurn>,
    exit: Exit.Exit<A, WriteError>,
    beganAt: number,
    endedAt: number
  ): Effect.Effect<void> {
    const { queues, config } = this.write.stores
    const outcome = outcomeOf(exit)
    const superseded: Array<Ballot<any>> = []
    const leave = (i: number) => {
      const turn = part[i]!
      this.note(turn, outcome, beganAt, endedAt + config.settleTime)
      queues[this.store]!.leave(turn)
      if (turn.superseded !== undefined) for (const ballot of turn.superseded.ballots) superseded.push(ballot)
    }
    return eachInSlices(part.length, leave, () => {
      this.ballot.add(part.length, exit)
      const tell = (i: number) => superseded[i]!.addSuperseded(outcome === "applied")
      return eachInSlices(superseded.length, tell, () => this.send)
    })
  }

  private note(
    { state, version, index }: WriteTurn,
    outcome: ReturnType<typeof outcomeOf>,
    beganAt = Number.NEGATIVE_INFINITY,
    settlesAt = Number.NEGATIVE_INFINITY
  ): void {
    const { call, stores } = this.write
    const entry: Entry | undefined = call._tag === "put" ? call.entries[index] : undefined
    stores.ledger.end(state, this.store, { version, outcome, beganAt, settlesAt, entry })
  }
}

/** The turn of a write at one key of one store. */
class WriteTurn extends Turn {
  readonly state: KeyState
  readonly version: number
  superseded: Superseded | undefined

  constructor(delivery: Owner, index: number, state: KeyState, version: number) {
    super(delivery, index, state.id, true)
    this.state = state
    this.version = version
  }
}
