import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { DecompressionError, DecryptionError, DeserializationError, ReadError } from "../../KeyValueError.ts"

/** The errors of a read that concern a single entry, and not the store. */
export type EntryError = DecryptionError | DecompressionError | DeserializationError

/**
 * Reads several different keys, and calls `done` with the result of each. A failure that concerns one entry (`isOfEntry`)
 * fails only the key of that entry. Any other failure fails the whole. `readMany` fails as a whole in both cases.
 *
 * If an entry is damaged, the others are read again: first without the entry that the error names, and after further
 * failures in halves, so that `k` damaged entries of `n` take `O(k log n)` reads.
 */
export const readEach = <A, E extends ReadError, F extends E>(
  readMany: (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<A>, E>,
  keys: ReadonlyArray<string>,
  isOfEntry: (error: E) => error is F,
  done: (key: string, result: Result.Result<A, F>) => void
): Effect.Effect<void, E> => {
  const read = (keys: ReadonlyArray<string>, isRepeated: boolean): Effect.Effect<void, E> =>
    Effect.matchEffect(readMany(keys), {
      onSuccess: (values) =>
        Effect.sync(() => {
          for (const [i, key] of keys.entries()) done(key, Result.succeed(values[i] as A))
        }),
      onFailure: (error): Effect.Effect<void, E> => {
        if (!isOfEntry(error)) return Effect.fail(error)
        const damaged = keys.length === 1 ? keys[0]! : namedBy(error, keys)
        if (damaged !== undefined) done(damaged, Result.fail(error))
        const others = damaged === undefined ? keys : keys.filter((key) => key !== damaged)
        return Effect.forEach(
          isRepeated || damaged === undefined ? halvesOf(others) : [others],
          (part) => (part.length === 0 ? Effect.void : read(part, true)),
          { discard: true }
        )
      }
    })
  return read(keys, false)
}

/** Whether an error of a read concerns a single entry, and not the store. */
export const isEntryError = (error: { readonly _tag: string }): error is EntryError =>
  error._tag === "DecryptionError" || error._tag === "DecompressionError" || error._tag === "DeserializationError"

const namedBy = (error: ReadError, keys: ReadonlyArray<string>): string | undefined =>
  error.keys.length === 1 && keys.includes(error.keys[0]!) ? error.keys[0] : undefined

const halvesOf = (keys: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const middle = Math.ceil(keys.length / 2)
  return [keys.slice(0, middle), keys.slice(middle)]
}
