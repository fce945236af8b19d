/** The methods of a cache: they check and encode keys. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as slices from "../concurrency/slices.ts"
import { withItems } from "../driver/boundary.ts"
import { layerClosed } from "../driver/layerClosed.ts"
import type { InvalidKeyError, Operation, StoreUnavailableError } from "../KeyValueError.ts"
import { entryName, invalidKey } from "./names.ts"
import type { Parts } from "./Parts.ts"
import { peek, refresh, resolve } from "./resolve.ts"
import { invalidate, invalidateAll, invalidateTags, set } from "./writes.ts"

interface KeyCodec<K> {
  readonly encodeKey: (operation: Operation, key: K) => Effect.Effect<string, InvalidKeyError>
}

export const methodsOf = <A, K, E>(parts: Parts<A, K, E>, { encodeKey }: KeyCodec<K>) => {
  const { config, flights } = parts
  const { collection } = config

  /** Runs an operation with the name under which a key is stored. */
  const withName = <B, E2>(operation: Operation, key: K, run: (name: string) => Effect.Effect<B, E2>) =>
    Effect.suspend(() =>
      Effect.flatMap(
        nameOf(operation, key),
        (name): Effect.Effect<B, E2 | StoreUnavailableError> => (flights.isClosed ? closed(operation) : run(name))
      )
    )

  const closed = (operation: Operation) => Effect.fail(layerClosed(config.store.place(operation, [])))

  const nameOf = (operation: Operation, key: K): Effect.Effect<string, InvalidKeyError> =>
    Effect.flatMap(encodeKey(operation, key), (key) => {
      const problem = invalidKey(operation, collection, "key", key)
      return problem === undefined ? Effect.succeed(entryName(key)) : Effect.fail(problem)
    })

  const withNames = <B, E2>(
    operation: Operation,
    keys: Iterable<K>,
    run: (names: ReadonlyArray<string>, keys: ReadonlyArray<K>) => Effect.Effect<B, E2>
  ) =>
    withItems(keys, (keys) =>
      Effect.flatMap(
        slices.forEach(keys, (key) => nameOf(operation, key), 1),
        (names): Effect.Effect<B, E2 | StoreUnavailableError> =>
          flights.isClosed ? closed(operation) : run(names, keys)
      )
    )

  const getManyResults = (keys: Iterable<K>) =>
    withNames("getMany", keys, (names, keys) => {
      const byName = new Map(names.map((name, i) => [name, keys[i]!]))
      const unique = [...byName.keys()]
      if (unique.length === 0) return Effect.succeed([])
      return Effect.map(resolve(parts, unique, byName), (answers) => {
        if (unique.length === names.length) return answers
        const index = new Map(unique.map((name, i) => [name, i]))
        return names.map((name) => answers[index.get(name)!]!)
      })
    })

  const write = <B, E2>(operation: Operation, run: () => Effect.Effect<B, E2>) =>
    Effect.suspend((): Effect.Effect<B, E2 | StoreUnavailableError> => (flights.isClosed ? closed(operation) : run()))

  return {
    collection,
    get: (key: K) =>
      withName("get", key, (name) =>
        Effect.flatMap(resolve(parts, [name], new Map([[name, key]])), ([answer]) => Effect.fromResult(answer!))
      ),
    getMany: (keys: Iterable<K>) =>
      Effect.flatMap(getManyResults(keys), (answers) => Effect.fromResult(Result.all(answers))),
    getManyResults,
    peek: (key: K) => withName("get", key, (name) => peek(parts, name)),
    set: (key: K, value: A) => withName("put", key, (name) => set(parts, name, key, value)),
    refresh: (key: K) => withName("get", key, (name) => Effect.flatMap(refresh(parts, name, key), Effect.fromResult)),
    invalidate: (key: K) => withName("delete", key, (name) => invalidate(parts, [name])),
    invalidateMany: (keys: Iterable<K>) =>
      withNames("deleteMany", keys, (names) => invalidate(parts, [...new Set(names)])),
    invalidateTags: (tags: Iterable<string>) =>
      withItems(tags, (tags) => write("put", () => invalidateTags(parts, tags))),
    invalidateAll: write("put", () => invalidateAll(parts))
  }
}
