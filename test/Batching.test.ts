/** Tests that reads of many fibers become one `getMany`, and that each read has its own result nevertheless. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeServices } from "@effect/platform-node"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Cache from "effect/Cache"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as RequestResolver from "effect/RequestResolver"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { CurrentRequest, type Request } from "../src/concurrency/request.ts"
import {
  Batching,
  Collection,
  Deadline,
  Driver,
  FileSystem,
  KeyValue,
  KeyValueError,
  Memory,
  Requests,
  Retry
} from "../src/index.ts"
import * as EffectStore from "../src/stores/EffectStore.ts"
import * as Redis from "../src/stores/Redis.ts"
import * as Sqlite from "../src/stores/Sqlite.ts"
import { describeWithRedis } from "./servers/redis.ts"
import { uniquePrefix } from "./stores/redis/support.ts"
import { interruptedBefore } from "./support/steps.ts"

/** What a store is asked for, and what it does before it answers. */
interface Watched {
  readonly reads: Array<ReadonlyArray<string>>
  before: (keys: ReadonlyArray<string>) => Effect.Effect<void, KeyValueError.CommonError>
}

const watched = (): Watched => ({ reads: [], before: () => Effect.void })

const watching = (watched: Watched): Driver.Wrapper =>
  Driver.wrapper(
    Driver.around((call, next) => {
      if (call._tag !== "get") return next(call)
      return Effect.suspend(() => {
        watched.reads.push(call.keys)
        return Effect.andThen(watched.before(call.keys), next(call))
      })
    })
  )

/** Entries with these keys cannot be decoded. */
const damaging = (isDamaged: (key: string) => boolean): Driver.Wrapper =>
  Driver.wrapper(
    Driver.mapEntries({
      decode: (entry, place) =>
        isDamaged(place.keys[0]!)
          ? Effect.fail(new KeyValueError.DecryptionError({ ...place, reason: "altered" }))
          : Effect.succeed(entry)
    })
  )

const names = (count: number, prefix = "k") => Array.from({ length: count }, (_, i) => `${prefix}${i}`)

const fill = (keys: ReadonlyArray<string>, collection = "c") =>
  KeyValue.KeyValue.use((kv) =>
    kv.putMany(
      keys.map((key) => [key, { key }] as const),
      { collection }
    )
  )

const all = <A, E, R>(keys: ReadonlyArray<string>, read: (key: string) => Effect.Effect<A, E, R>) =>
  Effect.forEach(keys, read, { concurrency: "unbounded" })

const inC = { collection: "c" }

const get = (key: string) => Batching.get(key, inC)

/** Starts a read of each key in a fiber of its own. */
const begun = (keys: ReadonlyArray<string>) =>
  Effect.forEach(keys, (key) => Effect.forkChild(get(key), { startImmediately: true }))

const unavailable = (keys: ReadonlyArray<string>) =>
  Effect.fail(
    new KeyValueError.StoreUnavailableError({
      operation: "getMany",
      collection: "c",
      keys,
      reason: "connection refused",
      sent: false
    })
  )

describe("Batching.get", () => {
  it.effect("reads the keys of 1,000 fibers in one turn with one getMany", () => {
    const store = watched()
    const keys = names(1000)
    return Effect.gen(function* () {
      yield* fill(keys.slice(1))
      const values = yield* all(keys, get)
      assert.deepStrictEqual(values, [undefined, ...keys.slice(1).map((key) => ({ key }))])
      assert.deepStrictEqual(store.reads, [keys])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("reads keys that fibers ask for in a later turn with another getMany", () => {
    const store = watched()
    return Effect.gen(function* () {
      yield* get("a")
      yield* all(["b", "c"], get)
      assert.deepStrictEqual(store.reads, [["a"], ["b", "c"]])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("reads each collection with a getMany of its own, and the default collection as if it were named", () => {
    const store = watched()
    return Effect.gen(function* () {
      const collections = ["a", undefined, "b", "default_collection", "a"]
      yield* Effect.forEach(collections, (collection, i) => Batching.get(`k${i}`, { collection }), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(store.reads, [["k0", "k4"], ["k1", "k3"], ["k2"]])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("reads a key that several fibers ask for once, and gives each fiber its own copy", () => {
    const store = watched()
    return Effect.gen(function* () {
      yield* fill(["a", "b"])
      const values = yield* all(["a", "b", "a", "a"], get)
      assert.deepStrictEqual(store.reads, [["a", "b"]])
      assert.deepStrictEqual(values, [{ key: "a" }, { key: "b" }, { key: "a" }, { key: "a" }])
      assert.strictEqual(new Set(values).size, 4)
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("fails only the reads of damaged entries", () => {
    const store = watched()
    const keys = names(100)
    const isDamaged = (key: string) => /^k(7|40|41|99)$/.test(key)
    return Effect.gen(function* () {
      yield* fill(keys)
      const exits = yield* all([...keys, "k7"], (key) => Effect.exit(get(key)))
      for (const [i, key] of [...keys, "k7"].entries()) {
        if (isDamaged(key)) {
          const error = yield* Effect.flip(exits[i]!)
          assert.deepInclude(error, { _tag: "DecryptionError", operation: "get", collection: "c", keys: [key] })
        } else assert.deepStrictEqual(exits[i], Exit.succeed({ key }))
      }
      assert.isBelow(store.reads.length, 30)
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store), damaging(isDamaged))))
  })

  it.effect("reads the other keys with one more getMany if one entry is damaged", () => {
    const store = watched()
    const keys = names(100)
    return Effect.gen(function* () {
      yield* all(keys, (key) => Effect.exit(get(key)))
      assert.deepStrictEqual(
        store.reads.map((keys) => keys.length),
        [100, 99]
      )
    }).pipe(
      Effect.provide(
        Memory.layer().pipe(
          watching(store),
          damaging((key) => key === "k50")
        )
      )
    )
  })

  it.effect("fails only the read of a key that is not valid, without a call", () => {
    const store = watched()
    return Effect.gen(function* () {
      const [good, bad] = yield* all(["a", "\ud800"], (key) => Effect.exit(get(key)))
      assert.deepStrictEqual(good, Exit.succeed(undefined))
      const error = yield* Effect.flip(bad!)
      assert.deepInclude(error, { _tag: "InvalidKeyError", operation: "get" })
      assert.deepStrictEqual(store.reads, [["a"]])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("fails all reads of a batch when the store fails, each with only its own key", () => {
    const store = watched()
    store.before = unavailable
    return Effect.gen(function* () {
      const errors = yield* all(["a", "b", "a"], (key) => Effect.flip(get(key)))
      assert.deepStrictEqual(
        errors.map(({ _tag, operation, collection, keys }) => ({ _tag, operation, collection, keys })),
        ["a", "b", "a"].map(
          (key) => ({ _tag: "StoreUnavailableError", operation: "get", ...inC, keys: [key] }) as never
        )
      )
      for (const error of errors) {
        assert.instanceOf(error, KeyValueError.StoreUnavailableError)
        assert.deepInclude(error, { reason: "connection refused", sent: false, retryable: true })
        assert.match(error.message, /^get .*connection refused/)
      }
      assert.strictEqual(store.reads.length, 1)
      store.before = () => Effect.void
      assert.isUndefined(yield* get("a"))
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("passes a batch through the stack as one call, which is retried as a whole", () => {
    const store = watched()
    store.before = (keys) => (store.reads.length < 3 ? unavailable(keys) : Effect.void)
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(all(["a", "b"], get))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(store.reads, [
        ["a", "b"],
        ["a", "b"],
        ["a", "b"]
      ])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store), Retry.wrap())))
  })

  it.effect("dies in all reads of a batch when the store dies, and reads again afterwards", () => {
    const store = watched()
    store.before = () => Effect.die("broken")
    return Effect.gen(function* () {
      const exits = yield* all(["a", "b"], (key) => Effect.exit(get(key)))
      for (const exit of exits) assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      store.before = () => Effect.void
      assert.deepStrictEqual(yield* all(["a", "b"], get), [undefined, undefined])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("fails once the layer is closed", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const kv = Context.get(yield* Layer.buildWithScope(Memory.layer(), scope), KeyValue.KeyValue)
      yield* Scope.close(scope, Exit.void)
      const error = yield* Effect.flip(Effect.provideService(get("a"), KeyValue.KeyValue, kv))
      assert.deepInclude(error, { _tag: "StoreUnavailableError", isClosed: true })
    })
  )

  it.effect("reads 10,000 keys in batches of 1,000", () => {
    const store = watched()
    const keys = names(10_000)
    return Effect.gen(function* () {
      const values = yield* all(keys, get)
      assert.strictEqual(values.length, keys.length)
      assert.strictEqual(store.reads.length, 10)
      assert.isTrue(store.reads.every((keys) => keys.length === 1000))
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })
})

describe("an interrupted read of a batch", () => {
  it.effect("is left out if the batch has not begun, and does not stop the others", () => {
    const store = watched()
    return Effect.gen(function* () {
      yield* fill(["a", "b"])
      const [a, b] = yield* begun(["a", "b"])
      a!.interruptUnsafe()
      assert.deepStrictEqual(yield* Fiber.join(b!), { key: "b" })
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(a!)))
      assert.deepStrictEqual(store.reads, [["b"]])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("does not stop the others while the store is read, even if it began the batch", () => {
    const store = watched()
    store.before = () => Effect.sleep("1 second")
    return Effect.gen(function* () {
      yield* fill(["a", "b"])
      const [a, b] = yield* begun(["a", "b"])
      yield* TestClock.adjust("500 millis")
      yield* Fiber.interrupt(a!)
      yield* TestClock.adjust("500 millis")
      assert.deepStrictEqual(yield* Fiber.join(b!), { key: "b" })
      assert.deepStrictEqual(store.reads, [["a", "b"]])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("makes no call if there is no other", () => {
    const store = watched()
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(get("a"), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      yield* Effect.yieldNow
      assert.deepStrictEqual(store.reads, [])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("leaves nothing behind, whichever step it is interrupted before", () =>
    Effect.gen(function* () {
      yield* fill(["a", "b"])
      for (let step = 1; step < 30; step++) {
        const other = yield* Effect.forkChild(get("b"))
        yield* interruptedBefore(step, get("a"))
        assert.deepStrictEqual(yield* Fiber.join(other), { key: "b" })
        assert.deepStrictEqual(yield* get("a"), { key: "a" })
      }
    }).pipe(Effect.provide(Memory.layer()))
  )
})

describe("a time budget", () => {
  it.effect("limits the wait of its own fiber, and not the batch", () => {
    const store = watched()
    store.before = () => Effect.sleep("1 second")
    return Effect.gen(function* () {
      yield* fill(["a", "b"])
      const a = yield* Effect.forkChild(Deadline.within(get("a"), "100 millis"), { startImmediately: true })
      const b = yield* Effect.forkChild(get("b"), { startImmediately: true })
      yield* TestClock.adjust("100 millis")
      const error = yield* Effect.flip(Fiber.join(a))
      assert.deepInclude(error, { _tag: "TimeoutError", operation: "get", keys: ["a"] })
      yield* TestClock.adjust("900 millis")
      assert.deepStrictEqual(yield* Fiber.join(b), { key: "b" })
      assert.deepStrictEqual(store.reads, [["a", "b"]])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store), Deadline.wrap())))
  })
})

describe("Batching on Cloudflare Workers", () => {
  const setting = (request: Request | "unknown") => Effect.provideService(CurrentRequest, request)

  it.effect("shares a batch within one known request, and with no other request", () => {
    const store = watched()
    const request = (): Request => ({ waitUntil: () => {} })
    const [first, second] = [request(), request()]
    return Effect.gen(function* () {
      yield* fill(["a", "b"])
      const reads = [
        Requests.within(get("a"), first),
        setting("unknown")(get("a")),
        Requests.within(get("b"), second),
        Requests.within(get("b"), first),
        setting("unknown")(get("b"))
      ]
      const values = yield* Effect.all(reads, { concurrency: "unbounded" })
      assert.deepStrictEqual(values, ["a", "a", "b", "b", "b"].map((key) => ({ key })) as never)
      assert.deepStrictEqual(store.reads, [["a", "b"], ["a"], ["b"], ["b"]])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })
})

describe("Batching.resolver", () => {
  const request = (key: string) => new Batching.Get({ key, collection: "c" })

  it.effect("reads a full batch at once", () => {
    const store = watched()
    return Effect.gen(function* () {
      const resolver = yield* Batching.resolver({ maxBatchSize: 4 })
      yield* all(names(10), (key) => Batching.get(key, { ...inC, resolver }))
      assert.deepStrictEqual(
        store.reads.map((keys) => keys.length),
        [4, 4, 2]
      )
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("fails to build if maxBatchSize is not a whole number of at least 1", () =>
    Effect.gen(function* () {
      for (const maxBatchSize of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        const error = yield* Effect.flip(Batching.resolver({ maxBatchSize }))
        assert.strictEqual(error._tag, "StoreSetupError")
      }
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("answers Effect.request, in the default collection unless the request names one", () => {
    const store = watched()
    return Effect.gen(function* () {
      yield* fill(["a"], "default_collection")
      const resolver = yield* Batching.resolver()
      const requests = [new Batching.Get({ key: "a" }), new Batching.Get({ key: "b", collection: "" }), request("a")]
      const values = yield* Effect.forEach(requests, (each) => Effect.request(each, resolver), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(values, [{ key: "a" }, undefined, undefined])
      assert.deepStrictEqual(store.reads, [["a", "b"], ["a"]])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("fails only the request with a key that is not valid", () =>
    Effect.gen(function* () {
      yield* fill(["a"])
      const resolver = yield* Batching.resolver()
      const [a, bad] = yield* all(["a", "\ud800"], (key) => Effect.exit(Effect.request(request(key), resolver)))
      assert.deepStrictEqual(a, Exit.succeed({ key: "a" }))
      assert.strictEqual((yield* Effect.flip(bad!))._tag, "InvalidKeyError")
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("works with batchN, around and setDelay", () => {
    const store = watched()
    const around: Array<string> = []
    return Effect.gen(function* () {
      const resolver = (yield* Batching.resolver()).pipe(
        RequestResolver.batchN(2),
        RequestResolver.around(
          (entries) => Effect.sync(() => around.push(`before ${entries.length}`)),
          () => Effect.sync(() => around.push("after"))
        ),
        RequestResolver.setDelay("10 millis")
      )
      const read = (key: string) => Batching.get(key, { ...inC, resolver })
      const first = yield* Effect.forkChild(read("a"), { startImmediately: true })
      yield* TestClock.adjust("5 millis")
      assert.deepStrictEqual(store.reads, [])
      const others = yield* Effect.forkChild(all(["b", "c"], read), { startImmediately: true })
      yield* TestClock.adjust("10 millis")
      yield* Fiber.join(first)
      yield* Fiber.join(others)
      assert.deepStrictEqual(store.reads, [["a", "b"], ["c"]])
      assert.deepStrictEqual(around, ["before 2", "after", "before 1", "after"])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("works with withCache, from which each read gets a copy", () => {
    const store = watched()
    return Effect.gen(function* () {
      yield* fill(["a"])
      const resolver = yield* RequestResolver.withCache(yield* Batching.resolver(), { capacity: 100 })
      const read = Batching.get("a", { ...inC, resolver })
      const value = (yield* read) as { key: string }
      value.key = "changed"
      assert.deepStrictEqual(yield* read, { key: "a" })
      assert.deepStrictEqual(store.reads, [["a"]])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })

  it.effect("works with asCache, which keeps no failure longer than it should", () => {
    const store = watched()
    return Effect.gen(function* () {
      yield* fill(["a", "b"])
      const cache = yield* RequestResolver.asCache(yield* Batching.resolver(), {
        capacity: 10,
        timeToLive: (exit) => (Exit.isSuccess(exit) ? "1 hour" : 0)
      })
      const get = (key: string) => Cache.get(cache, request(key))
      store.before = unavailable
      assert.strictEqual((yield* Effect.flip(get("a")))._tag, "StoreUnavailableError")
      store.before = () => Effect.void
      assert.deepStrictEqual(yield* all(["a", "b"], get), [{ key: "a" }, { key: "b" }])
      assert.deepStrictEqual(yield* get("b"), { key: "b" })
      assert.deepStrictEqual(store.reads, [["a"], ["a", "b"]])
    }).pipe(Effect.provide(Memory.layer().pipe(watching(store))))
  })
})

describe("Batching.getFrom", () => {
  const User = Schema.Struct({ name: Schema.String, born: Schema.Date })
  class Users extends Collection.Service<Users>()("users", { schema: User }) {}
  class Ids extends Collection.Service<Ids>()("ids", {
    schema: Schema.String,
    key: Schema.FiniteFromString as never
  }) {}

  const born = new Date(0)
  const stack = (store: Watched) =>
    Layer.mergeAll(Users.layer, Ids.layer).pipe(Layer.provideMerge(Memory.layer().pipe(watching(store))))

  it.effect("reads typed values of many fibers with one getMany", () => {
    const store = watched()
    return Effect.gen(function* () {
      const users = yield* Users
      yield* users.put("alice", { name: "Alice", born })
      const found = yield* all(["alice", "bob", "alice"], (key) => Batching.getFrom(users, key))
      const alice = Option.some({ name: "Alice", born })
      assert.deepStrictEqual(found, [alice, Option.none(), alice])
      assert.notStrictEqual(Option.getOrThrow(found[0]!), Option.getOrThrow(found[2]!))
      assert.deepStrictEqual(store.reads, [["alice", "bob"]])
    }).pipe(Effect.provide(stack(store)))
  })

  it.effect("fails only the read of a value that does not match the schema", () => {
    const store = watched()
    return Effect.gen(function* () {
      const users = yield* Users
      yield* users.put("alice", { name: "Alice", born })
      yield* KeyValue.KeyValue.use((kv) => kv.put("bob", { name: 1 }, { collection: "users" }))
      const [alice, bob] = yield* all(["alice", "bob"], (key) => Effect.exit(Batching.getFrom(users, key)))
      assert.deepStrictEqual(alice, Exit.succeed(Option.some({ name: "Alice", born })))
      assert.deepInclude(yield* Effect.flip(bob!), { _tag: "DeserializationError", operation: "get", keys: ["bob"] })
      assert.deepStrictEqual(store.reads, [["alice", "bob"]])
    }).pipe(Effect.provide(stack(store)))
  })

  it.effect("returns None for such a value with onInvalid miss", () =>
    Effect.gen(function* () {
      const users = yield* Collection.make({ collection: "users", schema: User, onInvalid: "miss" })
      yield* KeyValue.KeyValue.use((kv) => kv.put("bob", 1, { collection: "users" }))
      assert.deepStrictEqual(yield* Batching.getFrom(users, "bob"), Option.none())
    }).pipe(Effect.provide(Memory.layer()))
  )

  it.effect("encodes keys, and fails only the read of a key that does not match its schema", () => {
    const store = watched()
    return Effect.gen(function* () {
      const ids = (yield* Ids) as unknown as Collection.Collection<string, number>
      yield* ids.put(7, "seven")
      const [seven, bad] = yield* Effect.forEach([7, "x" as never], (key) => Effect.exit(Batching.getFrom(ids, key)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(seven, Exit.succeed(Option.some("seven")))
      assert.strictEqual((yield* Effect.flip(bad!))._tag, "InvalidKeyError")
      assert.deepStrictEqual(store.reads, [["7"]])
    }).pipe(Effect.provide(stack(store)))
  })

  it.effect("shares its batch with untyped reads of the collection", () => {
    const store = watched()
    return Effect.gen(function* () {
      const users = yield* Users
      yield* Effect.all([Batching.getFrom(users, "a"), Batching.get("b", { collection: "users" })], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(store.reads, [["a", "b"]])
    }).pipe(Effect.provide(stack(store)))
  })

  it.effect("uses the services of each read to decode its value", () => {
    class Greeting extends Context.Service<Greeting, string>()("test/Greeting") {}
    const Greeted = Schema.String.pipe(
      Schema.decodeTo(Schema.String, {
        decode: SchemaGetter.transformEffect((name: string) =>
          Effect.map(Greeting, (greeting) => `${greeting} ${name}`)
        ),
        encode: SchemaGetter.passthrough()
      })
    )
    return Effect.gen(function* () {
      const names = yield* Collection.make({ collection: "names", schema: Greeted })
      yield* names.put("a", "Alice")
      const read = Batching.getFrom(names, "a")
      const found = yield* Effect.all(
        [Effect.provideService(read, Greeting, "hello"), Effect.provideService(read, Greeting, "hi")],
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(found, [Option.some("hello Alice"), Option.some("hi Alice")])
    }).pipe(Effect.provide(Memory.layer()))
  })

  it.effect("reads a mock of a collection without a batch", () =>
    Effect.gen(function* () {
      const users = yield* Users
      const found = Batching.getFrom({ ...users, get: () => Effect.succeedNone }, "a")
      assert.deepStrictEqual(yield* found, Option.none())
    }).pipe(Effect.provide(stack(watched())))
  )
})

const folder = mkdtempSync(join(tmpdir(), "effect-kv-batching-"))
afterAll(() => rmSync(folder, { recursive: true }))

const oneCallOn = (name: string, layer: () => Layer.Layer<KeyValue.KeyValue, unknown>) =>
  it.live(`${name} gets one call for the reads of many fibers`, () => {
    const store = watched()
    return Effect.gen(function* () {
      yield* fill(["a", "b", "c"])
      assert.deepStrictEqual(yield* all(["c", "a", "x", "a"], get), [
        { key: "c" },
        { key: "a" },
        undefined,
        { key: "a" }
      ])
      assert.deepStrictEqual(store.reads, [["c", "a", "x"]])
    }).pipe(Effect.provide(layer().pipe(watching(store))))
  })

describe("every store", () => {
  oneCallOn("Memory", () => Memory.layer())
  oneCallOn("Sqlite", () => Sqlite.layer())
  oneCallOn("FileSystem", () => FileSystem.layer({ directory: folder }).pipe(Layer.provide(NodeServices.layer)))
  oneCallOn("EffectStore", () => EffectStore.layer().pipe(Layer.provide(KeyValueStore.layerMemory)))
})

describeWithRedis("Batching on Redis", (redis) => {
  oneCallOn("Redis", () => Redis.layer({ url: redis().url, prefix: uniquePrefix() }))
})

describe("reads of random batches", () => {
  const Key = Schema.Literals(["a", "b", "c", "d", "e", "damaged1", "damaged2", "missing"])
  const Read = Schema.Tuple([Key, Schema.Literals([1, 2, 3]), Schema.Boolean])

  it.effect.prop(
    "get what KeyValue.get returns, unless they are interrupted",
    [Schema.Array(Read)],
    ([reads]) =>
      Effect.gen(function* () {
        yield* fill(["a", "b", "c", "d", "e", "damaged1", "damaged2"])
        const resolver = yield* Batching.resolver({ maxBatchSize: 3 })
        const kv = yield* KeyValue.KeyValue
        const shown = <A>(exit: Exit.Exit<A, KeyValueError.ReadError>) =>
          Exit.match(exit, {
            onSuccess: (value): unknown => value,
            onFailure: (cause) => (Cause.squash(cause) as KeyValueError.ReadError)._tag
          })
        yield* Effect.forEach(
          reads,
          Effect.fnUntraced(function* ([key, turns, interrupted]) {
            yield* Effect.yieldNow.pipe(Effect.repeat({ times: turns }))
            const fiber = yield* Effect.forkChild(Batching.get(key, { ...inC, resolver }), { startImmediately: true })
            if (interrupted) return yield* Fiber.interrupt(fiber)
            const exit = yield* Fiber.await(fiber)
            assert.deepStrictEqual(shown(exit), shown(yield* Effect.exit(kv.get(key, inC))))
          }),
          { concurrency: "unbounded" }
        )
      }).pipe(Effect.provide(Memory.layer().pipe(damaging((key) => key.startsWith("damaged"))))),
    { arbitrary: { runs: 50 } }
  )
})
