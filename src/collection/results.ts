import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Result from "effect/Result"
import { type EntryError, isEntryError, readEach } from "../driver/service/readEach.ts"
import type { DeserializationError, ReadError } from "../KeyValueError.ts"

/** Reads a batch and decodes each value. An entry that is damaged is a failure at its position. */
export const resultsOf = Effect.fnUntraced(function* <V, A, E extends ReadError, R>(
  names: ReadonlyArray<string>,
  read: (names: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<V>, E>,
  decode: (name: string, value: V) => Effect.Effect<Option.Option<A>, DeserializationError, R>
) {
  const found = new Map<string, Result.Result<V, EntryError>>()
  const keep = (name: string, result: Result.Result<V, EntryError>) => found.set(name, result)
  yield* readEach<V, ReadError, EntryError>(read, [...new Set(names)], isEntryError, keep)
  return yield* Effect.forEach(names, (name): Effect.Effect<Result.Result<Option.Option<A>, EntryError>, never, R> => {
    const result = found.get(name)!
    return Result.isFailure(result)
      ? Effect.succeed(Result.fail(result.failure))
      : Effect.result(decode(name, result.success))
  })
})
