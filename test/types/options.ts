/** Tests by compiling which options and calls of typed collections are refused. Nothing here runs. */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Collection from "../../src/Collection.ts"
import * as options from "../../src/driver/options.ts"
import type { ValueWithTtl } from "../../src/Entry.ts"
import type { KeyValue } from "../../src/KeyValue.ts"
import type { MissingKeyError, ReadError, WriteError } from "../../src/KeyValueError.ts"
import * as Memory from "../../src/stores/Memory.ts"
import * as CircuitBreaker from "../../src/wrappers/CircuitBreaker.ts"
import * as Compression from "../../src/wrappers/Compression.ts"
import * as FernetEncryption from "../../src/wrappers/FernetEncryption.ts"
import * as Hedge from "../../src/wrappers/Hedge.ts"
import * as LimitSize from "../../src/wrappers/LimitSize.ts"
import * as RateLimit from "../../src/wrappers/RateLimit.ts"
import * as Retry from "../../src/wrappers/Retry.ts"
import * as Timeout from "../../src/wrappers/Timeout.ts"
import type { Equals, True } from "./equals.ts"

const secret = Redacted.make("secret")

export const right = [
  Memory.layer({ maxEntries: 10, maxSize: "1 MiB", limitsPer: "collection" }),
  FernetEncryption.wrap({ keys: [secret] }),
  FernetEncryption.wrap({ passphrase: secret, salt: "salt" }),
  Retry.wrap({ budget: false }),
  Hedge.wrap({ after: "20 millis" }),
  Hedge.wrap({ after: { percentile: 0.99 } }),
  Retry.wrap({ while: (error) => error._tag === "TimeoutError" })
]

export const wrong = [
  // @ts-expect-error a key that is not redacted
  FernetEncryption.wrap({ keys: ["cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="] }),
  // @ts-expect-error no key at all
  FernetEncryption.wrap({ keys: [] }),
  // @ts-expect-error a passphrase that is not redacted
  FernetEncryption.wrap({ passphrase: "secret", salt: "salt" }),
  // @ts-expect-error a passphrase without salt
  FernetEncryption.wrap({ passphrase: secret }),
  // @ts-expect-error a passphrase and keys
  FernetEncryption.wrap({ keys: [secret], passphrase: secret, salt: "salt" }),
  // @ts-expect-error an unknown algorithm
  Compression.wrap({ algorithm: "zip" }),
  // @ts-expect-error an unknown choice
  LimitSize.wrap({ maxSize: 1, onTooLarge: "explode" }),
  // @ts-expect-error not a duration
  Timeout.wrap("soon"),
  // @ts-expect-error a misspelt option
  Retry.wrap({ maxRetry: 3 }),
  // @ts-expect-error a rate without a limit
  RateLimit.wrap({ window: "1 second" }),
  // @ts-expect-error fields of two different ways to trip
  CircuitBreaker.wrap({ trip: { consecutive: 3, failureRate: 0.5 } }),
  // @ts-expect-error a budget is an object or false
  Retry.wrap({ budget: true }),
  // @ts-expect-error a value of the seed that cannot be stored
  Memory.layer({ seed: { users: { alice: new Date() } } })
]

// Descriptions of options.

interface Some {
  readonly size: number
  readonly mode?: "a" | "b" | undefined
}

export const described = options.of<Some>()("Some", {
  size: options.required(options.integer({ min: 1 })),
  mode: options.oneOf(["a", "b"], { default: "a" })
})

export const wronglyDescribed = [
  // @ts-expect-error an option that is not described
  options.of<Some>()("Some", { size: options.integer({ min: 1 }) }),
  options.of<Some>()("Some", {
    size: options.integer({ min: 1 }),
    // @ts-expect-error an option that takes less than its type allows
    mode: options.oneOf(["a"])
  }),
  options.of<Some>()("Some", {
    size: options.integer({ min: 1 }),
    mode: options.oneOf(["a", "b"]),
    // @ts-expect-error an unknown option
    colour: options.text()
  })
]

type Values = options.Values<typeof described>
export type _size = True<Equals<Values["size"], number>>
export type _mode = True<Equals<Values["mode"], "a" | "b">>

// Collections.

const User = Schema.Struct({ name: Schema.String, born: Schema.Date })
type User = (typeof User)["Type"]

class Users extends Collection.Service<Users>()("users", { schema: User, ttl: "1 day" }) {}
export type _layer = True<Equals<typeof Users.layer, Layer.Layer<Users, never, KeyValue>>>

export const users = Effect.gen(function* () {
  const users = yield* Users
  const calls = {
    get: users.get("a"),
    getOrFail: users.getOrFail("a"),
    getOrElse: users.getOrElse("a", () => "nobody" as const),
    ttl: users.ttl("a"),
    getOrSet: users.getOrSet("a", Effect.fail("boom" as const))
  }
  type Calls = typeof calls
  type _get = True<Equals<Calls["get"], Effect.Effect<Option.Option<User>, ReadError>>>
  type _getOrFail = True<Equals<Calls["getOrFail"], Effect.Effect<User, ReadError | MissingKeyError>>>
  type _getOrElse = True<Equals<Calls["getOrElse"], Effect.Effect<User | "nobody", ReadError>>>
  type _ttl = True<Equals<Calls["ttl"], Effect.Effect<Option.Option<ValueWithTtl<User>>, ReadError>>>
  type _getOrSet = True<Equals<Calls["getOrSet"], Effect.Effect<User, "boom" | ReadError | WriteError>>>
  return [
    users.put("a", { name: "Alice", born: new Date(0) }),
    // @ts-expect-error a field of another type
    users.put("a", { name: "Alice", born: "1970-01-01" }),
    // @ts-expect-error a field is missing
    users.putMany([["a", { name: "Alice" }]]),
    // @ts-expect-error a load of something else
    users.getOrSet("a", Effect.succeed("Alice")),
    // @ts-expect-error keys are strings
    users.get(1),
    // @ts-expect-error only getOrFail fails with MissingKeyError
    users.get("a").pipe(Effect.catchTag("MissingKeyError", () => Effect.void))
  ] satisfies ReadonlyArray<unknown> as unknown as [Calls, _get, _getOrFail, _getOrElse, _ttl, _getOrSet]
})

export const orders = Effect.gen(function* () {
  const orders = yield* Collection.make({ collection: "orders", key: Schema.FiniteFromString, schema: Schema.Json })
  return [
    orders.get(1),
    // @ts-expect-error keys are numbers
    orders.get("1"),
    // @ts-expect-error keys of a batch are numbers
    orders.deleteMany(["1"])
  ] as const
})

export const incomplete = [
  // @ts-expect-error a collection needs a schema
  Collection.make({ collection: "nothing" }),
  // @ts-expect-error a collection without a class needs a name
  Collection.make({ schema: User })
]
