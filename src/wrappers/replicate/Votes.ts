import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { layerClosed } from "../../driver/layerClosed.ts"
import { errorOf, outcomeOf } from "../../driver/outcome.ts"
import { storeFailure } from "../../driver/storeFailure.ts"
import { type Place, StoreUnavailableError, type WriteError } from "../../KeyValueError.ts"

/** How one write ended in each store, and the caller that waits for the decision. */
export class Votes<A> {
  private readonly exits = new Map<number, Exit.Exit<A, WriteError>>()
  readonly place: Place
  private readonly stores: number
  private readonly required: number
  /** The stores whose result is preferred. */
  private readonly trusted: ReadonlyArray<number>
  private decision: Exit.Exit<A, WriteError> | undefined
  private isAbandoned = false
  private resume: ((decision: Exit.Exit<A, WriteError>) => void) | undefined

  constructor(place: Place, stores: number, required: number, trusted: ReadonlyArray<number>) {
    this.place = place
    this.stores = stores
    this.required = required
    this.trusted = trusted
  }

  /** Whether a caller waits for the decision. */
  get isOpen(): boolean {
    return this.decision === undefined && !this.isAbandoned
  }

  /** The decision, for one caller. */
  get outcome(): Effect.Effect<A, WriteError> {
    return Effect.suspend(
      () =>
        this.decision ??
        Effect.callback((resume) => {
          // The decision may have been made between this step and the one before.
          if (this.decision !== undefined) resume(this.decision)
          else this.resume = resume
        })
    )
  }

  /**
   * Adds the result of a store. The decision is made when enough stores have applied the write, or when too many have failed
   * and it is known whether one may have applied it.
   */
  add(store: number, exit: Exit.Exit<A, WriteError>): void {
    this.exits.set(store, exit)
    const decision = this.isOpen ? this.decide() : undefined
    if (decision !== undefined) this.end(decision)
  }

  /** Notes that the caller does not wait any longer. */
  abandon(): void {
    this.isAbandoned = true
    this.resume = undefined
  }

  /** Ends the wait with a decision, whatever the other stores do. */
  end(decision: Exit.Exit<A, WriteError>): void {
    if (!this.isOpen) return
    this.decision = decision
    this.resume?.(decision)
    this.resume = undefined
  }

  /** Ends the wait because the layer is closed, given the stores to which the write was sent. */
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
      const trusted = this.trusted.flatMap((store) => this.exits.get(store) ?? [])
      const success = trusted.find(Exit.isSuccess)
      return success === undefined && trusted.length < this.trusted.length
        ? undefined
        : (success ?? exits.find(Exit.isSuccess))
    }
    if (failures.length <= this.stores - this.required) return undefined
    const mayBeApplied = exits.some((exit) => outcomeOf(exit) !== "not-applied")
    if (!mayBeApplied && exits.length < this.stores) return undefined
    return Exit.fail(this.failure(failures, mayBeApplied))
  }

  /** One of the stores' errors, if its outcome is that of the whole write. */
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

/** The vote of one store, which may get the keys of a write one after the other. */
export class Ballot<A> {
  private readonly votes: Votes<A>
  private readonly store: number
  private readonly sum: (a: A, b: A) => A
  private left: number
  private total: A | undefined
  private isPartlyApplied = false
  private failure: Exit.Failure<A, WriteError> | undefined

  constructor(votes: Votes<A>, store: number, keys: number, sum: (a: A, b: A) => A) {
    this.votes = votes
    this.store = store
    this.left = keys
    this.sum = sum
  }

  get isOpen(): boolean {
    return this.votes.isOpen
  }

  /** Notes how the write of some keys ended, and votes when all keys have ended. */
  add(keys: number, exit: Exit.Exit<A, WriteError>): void {
    this.left -= keys
    if (Exit.isSuccess(exit)) {
      this.total = this.isPartlyApplied ? this.sum(this.total as A, exit.value) : exit.value
      this.isPartlyApplied = true
    } else if (this.failure === undefined || outcomeOf(this.failure) === "not-applied") this.failure = exit
    if (this.left === 0) this.votes.add(this.store, this.exit)
  }

  /** Notes that a newer write took the place of this one at a key, and whether the store has applied the newer one. */
  addSuperseded(isApplied: boolean): void {
    // Only puts, which return nothing, are superseded while a caller waits.
    this.add(1, isApplied ? (Exit.void as Exit.Exit<A>) : Exit.fail(superseded(this.votes.place)))
  }

  private get exit(): Exit.Exit<A, WriteError> {
    const { failure } = this
    if (failure === undefined) return Exit.succeed(this.total as A)
    if (!this.isPartlyApplied || outcomeOf(failure) === "unknown") return failure
    const cause = errorOf(failure.cause)
    const transient = cause?.retryable === true
    return Exit.fail(storeFailure(this.votes.place, { reason: "a part of it failed", cause, transient, applied: true }))
  }
}

const superseded = (place: Place): StoreUnavailableError =>
  new StoreUnavailableError({ ...place, reason: "a newer write took its place and was not applied", sent: false })
