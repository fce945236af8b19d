import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { ReadError } from "../KeyValueError.ts"

/** Reads several keys. Fails as a whole, even if only one of the entries is damaged. */
export type ReadMany<A> = (keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<A>, ReadError>

/**
 * Reads several different keys, and calls `done` with the result of each: a damaged entry fails only its own key. Any other
 * failure fails the whole.
 *
 * If an entry is damaged, the others are read again: first without the entry that the error names, and after further
 * failures in halves, so that `k` damaged entries of `n` take `O(k log n)` reads.
 */
export const readEach = <A>(
  readMany: ReadMany<A>,
  keys: ReadonlyArray<string>,
  done: (key: string, result: Result.Result<A, ReadError>) => void,
  isRepeated = false
): Effect.Effect<void, ReadError> =>
  Effect.matchEffect(readMany(keys), {
    onSuccess: (values) =>
      Effect.sync(() => {
        for (const [i, key] of keys.entries()) done(key, Result.succeed(values[i] as A))
      }),
    onFailure: (error) => {
      if (!isOfEntry(error)) return Effect.fail(error)
      const damaged = keys.length === 1 ? keys[0]! : namedBy(error, keys)
      if (damaged !== undefined) done(damaged, Result.fail(error))
      const others = damaged === undefined ? keys : keys.filter((key) => key !== damaged)
      return Effect.forEach(
        isRepeated || damaged === undefined ? halvesOf(others) : [others],
        (part) => (part.length === 0 ? Effect.void : readEach(readMany, part, done, true)),
        { discard: true }
      )
    }
  })

/** Whether the failure concerns entries, and not the store. */
const isOfEntry = ({ _tag }: ReadError): boolean =>
  _tag === "DeserializationError" ||
  _tag === "DecryptionError" ||
  _tag === "DecompressionError" ||
  _tag === "InvalidKeyError"

const namedBy = (error: ReadError, keys: ReadonlyArray<string>): string | undefined =>
  error.keys.length === 1 && keys.includes(error.keys[0]!) ? error.keys[0] : undefined

const halvesOf = (keys: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const middle = Math.ceil(keys.length / 2)
  return [keys.slice(0, middle), keys.slice(middle)]
}
