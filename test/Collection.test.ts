/**
 * Tests `Collection`: typed values and keys, the collection's TTL, and what happens to values that do not fit the
 * schema.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as TestClock from "effect/testing/TestClock"
import * as Collection from "../src/Collection.ts"
import { KeyValue } from "../src/KeyValue.ts"
import { InvalidKeyError, SerializationError } from "../src/KeyValueError.ts"
import * as Memory from "../src/stores/Memory.ts"
import type { Value } from "../src/Value.ts"

class Address extends Schema.Class<Address>("Address")({ street: Schema.String, since: Schema.Date }) {}

class User extends Schema.Class<User>("User")({
  name: Schema.String,
  age: Schema.Int,
  address: Schema.Option(Address),
  homepage: Schema.optional(Schema.URL),
  avatar: Schema.optionalKey(Schema.Uint8Array)
}) {}

class Users extends Collection.Service<Users>()("users", { schema: User, ttl: "1 day" }) {}
class Lenient extends Collection.Service<Lenient>()("lenient", {
  schema: User,
  onInvalid: "miss",
  collection: "users"
}) {}

const alice = new User({
  name: "Alice",
  age: 30,
  address: Option.some(new Address({ street: "Main", since: new Date(86_400_000) })),
  homepage: new URL("https://example.com/alice"),
  avatar: Uint8Array.of(1, 2, 3)
})
const bob = new User({ name: "Bob", age: 40, address: Option.none(), homepage: undefined })

const layer = Layer.provideMerge(Layer.merge(Users.layer, Lenient.layer), Memory.layer())

const putRaw = (key: string, value: Value, collection = "users") =>
  KeyValue.use((kv) => kv.put(key, value, { collection }))
const getRaw = (key: string, collection = "users") => KeyValue.use((kv) => kv.get(key, { collection }))

describe("Collection", () => {
  describe("a class with dates, options, URLs and bytes", () => {
    it.effect("put stores a value, and get returns it as an instance of the class", () =>
      Effect.gen(function* () {
        const users = yield* Users
        yield* users.put("alice", alice)
        yield* users.put("bob", bob)
        const found = Option.getOrThrow(yield* users.get("alice"))
        assert.deepStrictEqual(found, alice)
        assert.instanceOf(found, User)
        assert.instanceOf(Option.getOrThrow(found.address), Address)
        assert.deepStrictEqual(yield* users.get("bob"), Option.some(bob))
        assert.deepStrictEqual(yield* users.get("none"), Option.none())
      }).pipe(Effect.provide(layer))
    )

    it.effect("stores JSON that other programs can read", () =>
      Effect.gen(function* () {
        const users = yield* Users
        yield* users.put("alice", alice)
        assert.deepStrictEqual(yield* getRaw("alice"), {
          name: "Alice",
          age: 30,
          address: { _tag: "Some", value: { street: "Main", since: "1970-01-02T00:00:00.000Z" } },
          homepage: "https://example.com/alice",
          avatar: "AQID"
        })
      }).pipe(Effect.provide(layer))
    )

    it.effect("putMany, getMany and deleteMany handle batches, empty ones included", () =>
      Effect.gen(function* () {
        const users = yield* Users
        yield* users.putMany(new Map([["alice", alice]]).set("bob", bob))
        assert.deepStrictEqual(yield* users.getMany(["bob", "none", "alice"]), [
          Option.some(bob),
          Option.none(),
          Option.some(alice)
        ])
        assert.strictEqual(yield* users.deleteMany(["alice", "bob", "none"]), 2)
        assert.deepStrictEqual(yield* users.getMany(["alice"]), [Option.none()])
        assert.deepStrictEqual(yield* users.getMany([]), [])
        yield* users.putMany([])
        assert.strictEqual(yield* users.deleteMany([]), 0)
      }).pipe(Effect.provide(layer))
    )

    it.effect("delete returns true only if the key existed", () =>
      Effect.gen(function* () {
        const users = yield* Users
        yield* users.put("alice", alice)
        assert.isTrue(yield* users.delete("alice"))
        assert.isFalse(yield* users.delete("alice"))
      }).pipe(Effect.provide(layer))
    )
  })

  it.effect("getOrFail fails with MissingKeyError, and getOrElse returns the default, when the key is missing", () =>
    Effect.gen(function* () {
      const users = yield* Users
      yield* users.put("alice", alice)
      assert.deepStrictEqual(yield* users.getOrFail("alice"), alice)
      assert.deepStrictEqual(yield* users.getOrElse("alice", () => assert.fail("asked for a default")), alice)
      assert.strictEqual(yield* users.getOrElse("none", () => "nobody"), "nobody")
      const error = yield* Effect.flip(users.getOrFail("none"))
      assert.strictEqual(error._tag, "MissingKeyError")
      assert.strictEqual(error.message, 'get in collection "users": there is no such key.')
    }).pipe(Effect.provide(layer))
  )

  it.effect("tells a stored undefined from a miss", () =>
    Effect.gen(function* () {
      const maybe = yield* Collection.make({ collection: "maybe", schema: Schema.UndefinedOr(Schema.String) })
      yield* maybe.put("a", undefined)
      assert.deepStrictEqual(yield* maybe.get("a"), Option.some(undefined))
      assert.deepStrictEqual(yield* maybe.get("b"), Option.none())
    }).pipe(Effect.provide(layer))
  )

  describe("the TTL", () => {
    it.effect("is the collection's, the one of a call, or none for Infinity", () =>
      Effect.gen(function* () {
        const users = yield* Users
        yield* users.put("default", bob)
        yield* users.put("own", bob, { ttl: "1 hour" })
        yield* users.putMany([["never", bob]], { ttl: "Infinity" })
        yield* TestClock.adjust("10 minutes")
        const answers = yield* users.ttlMany(["default", "own", "never", "none"])
        assert.deepStrictEqual(answers.map(Option.map(({ value, ttl }) => [value, ttl && Duration.format(ttl)])), [
          Option.some([bob, "23h 50m"]),
          Option.some([bob, "50m"]),
          Option.some([bob, undefined]),
          Option.none()
        ])
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(yield* users.ttl("own"), Option.none())
        assert.isTrue(Option.isSome(yield* users.ttl("default")))
      }).pipe(Effect.provide(layer))
    )

    it.effect("applies to an empty list", () =>
      Effect.gen(function* () {
        const lists = yield* Collection.make({ collection: "lists", schema: Schema.Array(User), ttl: "1 minute" })
        yield* lists.put("empty", [])
        const answer = Option.getOrThrow(yield* lists.ttl("empty"))
        assert.deepStrictEqual(answer, { value: [], ttl: Duration.minutes(1) })
      }).pipe(Effect.provide(layer))
    )

    it.effect("fails a write with InvalidTtlError when it is not valid", () =>
      Effect.gen(function* () {
        const users = yield* Users
        const error = yield* Effect.flip(users.put("alice", alice, { ttl: 0 }))
        assert.strictEqual(error._tag, "InvalidTtlError")
      }).pipe(Effect.provide(layer))
    )
  })

  describe("a stored value that does not fit the schema", () => {
    const invalid = { name: "Carol", age: "old", address: { _tag: "None" } }

    it.effect("fails every read with DeserializationError, with the SchemaError as its cause", () =>
      Effect.gen(function* () {
        const users = yield* Users
        yield* putRaw("carol", invalid)
        yield* users.put("alice", alice)
        const calls = {
          get: users.get("carol"),
          getMany: users.getMany(["alice", "carol"]),
          ttl: users.ttl("carol"),
          ttlMany: users.ttlMany(["alice", "carol"])
        }
        for (const [operation, call] of Object.entries(calls)) {
          const error = yield* Effect.flip(call as Effect.Effect<unknown, Effect.Error<typeof calls.get>>)
          assert.strictEqual(error._tag, "DeserializationError")
          if (error._tag !== "DeserializationError") continue
          assert.deepStrictEqual([error.operation, error.collection, error.keys], [operation, "users", ["carol"]])
          assert.instanceOf(error.cause, Schema.SchemaError)
          assert.include((error.cause as Schema.SchemaError).message, "age")
        }
        assert.strictEqual((yield* Effect.flip(users.getOrFail("carol")))._tag, "DeserializationError")
        assert.strictEqual((yield* Effect.flip(users.getOrElse("carol", () => 1)))._tag, "DeserializationError")
        assert.strictEqual(
          (yield* Effect.flip(users.getOrSet("carol", Effect.succeed(bob))))._tag,
          "DeserializationError"
        )
      }).pipe(Effect.provide(layer))
    )

    it.effect('is a miss with onInvalid "miss", with a warning that does not show the value', () => {
      const logged: Array<unknown> = []
      const capture = Logger.layer([Logger.make(({ logLevel, message }) => void logged.push(logLevel, message))])
      return Effect.gen(function* () {
        const users = yield* Lenient
        yield* putRaw("carol", invalid)
        yield* users.put("alice", alice)
        assert.deepStrictEqual(yield* users.get("carol"), Option.none())
        assert.deepStrictEqual(yield* users.getMany(["alice", "carol"]), [Option.some(alice), Option.none()])
        assert.deepStrictEqual(yield* users.ttl("carol"), Option.none())
        assert.strictEqual(yield* users.getOrElse("carol", () => "default"), "default")
        assert.strictEqual((yield* Effect.flip(users.getOrFail("carol")))._tag, "MissingKeyError")
        assert.strictEqual(logged[0], "Warn")
        assert.include(String(logged[1]), 'get in collection "users"')
        assert.notInclude(JSON.stringify(logged), "old")
        assert.deepStrictEqual(yield* getRaw("carol"), invalid)
      }).pipe(Effect.provide([layer, capture]))
    })

    it.effect("is replaced by one load of getOrSet when it is a miss", () =>
      Effect.gen(function* () {
        const users = yield* Lenient
        yield* putRaw("carol", invalid)
        const gate = yield* Deferred.make<void>()
        let loads = 0
        const load = Effect.gen(function* () {
          loads++
          yield* Deferred.await(gate)
          return bob
        })
        const callers = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(users.getOrSet("carol", load)))
        yield* Effect.yieldNow
        yield* Deferred.succeed(gate, undefined)
        const found = yield* Effect.forEach(callers, (fiber) => Fiber.join(fiber))
        assert.deepStrictEqual(found, [bob, bob, bob])
        assert.notStrictEqual(found[0], found[1])
        assert.strictEqual(loads, 1)
        assert.deepStrictEqual(yield* users.get("carol"), Option.some(bob))
      }).pipe(Effect.provide([layer, Logger.layer([])]))
    )

    it.effect("is replaced by a value of which every waiting caller gets its own copy", () =>
      Effect.gen(function* () {
        const lists = yield* Collection.make({ collection: "json", schema: Schema.Json, onInvalid: "miss" })
        yield* putRaw("a", Uint8Array.of(1), "json")
        const gate = yield* Deferred.make<void>()
        const load = Effect.as(Deferred.await(gate), [1])
        const callers = yield* Effect.forEach([1, 2], () => Effect.forkChild(lists.getOrSet("a", load)))
        yield* Effect.yieldNow
        yield* Deferred.succeed(gate, undefined)
        const [one, two] = yield* Effect.forEach(callers, (fiber) => Fiber.join(fiber))
        assert.deepStrictEqual(one, [1])
        assert.deepStrictEqual(two, [1])
        assert.notStrictEqual(one, two)
      }).pipe(Effect.provide([layer, Logger.layer([])]))
    )

    it.effect("fails a read with DeserializationError when it is bytes", () =>
      Effect.gen(function* () {
        yield* putRaw("bytes", Uint8Array.of(1))
        const users = yield* Users
        assert.strictEqual((yield* Effect.flip(users.get("bytes")))._tag, "DeserializationError")
      }).pipe(Effect.provide(layer))
    )
  })

  describe("a value that cannot be stored", () => {
    it.effect("fails every write with SerializationError and the path, and stores nothing", () =>
      Effect.gen(function* () {
        const scores = yield* Collection.make({
          collection: "scores",
          schema: Schema.Struct({ list: Schema.Array(Schema.Struct({ "a b": Schema.Int })) })
        })
        const bad = { list: [{ "a b": 1 }, { "a b": 1.5 }] }
        const error = yield* Effect.flip(scores.putMany([["good", { list: [] }] as const, ["bad", bad] as const]))
        assert.strictEqual(error._tag, "SerializationError")
        if (error._tag !== "SerializationError") return
        assert.deepStrictEqual([error.operation, error.keys, error.path], ["putMany", ["bad"], '$.list[1]["a b"]'])
        assert.instanceOf(error.cause, Schema.SchemaError)
        assert.strictEqual(error.outcome, "not-applied")
        assert.deepStrictEqual(yield* scores.get("good"), Option.none())
        assert.strictEqual((yield* Effect.flip(scores.put("bad", bad)))._tag, "SerializationError")
      }).pipe(Effect.provide(layer))
    )

    it.effect("fails a write with SerializationError when only the store can tell that it is not JSON", () =>
      Effect.gen(function* () {
        const anything = yield* Collection.make({ collection: "anything", schema: Schema.Struct({ a: Schema.Any }) })
        const error = yield* Effect.flip(anything.put("map", { a: new Map() }))
        assert.strictEqual(error._tag, "SerializationError")
        if (error._tag === "SerializationError") assert.strictEqual(error.path, "$.a")
      }).pipe(Effect.provide(layer))
    )
  })

  describe("getOrSet", () => {
    it.effect("loads a missing value, and stores it with the collection's TTL", () =>
      Effect.gen(function* () {
        const users = yield* Users
        assert.deepStrictEqual(yield* users.getOrSet("alice", Effect.succeed(alice)), alice)
        assert.deepStrictEqual(yield* users.getOrSet("alice", Effect.die("loaded again")), alice)
        assert.deepStrictEqual(Option.getOrThrow(yield* users.ttl("alice")).ttl, Duration.days(1))
        yield* users.getOrSet("bob", Effect.succeed(bob), { ttl: "1 minute" })
        assert.deepStrictEqual(Option.getOrThrow(yield* users.ttl("bob")).ttl, Duration.minutes(1))
      }).pipe(Effect.provide(layer))
    )

    it.effect("shares one load, and its failure, between collections over the same store", () =>
      Effect.gen(function* () {
        const options = { collection: "numbers", schema: Schema.Finite }
        const [one, two] = [yield* Collection.make(options), yield* Collection.make(options)]
        const gate = yield* Deferred.make<void, "boom">()
        let loads = 0
        const load = Effect.suspend(() => {
          loads++
          return Effect.as(Deferred.await(gate), 1)
        })
        const callers = yield* Effect.forEach([one, two, one], (numbers) =>
          Effect.forkChild(Effect.flip(numbers.getOrSet("a", load)))
        )
        yield* Effect.yieldNow
        yield* Deferred.fail(gate, "boom")
        assert.deepStrictEqual(yield* Effect.forEach(callers, (fiber) => Fiber.join(fiber)), ["boom", "boom", "boom"])
        assert.strictEqual(loads, 1)
        assert.deepStrictEqual(yield* one.get("a"), Option.none())
      }).pipe(Effect.provide(layer))
    )

    it.effect("fails with SerializationError when the loaded value does not fit the schema", () =>
      Effect.gen(function* () {
        const numbers = yield* Collection.make({ collection: "numbers", schema: Schema.Int })
        const error = yield* Effect.flip(numbers.getOrSet("a", Effect.succeed(1.5)))
        assert.strictEqual(error._tag, "SerializationError")
        assert.deepStrictEqual(yield* numbers.get("a"), Option.none())
      }).pipe(Effect.provide(layer))
    )
  })

  describe("keys with a codec", () => {
    const orders = Collection.make({ collection: "orders", key: Schema.FiniteFromString, schema: Schema.String })

    it.effect("are stored as strings", () =>
      Effect.gen(function* () {
        const { put, get, getMany, deleteMany, ttl } = yield* orders
        yield* put(1, "one")
        assert.deepStrictEqual(yield* get(1), Option.some("one"))
        assert.deepStrictEqual(yield* getMany([2, 1]), [Option.none(), Option.some("one")])
        assert.isTrue(Option.isSome(yield* ttl(1)))
        assert.strictEqual(yield* getRaw("1", "orders"), "one")
        assert.strictEqual(yield* deleteMany([1, 2]), 1)
      }).pipe(Effect.provide(layer))
    )

    it.effect("fail every call with InvalidKeyError when they do not fit the codec", () =>
      Effect.gen(function* () {
        const { put, get, getMany, deleteMany } = yield* orders
        const calls = [put(Number.NaN, ""), get(Number.NaN), getMany([1, Number.NaN]), deleteMany([Number.NaN])]
        for (const call of calls) {
          const error = yield* Effect.flip(call as Effect.Effect<unknown, { readonly _tag: string }>)
          assert.strictEqual(error._tag, "InvalidKeyError")
        }
      }).pipe(Effect.provide(layer))
    )
  })

  it.effect("does not share keys with another collection of the same store", () =>
    Effect.gen(function* () {
      const users = yield* Users
      const others = yield* Collection.make({ collection: "others", schema: User })
      yield* users.put("alice", alice)
      assert.deepStrictEqual(yield* others.get("alice"), Option.none())
      assert.strictEqual(users.collection, "users")
    }).pipe(Effect.provide(layer))
  )

  it.effect("requires the services of a schema where the schema runs", () =>
    Effect.gen(function* () {
      class Unit extends Context.Service<Unit, number>()("test/Unit") {}
      const InUnits = Schema.Finite.pipe(Schema.middlewareDecoding((effect) => Effect.flatMap(Unit, () => effect)))
      const lengths = yield* Collection.make({ collection: "lengths", schema: InUnits })
      yield* lengths.put("a", 1)
      const found = lengths.get("a") satisfies Effect.Effect<Option.Option<number>, unknown, Unit>
      assert.deepStrictEqual(yield* Effect.provideService(found, Unit, 2), Option.some(1))
    }).pipe(Effect.provide(layer))
  )

  describe("a value that the schema cannot traverse", () => {
    interface Tree {
      readonly children: ReadonlyArray<Tree>
    }
    const Tree: Schema.Codec<Tree> = Schema.Struct({ children: Schema.Array(Schema.suspend(() => Tree)) })
    const trees = Collection.make({ collection: "trees", schema: Tree })
    const nested = (levels: number): Tree => {
      let tree: Tree = { children: [] }
      for (let i = 0; i < levels; i++) tree = { children: [tree] }
      return tree
    }
    const throwing = {
      children: [
        {
          get children(): never {
            throw new Error("boom")
          }
        }
      ]
    } as Tree
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const cyclic = { children: [] as Array<Tree> }
    cyclic.children.push(cyclic)

    it.effect("fails every write with SerializationError and the path", () =>
      Effect.gen(function* () {
        const all = yield* trees
        for (const [value, path, reason] of [
          [cyclic, "$", "a cycle"],
          [nested(100_000), /^\$(\.children\[0\]){10}\["…"\]|^\$.*…$/, "nested deeper than 1000 levels"],
          [throwing, "$.children[0].children", "reading it throws"],
          [{ children: [revoked.proxy as Tree] }, "$.children[0]", "reading it throws"]
        ] as const) {
          yield* all.put("a", nested(0))
          for (const write of [
            all.put("a", value),
            all.putMany([
              ["a", nested(1)],
              ["b", value]
            ]),
            all.getOrSet("missing", Effect.succeed(value))
          ]) {
            const error = yield* Effect.flip(write as Effect.Effect<unknown, unknown>)
            assert.instanceOf(error, SerializationError)
            assert.strictEqual(error.reason, reason)
            if (typeof path === "string") assert.strictEqual(error.path, path)
            else assert.match(error.path, path)
          }
          assert.deepStrictEqual(yield* all.getMany(["a", "b"]), [Option.some(nested(0)), Option.none()])
        }
      }).pipe(Effect.provide(layer))
    )

    it.effect("is accepted up to the maximum depth, written by its schema or without", () =>
      Effect.gen(function* () {
        const all = yield* trees
        const deepest = nested(499)
        yield* all.put("a", deepest)
        yield* putRaw("b", deepest as unknown as Value, "trees")
        for (const key of ["a", "b"]) {
          const found = yield* all.getOrFail(key)
          assert.strictEqual(JSON.stringify(found), JSON.stringify(deepest))
        }
      }).pipe(Effect.provide(layer))
    )

    it.effect("is a defect when the schema itself throws", () =>
      Effect.gen(function* () {
        const broken = Schema.String.pipe(
          Schema.decodeTo(Schema.String, {
            decode: SchemaGetter.transform(() => assert.fail("the schema's own")),
            encode: SchemaGetter.transform(() => assert.fail("the schema's own"))
          })
        )
        const all = yield* Collection.make({ collection: "broken", schema: broken })
        const put = all.put("a", "text")
        yield* putRaw("b", "text", "broken")
        for (const call of [put, all.get("b")]) {
          const exit = yield* Effect.exit(call as Effect.Effect<unknown, unknown>)
          assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
        }
      }).pipe(Effect.provide(layer))
    )
  })

  it.effect("fails with InvalidKeyError and a message when a key is not a string and cannot be shown", () =>
    Effect.gen(function* () {
      const numbered = yield* Collection.make({
        collection: "numbered",
        schema: Schema.Finite,
        key: Schema.FiniteFromString
      })
      const named = yield* Collection.make({ collection: "named", schema: Schema.Finite })
      const revoked = Proxy.revocable({}, {})
      revoked.revoke()
      for (const key of [null, undefined, Symbol("a"), 1n, Object.create(null), revoked.proxy, {}] as Array<never>) {
        for (const call of [
          numbered.get(key),
          numbered.put(key, 1),
          numbered.deleteMany([key]),
          named.get(key),
          named.put(key, 1),
          named.getMany([key]),
          named.getOrSet(key, Effect.succeed(1))
        ]) {
          const error = yield* Effect.flip(call as Effect.Effect<unknown, unknown>)
          assert.instanceOf(error, InvalidKeyError)
          assert.isString(error.keys[0])
          assert.include(error.message, "in collection")
        }
      }
    }).pipe(Effect.provide(layer))
  )

  it.effect("keeps services with the same id apart, each over its own store", () =>
    Effect.gen(function* () {
      class Old extends Collection.Service<Old>()("users", { schema: Schema.String }) {}
      class New extends Collection.Service<New>()("users", { schema: Schema.Finite }) {}
      class Other extends Collection.Service<Other>()("other/Users", { schema: Schema.Finite, collection: "users" }) {}
      const seeded = (a: Value) => Layer.provide(Memory.layer({ seed: { users: { a } } }))
      const App = Layer.mergeAll(Old.layer.pipe(seeded("old")), New.layer.pipe(seeded(1)), Other.layer.pipe(seeded(2)))
      const read = Effect.all([
        Old.use((it) => it.getOrFail("a")),
        New.use((it) => it.getOrFail("a")),
        Other.use((it) => it.getOrFail("a"))
      ])
      assert.deepStrictEqual(yield* Effect.provide(read, App), ["old", 1, 2])
      assert.deepStrictEqual(
        yield* Effect.provide(
          Other.useSync(({ collection }) => collection),
          App
        ),
        "users"
      )
      assert.strictEqual(new Set([Old.key, New.key, Other.key]).size, 3)
      assert.include(Other.key, "other/Users")
    })
  )
})
