import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { withItems, withPlace } from "../driver/boundary.ts"
import { getOrLoad } from "../driver/service/getOrLoad.ts"
import { getOrLoadMany } from "../driver/service/getOrLoadMany.ts"
import type { Operation } from "../KeyValueError.ts"
import { withOnce } from "../lease/loadOnce.ts"
import type { Value } from "../Value.ts"
import type { GetOrSetManyOptions } from "./options.ts"
import type { Parts } from "./parts.ts"
import type { Collection } from "./types.ts"

/** Makes the operations that load values that are missing. */
export const loadingOperations = <A, K, RD, RE>({
  kv,
  collection,
  codec,
  ...defaults
}: Parts<A, K, RD, RE>): Pick<Collection<A, K, RD, RE>, "getOrSet" | "getOrSetMany"> => {
  const at = { collection }
  const { driver } = kv
  const { encodeKey, encodeKeys, encode, decode, decodeStrictly } = codec

  const isUsable = (operation: Operation) =>
    defaults.onInvalid === "miss"
      ? (value: Value, name: string) => Effect.map(decode(operation, name, value), Option.isSome)
      : undefined

  /**
   * How to load for a driver, which knows only encoded values. The TTL of a value is computed when the value is loaded, and
   * looked up when the driver asks for it.
   */
  const loadingOf = (operation: Operation, options: GetOrSetManyOptions<A, K> | undefined) => {
    const ttls = new Map<string, Duration.Input | undefined>()
    const loaded = (operation: Operation, name: string, key: K, value: A) =>
      Effect.suspend(() => {
        const own = typeof options?.ttl === "function" ? options.ttl(value, key) : options?.ttl
        ttls.set(name, own ?? defaults.ttl)
        return encode(operation, key, value)
      })
    const ttl = (_: Value, name: string) => ttls.get(name)
    return { loaded, driverOptions: { ttl, isUsable: isUsable(operation), onStoreFailure: options?.onStoreFailure } }
  }

  const getOrSet: Collection<A, K, RD, RE>["getOrSet"] = Effect.fnUntraced(function* (key, load, options) {
    const name = yield* encodeKey("get", key)
    const { loaded, driverOptions } = loadingOf("get", options)
    const encoded = Effect.flatMap(load, (value) => loaded("put", name, key, value))
    const value = yield* withPlace(driver, "get", [name], at, (place) =>
      withOnce(driver, options?.lease, (once) => getOrLoad(driver, place, { load: encoded, once, ...driverOptions }))
    )
    return yield* decodeStrictly("get", name, value)
  }) as Collection<A, K, RD, RE>["getOrSet"]

  const getOrSetMany = Effect.fnUntraced(function* <E, R>(
    keys: ReadonlyArray<K>,
    load: (missing: ReadonlyArray<K>) => Effect.Effect<Iterable<readonly [K, A]>, E, R>,
    options: GetOrSetManyOptions<A, K> | undefined
  ) {
    const names = yield* encodeKeys("getMany", keys)
    if (names.length === 0) return []
    const keyOf = new Map(names.map((name, i) => [name, keys[i]!]))
    const { loaded, driverOptions } = loadingOf("getMany", options)
    const loadNames = Effect.fnUntraced(function* (missing: ReadonlyArray<string>) {
      const wanted = new Set(missing)
      const values = new Map<string, Value>()
      for (const [key, value] of yield* load(missing.map((name) => keyOf.get(name)!))) {
        const name = yield* encodeKey("getMany", key)
        if (wanted.has(name)) values.set(name, yield* loaded("putMany", name, key, value))
      }
      return values
    })
    const found = yield* withPlace(driver, "getMany", names, at, (place) =>
      getOrLoadMany(driver, place, { load: loadNames, ...driverOptions })
    )
    return yield* Effect.forEach(found, (value, i) =>
      value === undefined ? Effect.succeedNone : Effect.asSome(decodeStrictly("getMany", names[i]!, value))
    )
  })

  return {
    getOrSet,
    getOrSetMany: (keys, load, options) => withItems(keys, (keys) => getOrSetMany(keys, load, options))
  }
}
