/** Tests random sequences of operations on every wrapper, and on random stacks of wrappers, against a model. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Atomic } from "../../src/Atomic.ts"
import * as Driver from "../../src/Driver.ts"
import type { Enumeration } from "../../src/Enumeration.ts"
import type { KeyValue } from "../../src/KeyValue.ts"
import type { StoreSetupError } from "../../src/KeyValueError.ts"
import type { Maintenance } from "../../src/Maintenance.ts"
import * as Memory from "../../src/stores/Memory.ts"
import * as Aead from "../../src/wrappers/Aead.ts"
import * as Bulkhead from "../../src/wrappers/Bulkhead.ts"
import * as CircuitBreaker from "../../src/wrappers/CircuitBreaker.ts"
import * as Compression from "../../src/wrappers/Compression.ts"
import * as Deadline from "../../src/wrappers/Deadline.ts"
import * as Fallback from "../../src/wrappers/Fallback.ts"
import * as FernetEncryption from "../../src/wrappers/FernetEncryption.ts"
import * as Hedge from "../../src/wrappers/Hedge.ts"
import * as LimitSize from "../../src/wrappers/LimitSize.ts"
import * as PassthroughCache from "../../src/wrappers/PassthroughCache.ts"
import * as PrefixCollections from "../../src/wrappers/PrefixCollections.ts"
import * as PrefixKeys from "../../src/wrappers/PrefixKeys.ts"
import * as RateLimit from "../../src/wrappers/RateLimit.ts"
import * as Replicate from "../../src/wrappers/Replicate.ts"
import * as Retry from "../../src/wrappers/Retry.ts"
import * as Routing from "../../src/wrappers/Routing.ts"
import * as SingleCollection from "../../src/wrappers/SingleCollection.ts"
import * as Statistics from "../../src/wrappers/Statistics.ts"
import * as Timeout from "../../src/wrappers/Timeout.ts"
import * as Tracing from "../../src/wrappers/Tracing.ts"
import * as TtlClamp from "../../src/wrappers/TtlClamp.ts"
import * as any from "./arbitraries.ts"
import { compare, likeTheModel } from "./likeTheModel.ts"
import { steps } from "./steps.ts"

type Stack = Layer.Layer<KeyValue | Enumeration | Maintenance | Atomic, StoreSetupError>

const keys = [Redacted.make("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")] as const

const wrappers = {
  timeout: Timeout.wrap(),
  retry: Retry.wrap(),
  bulkhead: Bulkhead.wrap({ maxConcurrent: 1, maxQueue: 0 }),
  rateLimit: RateLimit.wrap({ limit: 1_000_000 }),
  deadline: Deadline.wrap("1 day"),
  hedge: Hedge.wrap({ after: "1 millis", maxExtra: 1 }),
  circuitBreaker: CircuitBreaker.wrap({ trip: { consecutive: 1 }, per: "collection" }),
  gzip: Compression.wrap({ minSize: 100 }),
  brotli: Compression.wrap({ minSize: 0, algorithm: "brotli" }),
  gzipBinary: Compression.wrap({ minSize: 100, envelope: "binary" }),
  zstdBinary: Compression.wrap({ minSize: 0, algorithm: "zstd", envelope: "binary" }),
  fernet: FernetEncryption.wrap({ keys }),
  fernetBinary: FernetEncryption.wrap({ keys, envelope: "binary" }),
  aead: Aead.wrap({ keys: [{ id: "1", key: keys[0] }], clockTolerance: "1 millis" }),
  limitSize: LimitSize.wrap({ maxSize: "1 GiB" }),
  ttlClamp: TtlClamp.wrap({ minTtl: "1 millis", maxTtl: "1 day" }),
  prefixKeys: PrefixKeys.wrap("p"),
  prefixKeysColon: PrefixKeys.wrap("q", { separator: ":" }),
  prefixCollections: PrefixCollections.wrap("p"),
  single: SingleCollection.wrap("single"),
  singleColon: SingleCollection.wrap("a::b", { separator: "::" }),
  cache: (self: Stack) => PassthroughCache.wrap({ cache: Memory.layer({ maxEntries: 5 }) })(self),
  cacheOfMisses: (self: Stack) =>
    PassthroughCache.wrap({
      cache: Memory.layer(),
      missTtl: "1 minute",
      refreshAhead: { fraction: 0.5 },
      maxStale: "1 hour"
    })(self),
  routing: (self: Stack) =>
    Routing.wrap({
      stores: { other: Memory.layer() },
      route: (collection) => (collection.length % 2 === 0 ? undefined : "other")
    })(self),
  statistics: Statistics.wrap(),
  tracing: Tracing.wrap()
} satisfies Record<string, (self: Stack) => Stack>

type Name = keyof typeof wrappers

const names = Arbitrary.array(any.pick(...(Object.keys(wrappers) as Array<Name>)), { maxLength: 5 })

const stack = (names: ReadonlyArray<Name>): Stack =>
  names.reduce<Stack>((stack, name) => wrappers[name](stack), Memory.layer())

describe("the model of a map with a clock, compared with wrappers", () => {
  for (const name of Object.keys(wrappers) as Array<Name>) likeTheModel(name, stack([name]), 30)

  likeTheModel("fallback", Memory.layer().pipe(Fallback.wrap({ fallback: Memory.layer(), writeToFallback: true })), 30)

  likeTheModel(
    "fallback with recovery",
    Memory.layer().pipe(Fallback.wrap({ fallback: Memory.layer(), recovery: {} })),
    30
  )

  likeTheModel("replicate", Memory.layer().pipe(Replicate.wrap({ replicas: [Memory.layer(), Memory.layer()] })), 30)

  it.effect.prop(
    "a random stack of wrappers behaves like a map with a clock",
    [names, steps],
    ([names, steps]) => Effect.provide(compare(steps), stack(names), { local: true }),
    { arbitrary: { runs: 150, size: 60, maxShrinks: 500 } }
  )
})

describe("the comparison with the model", () => {
  const broken = (transform: (driver: Driver.Driver) => Partial<Driver.Driver>) =>
    Memory.layer().pipe(Driver.wrapper((driver) => ({ ...driver, ...transform(driver) })))

  const faults = {
    "names that are joined without escaping": Memory.layer().pipe(
      Driver.wrapper(
        Driver.foldCollections("all", {
          encodeFirst: (first) => first,
          encode: (first, second) => `${first}__${second}`,
          decode: (name) => name.split("__") as [string, string]
        })
      )
    ),
    "a TTL that is lost on update": broken((driver) => ({
      atomic: {
        compareAndPut: (call) =>
          driver.atomic!.compareAndPut({ ...call, entry: call.entry && { ...call.entry, expiresAt: undefined } })
      }
    })),
    "a delete that misses the last of several keys": broken((driver) => ({
      delete: (call) => driver.delete({ ...call, keys: call.keys.length > 1 ? call.keys.slice(0, -1) : call.keys })
    })),
    "a last page that is lost": broken((driver) => ({
      listing: {
        ...driver.listing!,
        keys: (call) =>
          Effect.map(driver.listing!.keys(call), (page) =>
            call.cursor !== undefined && page.next === undefined ? { ...page, names: [] } : page
          )
      }
    }))
  }

  for (const [fault, layer] of Object.entries(faults)) {
    it.effect(`finds ${fault}`, () =>
      Effect.gen(function* () {
        const result = yield* Arbitrary.checkEffect(
          steps,
          (steps) =>
            Effect.as(Effect.catchDefect(Effect.provide(compare(steps), layer, { local: true }), Effect.fail), true),
          { runs: 300, size: 60, maxShrinks: 0, seed: 1 }
        )
        assert.strictEqual(result._tag, "Falsified")
      })
    )
  }
})
