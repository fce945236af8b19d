/** Tests every option of every module and call at its limits: it works as documented, or fails with a typed error. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { NodeServices } from "@effect/platform-node"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Persistence from "effect/persistence/Persistence"
import * as RateLimiter from "effect/persistence/RateLimiter"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Options as Described, Row } from "../src/driver/options.ts"
import * as kv from "../src/index.ts"
import * as EffectStore from "../src/stores/EffectStore.ts"
import * as Redis from "../src/stores/Redis.ts"
import * as Sqlite from "../src/stores/Sqlite.ts"
import * as testing from "../src/testing/index.ts"
import { describeWithRedis } from "./servers/redis.ts"
import { uniquePrefix } from "./stores/redis/support.ts"

/** Options of any type: these tests pass values that the compiler refuses. */
type Loose = any

const { Atomic, Driver, KeyValue, Maintenance, Memory } = kv

/** A store that is asynchronous, as all stores but Memory are. */
const store = () => Memory.layer().pipe(Driver.wrapper(Driver.around((call, next) => Effect.delay(next(call), 0))))

const put = KeyValue.KeyValue.use((kv) => kv.put("k", "v", { collection: "c" }))

/** Writes, reads, deletes, counts and clears. */
const use = Effect.gen(function* () {
  const { get, getMany, delete: remove } = yield* KeyValue.KeyValue
  yield* put
  yield* get("k", { collection: "c" })
  yield* getMany(["k", "missing"])
  yield* remove("k")
})

/** A module with options: their description, those that are required, and how to use the module. */
interface Subject {
  readonly described: Described<never, unknown>
  readonly needs?: Loose
  readonly use: (options: Loose) => Effect.Effect<unknown, unknown, Scope.Scope>
}

const over =
  (layer: (options: Loose) => Layer.Layer<any, unknown, any>, program: Effect.Effect<unknown, unknown, any> = use) =>
  (options: Loose) =>
    Effect.flatMap(Layer.build(layer(options)), (context) => Effect.provide(program, context)) as Effect.Effect<
      unknown,
      unknown,
      Scope.Scope
    >

const wrapped = (
  { described, wrap }: { readonly described: Described<never, unknown>; readonly wrap: (options: Loose) => Loose },
  needs?: Loose
): Subject => ({ described, needs, use: over((options) => store().pipe(wrap(options))) })

/** A wrapper that takes one argument before its options. */
const named = (
  {
    described,
    wrap
  }: {
    readonly described: Described<never, unknown>
    readonly wrap: (first: Loose, options: Loose) => Loose
  },
  name: string,
  needs?: Loose
): Subject => ({
  described,
  needs,
  use: over(({ [name]: first, ...options }) => store().pipe(wrap(first, options)))
})

const key = Redacted.make("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")

/** The folder for all files, whatever names are tried. */
const folder = mkdtempSync(join(tmpdir(), "effect-kv-options-"))
afterAll(() => rmSync(folder, { recursive: true }))

const inFolder = (name: string, options: Loose): Loose => {
  const path = options?.[name]
  return typeof path === "string" && path !== "" ? { ...options, [name]: join(folder, path) } : options
}

const subjects: Record<string, Subject> = {
  Aead: wrapped(kv.Aead, { keys: [{ id: "1", key }] }),
  Bulkhead: wrapped(kv.Bulkhead),
  CircuitBreaker: wrapped(kv.CircuitBreaker),
  Compression: wrapped(kv.Compression),
  Deadline: named(kv.Deadline, "duration"),
  DefaultValue: wrapped(kv.DefaultValue, { value: 1 }),
  Fallback: wrapped(kv.Fallback, { fallback: Memory.layer() }),
  FernetEncryption: wrapped(kv.FernetEncryption, { keys: [key] }),
  Hedge: wrapped(kv.Hedge),
  HmacNames: wrapped(kv.HmacNames, { key }),
  LimitSize: wrapped(kv.LimitSize),
  Logging: wrapped(kv.Logging),
  PassthroughCache: wrapped(kv.PassthroughCache, { cache: Memory.layer() }),
  PrefixCollections: named(kv.PrefixCollections, "prefix", { prefix: "p" }),
  PrefixKeys: named(kv.PrefixKeys, "prefix", { prefix: "p" }),
  RateLimit: wrapped(kv.RateLimit, { limit: 100 }),
  ReadOnly: wrapped(kv.ReadOnly, { onWrite: "ignore" }),
  Replicate: wrapped(kv.Replicate, { replicas: [Memory.layer()] }),
  Retry: wrapped(kv.Retry),
  Routing: wrapped(kv.Routing, { stores: { 1: Memory.layer() }, route: () => undefined }),
  SingleCollection: named(kv.SingleCollection, "collection", { collection: "one" }),
  Statistics: wrapped(kv.Statistics),
  Timeout: named(kv.Timeout as Loose, "duration"),
  Tracing: wrapped(kv.Tracing),
  TtlClamp: wrapped(kv.TtlClamp),
  FileSystem: {
    described: kv.FileSystem.described,
    needs: { directory: "files" },
    use: over((options) => kv.FileSystem.layer(inFolder("directory", options)).pipe(Layer.provide(NodeServices.layer)))
  },
  Memory: { described: Memory.described, use: over(Memory.layer) },
  Null: { described: kv.Null.described, use: over(kv.Null.layer) },
  Sqlite: { described: Sqlite.described, use: over((options) => Sqlite.layer(inFolder("filename", options))) },
  EffectStore: {
    described: EffectStore.described,
    use: over((options) => EffectStore.layer(options).pipe(Layer.provide(KeyValueStore.layerMemory)))
  },
  "EffectStore.keyValueStoreOptions": {
    described: EffectStore.keyValueStoreOptions,
    use: over(
      (options) => EffectStore.toKeyValueStore(options).pipe(Layer.provide(store())),
      KeyValueStore.KeyValueStore.use((it) => Effect.andThen(it.set("k", "v"), it.get("k")))
    )
  },
  "EffectStore.backingPersistenceOptions": {
    described: EffectStore.backingPersistenceOptions,
    use: over(
      (options) => EffectStore.toBackingPersistence(options).pipe(Layer.provide(store())),
      Persistence.BackingPersistence.use((it) =>
        Effect.flatMap(it.make("s"), (store) => Effect.andThen(store.set("k", {}, undefined), store.get("k")))
      )
    )
  },
  "EffectStore.rateLimiterStoreOptions": {
    described: EffectStore.rateLimiterStoreOptions,
    use: over(
      (options) => EffectStore.toRateLimiterStore(options).pipe(Layer.provide(store())),
      RateLimiter.RateLimiterStore.use((it) =>
        it.fixedWindow({ key: "k", tokens: 1, limit: 2, refillRate: Duration.seconds(1) })
      )
    )
  },
  "KeyValue.getOrSetOptions": {
    described: KeyValue.getOrSetOptions,
    use: (options) =>
      Effect.provide(
        KeyValue.KeyValue.use((kv) => kv.getOrSet("k", Effect.succeed("v"), options)),
        store()
      )
  },
  LoadingCache: {
    described: kv.LoadingCache.described,
    needs: { collection: "c", schema: Schema.String, lookup: (key: string) => Effect.succeed(key), ttl: "1 minute" },
    use: (options) =>
      Effect.flatMap(kv.LoadingCache.make(options), (cache) =>
        Effect.all([cache.get("k"), cache.getMany(["k", "l"]), cache.set("k", "v"), cache.invalidateTags(["t"])])
      ).pipe(Effect.provide(store())) as Effect.Effect<unknown, unknown, Scope.Scope>
  },
  Lease: {
    described: kv.Lease.described,
    use: (options) => Effect.provide(kv.Lease.withLease("l", options, Effect.succeed), store())
  },
  Idempotency: {
    described: kv.Idempotency.described,
    needs: { ttl: "1 day" },
    use: (options) =>
      Effect.provide(
        kv.Idempotency.once(
          "k",
          Effect.succeed(1),
          Object.assign(options ?? {}, { success: Schema.Finite })
        ) as Effect.Effect<number, unknown, never>,
        store()
      )
  },
  Batching: {
    described: kv.Batching.described,
    use: (options) =>
      Effect.flatMap(kv.Batching.resolver(options), (resolver) => kv.Batching.get("k", { resolver })).pipe(
        Effect.provide(store())
      )
  },
  // No calls: with a rate of 1 each of them has a fault, and may never end.
  Chaos: {
    described: testing.Chaos.described,
    use: over((options) => store().pipe(testing.Chaos.wrap(options)), Effect.void)
  },
  Simulation: {
    described: testing.Simulation.described,
    needs: { stack: (faulty: Loose) => faulty("store", Memory.layer()), seeds: 1, operations: 3 },
    // Large numbers are only read: to run them would take too long.
    use: (options) =>
      Effect.flatMap(testing.Simulation.described.read(options), ({ seeds, operations, clients, keys, shrinks }) =>
        Math.max(seeds, operations, clients, keys, shrinks) < 10 ? testing.Simulation.run(options) : Effect.void
      )
  }
}

/** CollectionRouting takes only layers, and Driver.layer takes a driver. */
const withoutOptions = ["CollectionRouting", "Driver"]

const isDescribed = (it: unknown): it is Described<never, unknown> =>
  typeof it === "object" && it !== null && "rows" in it && "read" in it

const modules: Readonly<Record<string, object>> = { ...kv, ...testing, EffectStore, Redis, Sqlite }

const isMaker = (name: string, it: unknown): boolean => /^(wrap|layer)$/.test(name) && typeof it === "function"

describe("the table of options", () => {
  it("has every module that the package exports", () => {
    const { exports } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8"))
    const names = Object.keys(exports).map((path) => path.slice(2))
    for (const name of names.filter((name) => /^[A-Z]/.test(name))) assert.property(modules, name)
  })

  it("has the options of every module with a layer or wrap, and of no other", () => {
    const expected = Object.entries(modules).flatMap(([name, module]) => {
      const tables = Object.entries(module).filter(([, it]) => isDescribed(it))
      const makers = Object.entries(module).filter(([key, it]) => isMaker(key, it))
      if (makers.length > 0 && !withoutOptions.includes(name)) assert.isNotEmpty(tables, `${name} describes no options`)
      return tables.map(([key]) => (key === "described" ? name : `${name}.${key}`))
    })
    assert.sameMembers([...Object.keys(subjects), "Redis"], expected)
  })

  it("has only options that docs/reference/options.md lists with their defaults", () => {
    const page = readFileSync(join(import.meta.dirname, "../docs/reference/options.md"), "utf8")
    const sections = page.split(/^### /m).slice(1)
    const tables = Object.entries(modules).flatMap(([name, module]) =>
      Object.values(module).flatMap((it) => (isDescribed(it) ? [{ name, rows: it.rows }] : []))
    )
    const absent = tables.flatMap(({ name, rows }) =>
      rows
        // The names below these three are ioredis' own options, or kinds of faults.
        .filter((row) => !/^(?:options|cluster\.(?:nodes|options)|rates)\./.test(row.name))
        .filter((row) => {
          const lines = sections
            .filter((section) => section.startsWith(`${name}\n`) || section.startsWith(`${name}.`))
            .flatMap((section) => section.split("\n"))
            .filter((line) => line.startsWith(`| \`${row.name}\` | `))
          const ends = [`| ${row.default} |`, `| \`${row.default}\` |`, "| required |"]
          return !lines.some((line) => row.default === undefined || ends.some((end) => line.endsWith(end)))
        })
        .map((row) => [name, row.name])
    )
    assert.deepStrictEqual(absent, [])
  })
})

const lone = "\ud800"
const strange = [null, {}, [], Symbol("s"), () => 1, Object.create(null)]
const numbers = [0, -1, 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, -1e20, 2 ** 31, 2 ** 53, 1e20, Number.MAX_VALUE]
const texts = ["", " ", "5", "soon", lone, "x".repeat(100_000), "a\0b"]

/** All values that are tried for every option of any kind. */
const ends: ReadonlyArray<unknown> = [
  ...numbers,
  ...texts,
  ...strange,
  true,
  5n,
  -1n,
  "Infinity",
  "-Infinity",
  "1 nano",
  "1 second",
  "1 KiB",
  "9007199254740993 B",
  Duration.infinity,
  Duration.millis(1e20)
]

/** Whether every option of a kind must refuse a value, by rules that do not come from `src/`. */
const isRefused = ({ kind, allowed }: Row, value: unknown): boolean => {
  if (value === null && allowed.startsWith("null or ")) return false
  if (typeof value === "boolean") return kind === "value" ? false : !/^true or false/.test(allowed)
  switch (kind) {
    case "integer":
      return !(Number.isSafeInteger(value) && (value as number) >= 0)
    case "number":
      return !(Number.isFinite(value) && (value as number) >= 0)
    case "duration":
      if (typeof value === "object") return value === null || Array.isArray(value)
      if (typeof value === "number") return !(value >= 0)
      return value !== 5n && !["Infinity", "1 nano", "1 second"].includes(value as string)
    case "size":
      if (typeof value === "number") return !(Number.isSafeInteger(value) && value >= 0)
      return value !== 5n && value !== "1 KiB"
    case "text":
      return typeof value !== "string" || value === lone
    case "boolean":
    case "choice":
      return true
    case "function":
      return typeof value !== "function"
    case "list":
      return !Array.isArray(value)
    case "group":
      return typeof value !== "object" || value === null
    case "value":
      return false
  }
}

/** Options whose values only the compiler checks: layers, and functions that return layers, effects or lists. */
const notTried = [
  "Fallback.fallback",
  "LoadingCache.lookup",
  "LoadingCache.lookupMany",
  "LoadingCache.tags",
  "PassthroughCache.cache",
  "Replicate.replicas",
  "Routing.stores",
  "Simulation.stack"
]

/** The other options of a group while one of them is tried. */
const siblings: Record<string, object> = {
  cacheErrors: { schema: Schema.Never, ttl: 1 },
  outages: { from: 0, to: 1 },
  staleness: { bound: 1, when: "always" }
}

const withOption = (needs: Loose, rows: ReadonlyArray<Row>, name: string, value: unknown): Loose => {
  const [outer, ...rest] = name.split(".") as [string, ...Array<string>]
  if (rest.length === 0) return { ...needs, [outer]: value }
  const inner = withOption(siblings[outer] ?? needs?.[outer], rows, rest.join("."), value)
  return { ...needs, [outer]: rows.find((row) => row.name === outer)?.kind === "list" ? [inner] : inner }
}

const shown = (value: unknown): string => (typeof value === "function" ? "a function" : inspect(value).slice(0, 60))

/** How an attempt ends. It dies with `"hang"` after two seconds. */
const outcomeOf = (attempt: () => Effect.Effect<unknown, unknown, Scope.Scope>) =>
  Effect.suspend(attempt).pipe(
    Effect.scoped,
    Effect.timeoutOrElse({ duration: "2 seconds", orElse: () => Effect.die("hang") }),
    Effect.provide(Logger.layer([])),
    Effect.exit
  )

/** Fails the test unless a value works, or is refused as documented. */
const judge = (module: string, row: Row, value: unknown, exit: Exit.Exit<unknown, unknown>): void => {
  const what = `${module}.${row.name} = ${shown(value)}`
  if (Exit.isSuccess(exit)) {
    assert.isFalse(isRefused(row, value), `${what} was accepted`)
    return
  }
  assert.isFalse(Cause.hasDies(exit.cause), `${what}: ${Cause.pretty(exit.cause)}`)
  const error = Cause.squash(exit.cause) as { readonly _tag: string; readonly message: string }
  if (error._tag === "StoreSetupError") {
    assert.isTrue(error.message.startsWith(`${module}: `), `${what}: ${error.message}`)
    if (error.message.includes(" must be ")) assert.isBelow(error.message.length, 500, what)
    return
  }
  assert.isFalse(isRefused(row, value), `${what} was accepted, and then: ${error.message}`)
  assert.match(error._tag, /Error$/, what)
}

const tryAll = (name: string, { described, needs, use }: Subject, rows = described.rows) =>
  Effect.forEach(
    rows.filter((row) => !notTried.includes(`${name}.${row.name}`)),
    (row) =>
      Effect.forEach(
        ends,
        (value) =>
          Effect.map(
            outcomeOf(() => use(withOption(needs, described.rows, row.name, value))),
            (exit) => judge(described.module, row, value, exit)
          ),
        { concurrency: 8 }
      )
  )

describe("every option at its limits", () => {
  for (const [name, subject] of Object.entries(subjects)) {
    it.live(`${name} works as documented, or fails to build with StoreSetupError`, () => tryAll(name, subject))
  }
})

describe("every option that is a duration", () => {
  const all = [
    ...Object.values(subjects),
    { described: Redis.described, needs: {}, use: () => Effect.void } as unknown as Subject
  ].flatMap((subject) =>
    subject.described.rows.filter(({ kind }) => kind === "duration").map((row) => ({ ...subject, row }))
  )

  /** What a description makes of a value, or `undefined` if it refuses the value. */
  const readAs = ({ described, needs, row }: (typeof all)[number], value: unknown) =>
    Effect.orElseSucceed(described.read(withOption(needs, described.rows, row.name, value) as never), () => undefined)

  it.effect.prop(
    "accepts every form of the same time, and reads it as the same number of milliseconds",
    [Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000_000 }))],
    ([millis]) =>
      Effect.gen(function* () {
        assert.isAbove(all.length, 30)
        const nanos = BigInt(millis) * 1_000_000n
        const forms = [`${millis} millis`, Duration.millis(millis), { milliseconds: millis }, nanos]
        for (const option of all) {
          const expected = yield* readAs(option, millis)
          for (const form of forms) {
            assert.deepStrictEqual(yield* readAs(option, form), expected, `${option.row.name} = ${shown(form)}`)
          }
        }
      }),
    { arbitrary: { runs: 10 } }
  )
})

describe("the options object", () => {
  const optionsOf = ({ described, needs }: Subject) =>
    new Set([...Object.keys(needs ?? {}), ...described.rows.map((row) => row.name).filter((it) => !it.includes("."))])

  /** Not counted, because `inFolder` reads these options, too. */
  const notCounted = ["directory", "filename"]
  const filesOf = ({ needs }: Subject) => (needs?.directory ? { directory: needs.directory } : {})

  for (const [name, subject] of Object.entries(subjects)) {
    it.live(`has every option read once by ${name}`, () =>
      Effect.gen(function* () {
        const reads = new Map<string, number>()
        const options = {}
        for (const key of optionsOf(subject)) {
          if (notCounted.includes(key)) continue
          const get = () => {
            reads.set(key, (reads.get(key) ?? 0) + 1)
            return subject.needs?.[key]
          }
          Object.defineProperty(options, key, { get, enumerable: true })
        }
        const exit = yield* outcomeOf(() => subject.use(Object.assign(options, filesOf(subject))))
        assert.isTrue(Exit.isSuccess(exit), inspect(exit).slice(0, 1000))
        if (name === "Simulation") return
        for (const [key, count] of reads) assert.strictEqual(count, 1, key)
      })
    )
  }

  it.live("fails with StoreSetupError when a getter throws, or when it is not an object", () =>
    Effect.gen(function* () {
      for (const name of ["Bulkhead", "Memory", "Sqlite", "Retry", "Statistics"]) {
        const { described, use } = subjects[name]!
        const options = Object.defineProperty({}, described.rows[0]!.name, {
          get: () => {
            throw new Error("no")
          }
        })
        for (const wrong of [options, null, 5, "options"]) {
          const exit = yield* outcomeOf(() => use(wrong))
          const error = Exit.isFailure(exit) ? (Cause.squash(exit.cause) as { readonly _tag: string }) : undefined
          assert.strictEqual(error?._tag, "StoreSetupError", `${name}: ${shown(wrong)}`)
        }
      }
    })
  )

  it.effect("is not quoted in an error where it may contain secrets", () =>
    Effect.gen(function* () {
      const secret = "hunter2"
      const layers: ReadonlyArray<Layer.Layer<any, unknown>> = [
        store().pipe(kv.FernetEncryption.wrap({ keys: secret } as Loose)),
        store().pipe(kv.FernetEncryption.wrap({ passphrase: secret, salt: 5 } as Loose)),
        store().pipe(kv.Aead.wrap({ keys: secret } as Loose)),
        store().pipe(kv.Aead.wrap({ keys: [secret] } as Loose)),
        store().pipe(kv.Aead.wrap(secret as Loose)),
        Redis.layer(`redis://:${secret}@localhost` as Loose),
        Redis.layer({ options: `redis://:${secret}@localhost` } as Loose),
        Redis.layer({ cluster: `redis://:${secret}@localhost` } as Loose),
        Redis.layer({ password: secret } as Loose),
        Redis.layer({ url: `redis://${secret}:${secret}@localhost/${secret}?${secret}=${secret}` }),
        Redis.layer({ url: { secret } } as Loose)
      ]
      for (const layer of layers) {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
        assert.strictEqual((error as { readonly _tag: string })._tag, "StoreSetupError")
        assert.notInclude(inspect(error, { depth: 10 }), secret)
      }
    })
  )
})

describeWithRedis("every option of Redis at its limits", (server) => {
  const needs = () => ({ url: server().url, prefix: uniquePrefix(), connectTimeout: "1 second" })
  const program = over((options) => Redis.layer(options))

  it.live("works as documented, or fails to build with StoreSetupError", () =>
    tryAll(
      "Redis",
      { described: Redis.described, needs: needs(), use: program },
      Redis.described.rows.filter(({ name }) => !name.startsWith("cluster."))
    )
  )

  it.live("works as documented beside the host and port of ioredis' own options", () => {
    const { hostname: host, port } = new URL(server().url)
    const { url: _, ...rest } = needs()
    return tryAll(
      "Redis",
      { described: Redis.described, needs: { ...rest, options: { host, port: Number(port) } }, use: program },
      Redis.described.rows.filter(({ name }) =>
        /^options\.(host|port|path|db|family|\w+Timeout|\w+Strategy)$/.test(name)
      )
    )
  })
})

describe("every option of a call at its limits", () => {
  type Call = (value: Loose) => Effect.Effect<unknown, unknown, any>
  class Users extends kv.Collection.Service<Users>()("users", { schema: Schema.String }) {}

  const update = (maxRetries: Loose) =>
    Effect.gen(function* () {
      const { update } = yield* Atomic.Atomic
      return yield* update("k", () => "new", { maxRetries })
    })

  const calls: Record<string, Call> = {
    "the TTL of put": (ttl) => KeyValue.KeyValue.use((it) => it.put("k", 1, { ttl })),
    "the TTL of putMany": (ttl) => KeyValue.KeyValue.use((it) => it.putMany([["k", 1]], { ttl })),
    "the TTL of getOrSet": (ttl) => KeyValue.KeyValue.use((it) => it.getOrSet("new", Effect.succeed(1), { ttl })),
    "the TTL of putIfAbsent": (ttl) => Atomic.Atomic.use((it) => it.putIfAbsent("k2", 1, { ttl })),
    "the TTL of update": (ttl) => Atomic.Atomic.use((it) => it.update("k", () => 1, { ttl })),
    "the TTL of a collection's put": (ttl) => Users.use((users) => users.put("k", "v", { ttl })),
    "the TTL of a collection's getOrSet": (ttl) =>
      Users.use((users) => users.getOrSet("other", Effect.succeed("v"), { ttl })),
    "the TTL of a collection": (ttl) =>
      Effect.flatMap(kv.Collection.make({ collection: "c", schema: Schema.String, ttl }), (c) => c.put("k", "v")),
    "the time of Deadline.within": (duration) =>
      Effect.timeoutOrElse(
        Effect.suspend(() => kv.Deadline.within(put, duration)),
        {
          duration: "1 second",
          orElse: () => Effect.die("hang")
        }
      ),
    "the retries of update": update,
    "the limit of keys": (limit) => kv.Enumeration.Enumeration.use((it) => Stream.runDrain(it.keys({ limit }))),
    "the page size of keys": (pageSize) =>
      kv.Enumeration.Enumeration.use((it) => Stream.runDrain(it.keys({ pageSize }))),
    "the collection of a call": (collection) => KeyValue.KeyValue.use((it) => it.put("k", 1, { collection })),
    "the collection to clear": (collection) => Maintenance.Maintenance.use((it) => it.clearCollection({ collection })),
    "the chunk size of a rotation": (chunkSize) => Stream.runDrain(kv.Rotation.rotate({ chunkSize })),
    "the concurrency of a rotation": (concurrency) => Stream.runDrain(kv.Rotation.rotate({ concurrency }))
  }

  /** A store in which every `compareAndPut` conflicts. */
  const losing = Driver.wrapper((driver) => ({ ...driver, atomic: { compareAndPut: () => Effect.succeed(false) } }))

  /** The other arguments are numbers or names, and only the compiler checks that. */
  const isTyped = (name: string) => /TTL|time|retries/.test(name)
  const isNumberLike = (value: unknown) => typeof value === "number" || typeof value === "string"

  const isTtl = (name: string) => name.startsWith("the TTL")

  const Store = Users.layer.pipe(Layer.provideMerge(store().pipe(kv.Deadline.wrap())))

  for (const [name, call] of Object.entries(calls)) {
    it.live(`${name} works, or fails with a typed error`, () =>
      Effect.gen(function* () {
        yield* put
        for (const value of isTyped(name) ? ends : ends.filter(isNumberLike)) {
          const exit = yield* outcomeOf(() => call(value) as Effect.Effect<unknown, unknown>)
          if (Exit.isSuccess(exit)) continue
          const what = `${name} = ${shown(value)}`
          assert.isFalse(Cause.hasDies(exit.cause), `${what}: ${Cause.pretty(exit.cause)}`)
          const { _tag } = Cause.squash(exit.cause) as { readonly _tag: string }
          assert.match(_tag, isTtl(name) ? /^InvalidTtlError$/ : /Error$/, what)
        }
      }).pipe(Effect.provide(Store))
    )
  }

  it.effect("update that always conflicts is tried once for any maxRetries below 1 or not a number", () =>
    Effect.gen(function* () {
      const { update } = yield* Atomic.Atomic
      for (const maxRetries of [0, -1, Number.NaN, -1e20, 0.5, {}, null, "soon"] as Loose) {
        const error = yield* Effect.flip(update("k", () => "mine", { maxRetries }))
        assert.strictEqual(error._tag === "ConflictError" && error.attempts, 1, shown(maxRetries))
      }
    }).pipe(Effect.provide(Memory.layer().pipe(losing)))
  )

  it.effect("Deadline.within fails with TimeoutError for a duration that is not positive or not valid", () =>
    Effect.gen(function* () {
      for (const duration of [0, -1, Number.NaN, "soon", null, {}, "-Infinity"] as Loose) {
        const error = yield* Effect.flip(kv.Deadline.within(put, duration))
        assert.strictEqual(error._tag, "TimeoutError", shown(duration))
      }
      for (const duration of [2 ** 31, 2 ** 53, 1e20, Number.MAX_VALUE, "Infinity"] as Loose) {
        yield* kv.Deadline.within(put, duration)
      }
    }).pipe(Effect.provide(Memory.layer().pipe(kv.Deadline.wrap())))
  )
})
