import type * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Call } from "../../driver/Call.ts"
import type { Extent } from "../../driver/extents.ts"
import type { StoreError, StoreUnavailableError } from "../../KeyValueError.ts"
import { Expired } from "./Expired.ts"
import { closedError, isFull, toError } from "./errors.ts"
import { type Attempt, whenFree } from "./patience.ts"
import type { Statements } from "./statements.ts"
import type { Transactions } from "./transaction.ts"

/** A table that is ready to be used. */
export interface Connection {
  /** Whether the layer has closed the connection. */
  readonly isClosed: () => boolean
  readonly statements: Statements
  readonly transactions: Transactions
  /** A number that no other writer of the table has or had. */
  readonly writer: number
  readonly busyTimeout: number
  readonly defaultCollection: string
  /** The table, in the file or, if there is none, in this connection. */
  readonly extent: Extent
  /** Whether the file may be shrunk, and its log emptied: not on a connection that the application opened. */
  readonly shrinks: boolean
}

/** SQL of one call, at a time in milliseconds since the epoch. Throws what node:sqlite throws. */
export type Step<A> = (now: number) => A

/** Runs the SQL of calls. */
export class Runner {
  readonly expired: Expired
  private readonly connection: Connection
  private writes = 0

  constructor(connection: Connection) {
    this.connection = connection
    this.expired = new Expired(connection.statements.removeExpired)
  }

  /** No entry ever has the same version again, not even a key that was deleted in between. */
  nextVersion(): string {
    return `${this.connection.writer}.${++this.writes}`
  }

  /** Attempts again while other connections hold locks, and fails with the errors of stores. */
  run<A, B, E>(
    call: Call,
    attempt: Attempt<A>,
    done: (answer: A, now: number) => Effect.Effect<B, E>
  ): Effect.Effect<B, E | StoreError | StoreUnavailableError> {
    const { isClosed, busyTimeout } = this.connection
    return whenFree<A, B, E | StoreError | StoreUnavailableError>(
      attempt,
      { millis: busyTimeout, deadline: call.deadline },
      done,
      (cause) => (isClosed() ? closedError(call, cause) : toError(call, cause))
    )
  }

  /** One statement, which is a transaction of its own. */
  single<A>(step: Step<A>): Attempt<A> {
    return (now) => Result.try(() => step(now))
  }

  reading<A>(step: Step<A>): Attempt<A> {
    return (now) => this.connection.transactions.reading(() => step(now))
  }

  writing<A>(step: Step<A>): Attempt<A> {
    return (now) => this.connection.transactions.writing(() => step(now))
  }

  /** A write. If the database is full, it removes expired entries and writes once more. */
  makingRoom<A>(write: Attempt<A>): Attempt<A> {
    return (now) => {
      const result = write(now)
      if (Result.isSuccess(result) || !isFull(result.failure)) return result
      // The log is emptied first: on a full disk, it has no room for the removal.
      Result.try(() => this.connection.statements.checkpoint.all())
      return this.expired.removeSome(now) === 0 ? result : write(now)
    }
  }
}
