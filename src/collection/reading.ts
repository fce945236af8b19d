import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { Service } from "../KeyValue.ts"
import type { DeserializationError, InvalidKeyError, Operation } from "../KeyValueError.ts"
import type { Value } from "../Value.ts"

/** How a collection reads a key: it encodes the key, gets the value from the store, and decodes the value. */
export interface Reading<A, K, RD> {
  readonly kv: Service
  readonly encodeKey: (operation: Operation, key: K) => Effect.Effect<string, InvalidKeyError>
  readonly decode: (
    operation: Operation,
    key: string,
    value: Value | undefined
  ) => Effect.Effect<Option.Option<A>, DeserializationError, RD>
}

const all = new WeakMap<object, Reading<any, any, any>>()

/** Keeps how a collection reads, for modules that get the value in another way. Returns the collection. */
export const withReading = <A, K, RD, C extends object>(collection: C, reading: Reading<A, K, RD>): C => {
  all.set(collection, reading)
  return collection
}

/** Returns how a collection reads, or `undefined` if something else than `Collection.make` made it. */
export const readingOf = <A, K, RD>(collection: object): Reading<A, K, RD> | undefined => all.get(collection)
