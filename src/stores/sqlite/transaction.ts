import * as Result from "effect/Result"
import { type Database, prepareUnsafe } from "./database.ts"

/** Runs each step as a transaction. Fails with the exception of the step. */
export interface Transactions {
  /** Reads that all see the same state of the database. */
  readonly reading: <A>(step: () => A) => Result.Result<A, unknown>
  /** Takes the write lock first, so that no other connection can write between the step's reads and writes. */
  readonly writing: <A>(step: () => A) => Result.Result<A, unknown>
}

/** Throws if the database cannot be read. */
export const transactionsUnsafe = (database: Database): Transactions => {
  const begin = prepareUnsafe(database, "BEGIN")
  const beginImmediate = prepareUnsafe(database, "BEGIN IMMEDIATE")
  const commit = prepareUnsafe(database, "COMMIT")
  const rollback = prepareUnsafe(database, "ROLLBACK")

  const finish = <A>(step: () => A): Result.Result<A, unknown> => {
    const result = Result.try(() => {
      const value = step()
      commit.run()
      return value
    })
    if (Result.isFailure(result) && database.isTransaction) Result.try(() => rollback.run())
    return result
  }

  return {
    reading: (step) =>
      Result.flatMap(
        Result.try(() => begin.run()),
        () => finish(step)
      ),
    writing: (step) =>
      Result.flatMap(
        Result.try(() => beginImmediate.run()),
        () => finish(step)
      )
  }
}
