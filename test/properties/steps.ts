import * as Arbitrary from "effect/Arbitrary"
import type { Value } from "../../src/Value.ts"
import * as any from "./arbitraries.ts"

/** In milliseconds. */
type Ttl = number | undefined

export type Pairs = ReadonlyArray<readonly [key: string, value: Value]>

/** One operation of a store's user. */
export type Step =
  | {
      readonly do: "get" | "ttl" | "has" | "delete" | "getAndDelete"
      readonly collection: string
      readonly key: string
    }
  | {
      readonly do: "getMany" | "ttlMany" | "deleteMany"
      readonly collection: string
      readonly keys: ReadonlyArray<string>
    }
  | {
      readonly do: "put" | "putIfAbsent" | "getOrSet"
      readonly collection: string
      readonly key: string
      readonly value: Value
      readonly ttl: Ttl
    }
  | { readonly do: "touch"; readonly collection: string; readonly key: string; readonly ttl: Ttl }
  | { readonly do: "putMany"; readonly collection: string; readonly pairs: Pairs; readonly ttl: Ttl }
  | {
      readonly do: "update"
      readonly collection: string
      readonly key: string
      readonly to: "more" | "nothing"
      readonly ttl: Ttl
    }
  | { readonly do: "pass"; readonly millis: number }
  | { readonly do: "keys"; readonly collection: string; readonly prefix: string; readonly pageSize: number }
  | { readonly do: "collections"; readonly prefix: string; readonly pageSize: number }
  | { readonly do: "clearCollection"; readonly collection: string }
  | { readonly do: "clear" | "removeExpired" }

const step = <const S extends { readonly [K in keyof S]: Arbitrary.Arbitrary<any> }>(fields: S) => Arbitrary.all(fields)

const { collection, key, value } = any
const ttl: Arbitrary.Arbitrary<Ttl> = Arbitrary.map(any.integer(-2, 4), (i) => (i < 0 ? undefined : 500 * 2 ** i))
const keys = Arbitrary.array(key, { maxLength: 5 })
const pageSize = any.integer(1, 3)

const write = any.oneOf<Step>(
  step({ do: any.pick("put"), collection, key, value, ttl }),
  step({ do: any.pick("put"), collection, key, value, ttl }),
  step({
    do: any.pick("putMany"),
    collection,
    pairs: Arbitrary.array(Arbitrary.all([key, value]), { maxLength: 5 }),
    ttl
  })
)

const read = any.oneOf<Step>(
  step({ do: any.pick("get", "ttl", "has"), collection, key }),
  step({ do: any.pick("getMany", "ttlMany"), collection, keys })
)

const change = any.oneOf<Step>(
  step({ do: any.pick("delete", "getAndDelete"), collection, key }),
  step({ do: any.pick("deleteMany"), collection, keys }),
  step({ do: any.pick("putIfAbsent", "getOrSet"), collection, key, value, ttl }),
  step({ do: any.pick("update"), collection, key, to: any.pick("more", "more", "nothing"), ttl }),
  step({ do: any.pick("touch"), collection, key, ttl }),
  step({ do: any.pick("pass"), millis: any.integer(1, 5000) })
)

const whole = any.oneOf<Step>(
  step({ do: any.pick("keys"), collection, prefix: key, pageSize }),
  step({ do: any.pick("keys"), collection, prefix: any.pick("", "a"), pageSize }),
  step({ do: any.pick("collections"), prefix: any.pick("", "a", "%", "_"), pageSize }),
  step({ do: any.pick("clearCollection"), collection }),
  step({ do: any.pick("removeExpired") }),
  step({ do: any.pick("clear") })
)

export const steps: Arbitrary.Arbitrary<ReadonlyArray<Step>> = Arbitrary.array(
  any.oneOf<Step>(write, write, read, change, change, whole),
  { maxLength: 40 }
)
