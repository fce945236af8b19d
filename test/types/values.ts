/** Tests by compiling which types of values can be stored. Nothing here runs. */
import type * as Brand from "effect/Brand"
import * as Effect from "effect/Effect"
import type { Json } from "effect/Schema"
import type * as KeyValue from "../../src/KeyValue.ts"
import type { NotJson, Storable, Value } from "../../src/Value.ts"
import type { Equals, True } from "./equals.ts"

declare const kv: KeyValue.Service

interface Address {
  readonly street: string
  readonly lines?: ReadonlyArray<string> | undefined
}
interface User {
  id: UserId
  name?: string | undefined
  nick?: string
  address: Address | null
  tags: Array<string>
  pair: readonly [number, Address]
  kind: "a" | "b"
  level: Level
  friends: ReadonlyArray<User>
  meta: Record<string, number>
}
type UserId = string & Brand.Brand<"UserId">
declare enum Level {
  Low,
  High
}
declare const user: User
declare const anything: any
declare const unknown: unknown
declare const json: Json
declare const value: Value

export const stored = [
  kv.put("k", user),
  kv.put("k", [user]),
  kv.put("k", { user, at: 1 }),
  kv.put("k", user as User | null),
  kv.put("k", Level.High),
  kv.put("k", user.id),
  kv.put("k", new Uint8Array(1)),
  kv.put("k", Buffer.from("a")),
  kv.put("k", anything),
  kv.put("k", json),
  kv.put("k", value),
  kv.put("k", [1, "a", null] as const),
  kv.putMany([
    ["k", user],
    ["l", user, { ttl: "1 hour" }]
  ]),
  kv.putMany(new Map([["k", user]])),
  kv.getOrSet("k", Effect.succeed(user)),
  kv.getOrSetMany(["k"], () => Effect.succeed(new Map([["k", user]])))
]

// A function that returns a TTL gets the type of the loaded value, or `Value` if the load says no more.

export const ttls = [
  kv.getOrSet("k", Effect.succeed(user), { ttl: (loaded) => (loaded satisfies User).tags.length }),
  kv.getOrSet("k", Effect.succeed({ price: 1 }), { ttl: ({ price }, key) => price + key.length }),
  kv.getOrSet("k", Effect.succeed(value), { ttl: (loaded: Value) => (loaded === null ? 1 : undefined) }),
  kv.getOrSetMany(["k"], () => Effect.succeed(new Map([["k", user]])), { ttl: ({ tags }) => tags.length }),
  // @ts-expect-error there is no such field
  kv.getOrSet("k", Effect.succeed(user), { ttl: (loaded) => loaded.price })
]

export const generic = {
  json: <A extends Json>(a: A) => kv.put("k", a),
  record: <A extends { readonly [x: string]: Json }>(a: A) => kv.put("k", a),
  value: <A extends Value>(a: A) => kv.put("k", a)
}

declare class WithMethod {
  readonly a: number
  b(): void
}

export const refused = [
  // @ts-expect-error a Date is not JSON
  kv.put("k", new Date()),
  // @ts-expect-error a Date in a field is not JSON
  kv.put("k", { at: { date: new Date() } }),
  // @ts-expect-error a Map is not JSON
  kv.put("k", new Map([["a", 1]])),
  // @ts-expect-error a Set is not JSON
  kv.put("k", [new Set([1])]),
  // @ts-expect-error a function is not JSON
  kv.put("k", () => 1),
  // @ts-expect-error an instance with a method is not JSON
  kv.put("k", new WithMethod()),
  // @ts-expect-error a symbol is not JSON
  kv.put("k", Symbol()),
  // @ts-expect-error undefined is no value
  kv.put("k", undefined),
  // @ts-expect-error undefined is no value in an array
  kv.put("k", [undefined]),
  // @ts-expect-error unknown may be anything
  kv.put("k", unknown),
  // @ts-expect-error bytes must be the whole value
  kv.put("k", { bytes: new Uint8Array(1) }),
  // @ts-expect-error a Promise is not JSON
  kv.put("k", Promise.resolve(1)),
  // @ts-expect-error a value of a batch is not JSON
  kv.putMany([["k", new Date()]]),
  // @ts-expect-error a loaded Date is not JSON
  kv.getOrSet("k", Effect.succeed(new Date())),
  // @ts-expect-error loaded Dates are not JSON
  kv.getOrSetMany(["k"], () => Effect.succeed(new Map([["k", new Date()]])))
]

// The message says what to do.

type ADate = NotJson<"a Date is not JSON: store date.toISOString(), or use a Collection with Schema.Date">
export type _date = True<Equals<Storable<Date>, ADate>>
export type _nested = True<Equals<Storable<{ a: { b: Date } }>, { readonly a: { readonly b: ADate } }>>
export type _json = True<Equals<Storable<Json>, Json>>

// A large recursive type compiles quickly.

type Tree<Depth extends ReadonlyArray<0>> = Depth extends readonly [0, ...infer Rest extends ReadonlyArray<0>]
  ? { readonly [K in "a" | "b" | "c" | "d" | "e"]: Tree<Rest> | ReadonlyArray<Tree<Rest>> }
  : User
declare const tree: Tree<[0, 0, 0]>
interface Node {
  readonly children: ReadonlyArray<Node>
  readonly parent?: Node | undefined
  readonly user: User
}
declare const node: Node
export const large = [kv.put("k", tree), kv.put("k", node)]
