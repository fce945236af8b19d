import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { DeserializationError, ReadError } from "../KeyValueError.ts"
import type { EntryError } from "./types.ts"

/**
 * Reads a batch and decodes each value. An entry that is damaged is a failure at its position. If the read of the batch fails
 * because of one entry, the batch is read again in halves.
 */
export const resultsOf = Effect.fnUntraced(function* <V, A, E extends ReadError, R>(
  names: ReadonlyArray<string>,
  read: (names: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<V>, E>,
  decode: (name: string, value: V) => Effect.Effect<Option.Option<A>, DeserializationError, R>
) {
  const found = yield* readResults(names, read)
  return yield* Effect.forEach(
    found,
    (result, i): Effect.Effect<Result.Result<Option.Option<A>, EntryError>, never, R> =>
      Result.isFailure(result)
        ? Effect.succeed(Result.fail(result.failure))
        : Effect.result(decode(names[i]!, result.success))
  )
})

const readResults = <V, E extends ReadError>(
  names: ReadonlyArray<string>,
  read: (names: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<V>, E>
): Effect.Effect<ReadonlyArray<Result.Result<V, EntryError>>, E> =>
  Effect.matchEffect(read(names), {
    onSuccess: (values) => Effect.succeed(values.map((value) => Result.succeed(value))),
    onFailure: (error): Effect.Effect<ReadonlyArray<Result.Result<V, EntryError>>, E> => {
      if (!isEntryError(error)) return Effect.fail(error)
      if (names.length <= 1) return Effect.succeed(names.map(() => Result.fail(error)))
      const half = names.length >> 1
      return Effect.zipWith(
        Effect.suspend(() => readResults(names.slice(0, half), read)),
        Effect.suspend(() => readResults(names.slice(half), read)),
        (left, right) => [...left, ...right]
      )
    }
  })

const isEntryError = (error: ReadError): error is EntryError =>
  error._tag === "DecryptionError" || error._tag === "DecompressionError" || error._tag === "DeserializationError"
