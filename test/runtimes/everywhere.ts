/** What is tried in every runtime. It imports nothing of Node. */
import { Data, Effect, Layer, Redacted, Schema, Stream } from "effect"
import { KeyValueStore } from "effect/persistence"
import {
  Aead,
  Atomic,
  Bulkhead,
  CircuitBreaker,
  Collection,
  Compression,
  Deadline,
  Driver,
  Enumeration,
  FernetEncryption,
  HmacNames,
  KeyValue,
  KeyValueError,
  Lease,
  LoadingCache,
  Memory,
  PassthroughCache,
  Requests,
  Retry,
  Statistics,
  Timeout
} from "effect-kv"
import * as EffectStore from "effect-kv/EffectStore"
import type { Step, Steps } from "./Step.ts"

class Different extends Data.TaggedError("Different")<{ readonly message: string }> {}

export const equal = (actual: unknown, expected: unknown): Effect.Effect<void, Different> => {
  const [a, b] = [actual, expected].map((value) =>
    value instanceof Uint8Array ? `bytes ${value}` : JSON.stringify(value)
  )
  return a === b ? Effect.void : Effect.fail(new Different({ message: `${a} instead of ${b}` }))
}

const key = Redacted.make(`${"A".repeat(43)}=`)

const document = { name: "Zoë", tags: ["a", "b"], text: "lorem ipsum ".repeat(500) }

/** Writes and reads values of both kinds, with and without a TTL. */
export const roundTrips = Effect.gen(function* () {
  const kv = yield* KeyValue.KeyValue
  const bytes = Uint8Array.from({ length: 2000 }, (_, i) => i % 7)
  yield* kv.put("document", document, { collection: "Runtime: 1", ttl: "1 hour" })
  yield* kv.putMany([
    ["bytes", bytes],
    ["short", 1]
  ])
  yield* equal(yield* kv.get("document", { collection: "Runtime: 1" }), document)
  yield* equal(yield* kv.get("bytes"), bytes)
  yield* equal(yield* kv.getMany(["short", "missing"]), [1, undefined])
  yield* kv.put("short", 2, { ttl: 30 })
  yield* Effect.sleep(60)
  yield* equal(yield* kv.get("short"), undefined)
  yield* equal(yield* kv.delete("bytes"), true)
  yield* kv.delete("document", { collection: "Runtime: 1" })
})

/** Fails the first two attempts of each read. */
const flaky = Driver.wrapperEffect(
  Effect.sync(() => {
    let calls = 0
    return Driver.around((call, next) =>
      call._tag === "get" && calls++ % 3 < 2
        ? Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason: "down", sent: false }))
        : next(call)
    )
  })
)

const policies = Memory.layer().pipe(
  flaky,
  Timeout.wrap("5 seconds"),
  Retry.wrap({ initialDelay: "1 millis" }),
  CircuitBreaker.wrap(),
  Bulkhead.wrap(),
  Deadline.wrap("10 seconds"),
  PassthroughCache.wrap({ cache: Memory.layer() }),
  Statistics.wrap()
)

const over = (layer: Layer.Layer<KeyValue.KeyValue, unknown>): Step => Effect.provide(roundTrips, layer)

class User extends Schema.Class<User>("User")({ name: Schema.String, born: Schema.Date }) {}

class Users extends Collection.Service<Users>()("users", { schema: User }) {}

const collections = Effect.gen(function* () {
  const users = yield* Users
  yield* users.put("alice", new User({ name: "Alice", born: new Date(0) }))
  yield* equal((yield* users.getOrFail("alice")).born.toISOString(), "1970-01-01T00:00:00.000Z")
}).pipe(Effect.provide(Users.layer.pipe(Layer.provide(Memory.layer()))))

const capabilities = Effect.gen(function* () {
  const atomic = yield* Atomic.Atomic
  yield* Effect.all(
    Array.from({ length: 20 }, () => atomic.increment("n")),
    { concurrency: "unbounded" }
  )
  yield* atomic.update("n", (n) => Number(n) + 1)
  yield* equal(yield* KeyValue.KeyValue.use((kv) => kv.get("n")), 21)
  const { keys } = yield* Enumeration.Enumeration
  yield* equal(yield* Stream.runCollect(keys()), ["n"])
  yield* equal(yield* Lease.withLease("job", {}, () => Effect.succeed("done")), "done")
})

const loading = Effect.gen(function* () {
  let lookups = 0
  const cache = yield* LoadingCache.make({
    collection: "prices",
    schema: Schema.Finite,
    lookup: (id: string) =>
      Effect.delay(
        Effect.sync(() => ++lookups * id.length),
        5
      ),
    ttl: "1 minute"
  })
  const prices = yield* Effect.replicateEffect(cache.get("abc"), 10, { concurrency: "unbounded" })
  yield* equal(new Set(prices).size, 1)
}).pipe(Effect.scoped, Effect.provide(Memory.layer()))

export const effectStore = (layer: Layer.Layer<KeyValueStore.KeyValueStore>): Step =>
  over(EffectStore.layer().pipe(Layer.provide(layer)))

const compressed = (algorithm: Compression.Options["algorithm"]): Step =>
  over(Memory.layer().pipe(Compression.wrap({ algorithm, minSize: 1 })))

export const everywhere: Steps = {
  "Memory, all policies, `PassthroughCache`, `Statistics`": over(policies),
  "`Atomic`, `Enumeration`, `Lease`": Effect.provide(capabilities, Memory.layer()),
  "`Collection`": collections,
  "`LoadingCache`": loading,
  "`Aead` with AES-256-GCM": over(Memory.layer().pipe(Aead.wrap({ keys: [{ id: "1", key }] }))),
  "`Aead` with XChaCha20-Poly1305": over(
    Memory.layer().pipe(Aead.wrap({ keys: [{ id: "1", key }], algorithm: "xchacha20-poly1305" }))
  ),
  "`FernetEncryption`, with a passphrase": over(
    Memory.layer().pipe(FernetEncryption.wrap({ passphrase: Redacted.make("correct horse"), salt: "salt" }))
  ),
  "`HmacNames`": over(Memory.layer().pipe(HmacNames.wrap({ key }))),
  "`Compression` with gzip": compressed("gzip"),
  "`Compression` with deflate": compressed("deflate"),
  "`Compression` with brotli": compressed("brotli"),
  "`Compression` with zstd": compressed("zstd"),
  "`EffectStore` on a `KeyValueStore` in memory": effectStore(KeyValueStore.layerMemory)
}

/** What a request of a Worker runs: the layers live no longer than the request. */
export const inRequest = (steps: Steps): Steps =>
  Object.fromEntries(
    Object.entries(steps).map(([name, step]) => [name, Effect.provideService(step, Requests.Current, "shared")])
  )
