import * as Exit from "effect/Exit"
import { outcomeOf } from "../../internal/outcome.ts"
import { errorOf } from "../../internal/telemetry.ts"
import { type Place, StoreUnavailableError, type WriteError } from "../../KeyValueError.ts"

/** What the stores say about one write, until it is decided. */
export class Votes<A> {
  private readonly exits = new Map<number, Exit.Exit<A, WriteError>>()
  private readonly place: Place
  private readonly stores: number
  private readonly required: number
  private readonly believed: ReadonlyArray<number>
  private isDecided = false

  /** The answer is that of a store that is believed, if one of them can answer. */
  constructor(place: Place, stores: number, required: number, believed: ReadonlyArray<number>) {
    this.place = place
    this.stores = stores
    this.required = required
    this.believed = believed
  }

  /**
   * Adds what a store says. Answers the decision when it is made: enough have applied it, or too many have failed, and it
   * is known whether one may have applied it.
   */
  add(store: number, exit: Exit.Exit<A, WriteError>): Exit.Exit<A, WriteError> | undefined {
    this.exits.set(store, exit)
    const decision = this.isDecided ? undefined : this.decide()
    this.isDecided ||= decision !== undefined
    return decision
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
