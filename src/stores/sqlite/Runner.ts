import type * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Call } from "../../driver/Call.ts"
import type { Extent } from "../../driver/extents.ts"
import type { StoreError, StoreUnavailableError } from "../../KeyValueError.ts"
import { Expired } from "./Expired.ts"
import { closedError, isFull, toError } from "./errors.ts"
import { type Attempt, retryWhileBusy } from "./patience.ts"
import type { Statements } from "./statements.ts"
import type { Transactions } from "./transaction.ts"

/** A table that is ready for use, with its connection. */
export interface Connection {
  /** Whether the layer has closed the connection. */
  readonly isClosed: () => boolean
  readonly statements: Statements
  readonly transactions: Transactions
  /** A number that no other layer on this table has ever had. */
  readonly writer: number
  readonly busyTimeout: number
  readonly defaultCollection: string
  /** The table, in the file or, if the database is in memory, in this connection. */
  readonly extent: Extent
  /** Whether to shrink the file and empty its log. This is false for a connection of the application. */
  readonly shrinks: boolean
}

/** The SQL of one call. `now` is in milliseconds since the epoch. Throws the exceptions of `node:sqlite`. */
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

  /** Returns a new version. No version is used twice, so a key that was deleted and written again has another one. */
  nextVersion(): string {
    return `${this.connection.writer}.${++this.writes}`
  }

  /** Runs an attempt, and retries it while other connections hold locks. Fails with errors of the store. */
  run<A, B, E>(
    call: Call,
    attempt: Attempt<A>,
    done: (result: A, now: number) => Effect.Effect<B, E>
  ): Effect.Effect<B, E | StoreError | StoreUnavailableError> {
    const { isClosed, busyTimeout } = this.connection
    return retryWhileBusy<A, B, E | StoreError | StoreUnavailableError>(
      attempt,
      { millis: busyTimeout, deadline: call.deadline },
      done,
      (cause) => (isClosed() ? closedError(call, cause) : toError(call, cause))
    )
  }

  /** A step of one statement, which is its own transaction. */
  single<A>(step: Step<A>): Attempt<A> {
    return (now) => Result.try(() => step(now))
  }

  reading<A>(step: Step<A>): Attempt<A> {
    return (now) => this.connection.transactions.reading(() => step(now))
  }

  writing<A>(step: Step<A>): Attempt<A> {
    return (now) => this.connection.transactions.writing(() => step(now))
  }

  /** If the database is full, the write removes expired entries and is tried once more. */
  makingRoom<A>(write: Attempt<A>): Attempt<A> {
    return (now) => {
      const result = write(now)
      if (Result.isSuccess(result) || !isFull(result.failure)) return result
      // The log is emptied first. Otherwise it has no space for the removal on a full disk.
      Result.try(() => this.connection.statements.checkpoint.all())
      return this.expired.removeSome(now) === 0 ? result : write(now)
    }
  }
}
