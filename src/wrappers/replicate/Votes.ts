import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { layerClosed } from "../../driver/layerClosed.ts"
import { errorOf, outcomeOf } from "../../driver/outcome.ts"
import { storeFailure } from "../../driver/storeFailure.ts"
import { type Place, StoreUnavailableError, type WriteError } from "../../KeyValueError.ts"

/** What the stores say about one write, and whoever waits for what follows from it. */
export class Votes<A> {
  private readonly exits = new Map<number, Exit.Exit<A, WriteError>>()
  private readonly place: Place
  private readonly stores: number
  private readonly required: number
  /** The stores one of which gives the answer, if one of them can. */
  private readonly believed: ReadonlyArray<number>
  private decision: Exit.Exit<A, WriteError> | undefined
  private isAbandoned = false
  private resume: ((decision: Exit.Exit<A, WriteError>) => void) | undefined

  constructor(place: Place, stores: number, required: number, believed: ReadonlyArray<number>) {
    this.place = place
    this.stores = stores
    this.required = required
    this.believed = believed
  }

  /** Whether somebody waits for a decision. */
  get isOpen(): boolean {
    return this.decision === undefined && !this.isAbandoned
  }

  /** The decision, for one caller. */
  get outcome(): Effect.Effect<A, WriteError> {
    return Effect.suspend(
      () =>
        this.decision ??
        Effect.callback((resume) => {
          // The fiber may have yielded meanwhile.
          if (this.decision !== undefined) resume(this.decision)
          else this.resume = resume
        })
    )
  }

  /**
   * Adds what a store says. The decision is made when enough have applied the write, or when too many have failed and it is
   * known whether one may have applied it.
   */
  add(store: number, exit: Exit.Exit<A, WriteError>): void {
    this.exits.set(store, exit)
    const decision = this.isOpen ? this.decide() : undefined
    if (decision !== undefined) this.end(decision)
  }

  /** Notes that nobody waits for a decision any longer. */
  abandon(): void {
    this.isAbandoned = true
    this.resume = undefined
  }

  /** Ends the wait, without the stores that have not said anything. */
  end(decision: Exit.Exit<A, WriteError>): void {
    if (!this.isOpen) return
    this.decision = decision
    this.resume?.(decision)
    this.resume = undefined
  }

  /** Ends the wait because the layer is closed, given the stores that the write was sent to. */
  close(begun: ReadonlyArray<number>): void {
    const sent = begun.some((store) => {
      const exit = this.exits.get(store)
      return exit === undefined || outcomeOf(exit) !== "not-applied"
    })
    this.end(Exit.fail(layerClosed(this.place, sent)))
  }

  private decide(): Exit.Exit<A, WriteError> | undefined {
    const exits = [...this.exits.values()]
    const failures = exits.filter(Exit.isFailure)
    if (exits.length - failures.length >= this.required) {
      const believed = this.believed.flatMap((store) => this.exits.get(store) ?? [])
      const success = believed.find(Exit.isSuccess)
      return success === undefined && believed.length < this.believed.length
        ? undefined
        : (success ?? exits.find(Exit.isSuccess))
    }
    if (failures.length <= this.stores - this.required) return undefined
    const mayBeApplied = exits.some((exit) => outcomeOf(exit) !== "not-applied")
    if (!mayBeApplied && exits.length < this.stores) return undefined
    return Exit.fail(this.failure(failures, mayBeApplied))
  }

  /** One of the errors, if it says what is true of all the stores together. */
  private failure(failures: ReadonlyArray<Exit.Failure<A, WriteError>>, mayBeApplied: boolean): WriteError {
    const errors = failures.flatMap(({ cause }) => (errorOf(cause) as WriteError | undefined) ?? [])
    const outcome = mayBeApplied ? "unknown" : "not-applied"
    const acknowledged = this.exits.size - failures.length
    const reason = `${acknowledged} of ${this.required} required stores have acknowledged it`
    return (
      errors.find((error) => error.outcome === outcome) ??
      new StoreUnavailableError({ ...this.place, reason, sent: mayBeApplied, cause: errors[0] })
    )
  }
}

/** The vote of one store about a write whose keys it may get one after the other. */
export class Ballot<A> {
  private readonly votes: Votes<A>
  private readonly place: Place
  private readonly store: number
  private readonly sum: (a: A, b: A) => A
  private left: number
  private total: A | undefined
  private isPartlyApplied = false
  private failure: Exit.Failure<A, WriteError> | undefined

  constructor(votes: Votes<A>, place: Place, store: number, keys: number, sum: (a: A, b: A) => A) {
    this.votes = votes
    this.place = place
    this.store = store
    this.left = keys
    this.sum = sum
  }

  get isOpen(): boolean {
    return this.votes.isOpen
  }

  /** Notes what has become of some of the keys, and votes when it is known of all. */
  add(keys: number, exit: Exit.Exit<A, WriteError>): void {
    this.left -= keys
    if (Exit.isSuccess(exit)) {
      this.total = this.isPartlyApplied ? this.sum(this.total as A, exit.value) : exit.value
      this.isPartlyApplied = true
    } else if (this.failure === undefined || outcomeOf(this.failure) === "not-applied") this.failure = exit
    if (this.left === 0) this.votes.add(this.store, this.exit)
  }

  /** Notes that a newer write of a key stood in the place of this one, and whether the store has applied that. */
  addSuperseded(isApplied: boolean): void {
    // Only writes that answer nothing wait for what becomes of a newer one.
    this.add(1, isApplied ? (Exit.void as Exit.Exit<A>) : Exit.fail(superseded(this.place)))
  }

  private get exit(): Exit.Exit<A, WriteError> {
    const { failure } = this
    if (failure === undefined) return Exit.succeed(this.total as A)
    if (!this.isPartlyApplied || outcomeOf(failure) === "unknown") return failure
    const cause = errorOf(failure.cause)
    const transient = cause?.retryable === true
    return Exit.fail(storeFailure(this.place, { reason: "a part of it failed", cause, transient, applied: true }))
  }
}

const superseded = (place: Place): StoreUnavailableError =>
  new StoreUnavailableError({ ...place, reason: "a newer write took its place and was not applied", sent: false })
