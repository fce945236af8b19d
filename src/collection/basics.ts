import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { withItems } from "../driver/boundary.ts"
import type { ValueWithTtl } from "../Entry.ts"
import { MissingKeyError, type Operation } from "../KeyValueError.ts"
import type { PutOptions } from "./options.ts"
import type { Parts } from "./parts.ts"
import { resultsOf } from "./results.ts"
import type { Collection } from "./types.ts"

/** Makes the operations that every collection has, without those that load values. */
export const basics = <A, K, RD, RE>({
  kv,
  collection,
  codec,
  ...defaults
}: Parts<A, K, RD, RE>): Omit<Collection<A, K, RD, RE>, "getOrSet" | "getOrSetMany"> => {
  const at = { collection }
  const { encodeKey, encodeKeys, encode, decode } = codec
  const putAt = (put: PutOptions | undefined) => ({ ...at, ttl: put?.ttl ?? defaults.ttl })

  const get = (operation: Operation, key: string) =>
    Effect.flatMap(kv.get(key, at), (value) => decode(operation, key, value))
  const ttl = (operation: Operation, key: string, found: ValueWithTtl | undefined) =>
    Effect.map(
      decode(operation, key, found?.value),
      Option.map((value) => ({ value, ttl: found?.ttl }))
    )
  const keysOf = (operation: Operation, keys: ReadonlyArray<K>) => Effect.suspend(() => encodeKeys(operation, keys))
  const getMany = Effect.fnUntraced(function* (keys: ReadonlyArray<K>) {
    const names = yield* keysOf("getMany", keys)
    const values = yield* kv.getMany(names, at)
    return yield* Effect.forEach(values, (value, i) => decode("getMany", names[i]!, value))
  })
  const getManyResults = Effect.fnUntraced(function* (keys: ReadonlyArray<K>) {
    const names = yield* keysOf("getMany", keys)
    const read = (names: ReadonlyArray<string>) => kv.getMany(names, at)
    return yield* resultsOf(names, read, (name, value) => decode("getMany", name, value))
  })
  const ttlMany = Effect.fnUntraced(function* (keys: ReadonlyArray<K>) {
    const names = yield* keysOf("ttlMany", keys)
    const found = yield* kv.ttlMany(names, at)
    return yield* Effect.forEach(found, (found, i) => ttl("ttlMany", names[i]!, found))
  })
  const putMany = Effect.fnUntraced(function* (
    entries: ReadonlyArray<readonly [K, A, (PutOptions | undefined)?]>,
    options: PutOptions | undefined
  ) {
    const encoded = yield* Effect.forEach(entries, ([key, value, own]) =>
      Effect.flatMap(encodeKey("putMany", key), (name) =>
        Effect.map(encode("putMany", key, value), (value) => [name, value, own] as const)
      )
    )
    return yield* kv.putMany(encoded, putAt(options))
  })
  const getOption = (key: K) => Effect.flatMap(encodeKey("get", key), (key) => get("get", key))

  return {
    collection,
    get: getOption,
    getOrFail: Effect.fnUntraced(function* (key) {
      const name = yield* encodeKey("get", key)
      const found = yield* get("get", name)
      if (Option.isSome(found)) return found.value
      return yield* new MissingKeyError({ operation: "get", collection, keys: [name], key: name })
    }),
    getOrElse: (key, orElse) => Effect.map(getOption(key), Option.getOrElse(orElse)),
    getMany: (keys) => withItems(keys, getMany),
    getManyResults: (keys) => withItems(keys, getManyResults),
    ttl: Effect.fnUntraced(function* (key) {
      const name = yield* encodeKey("ttl", key)
      return yield* ttl("ttl", name, yield* kv.ttl(name, at))
    }),
    ttlMany: (keys) => withItems(keys, ttlMany),
    has: (key) => Effect.flatMap(encodeKey("has", key), (name) => kv.has(name, at)),
    put: (key, value, options) =>
      Effect.suspend(() =>
        Effect.flatMap(encodeKey("put", key), (name) =>
          Effect.flatMap(encode("put", key, value), (value) => kv.put(name, value, putAt(options)))
        )
      ),
    putMany: (entries, options) => withItems(entries, (entries) => putMany(entries, options)),
    touch: (key, options) => Effect.flatMap(encodeKey("touch", key), (name) => kv.touch(name, putAt(options))),
    delete: (key) => Effect.flatMap(encodeKey("delete", key), (name) => kv.delete(name, at)),
    deleteMany: (keys) =>
      withItems(keys, (keys) => Effect.flatMap(keysOf("deleteMany", keys), (names) => kv.deleteMany(names, at)))
  }
}
