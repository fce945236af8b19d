/** Every wrapper over its own store, by name, for tests of rules that hold for all wrappers. */
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import {
  Aead,
  Bulkhead,
  CircuitBreaker,
  CollectionRouting,
  Compression,
  Deadline,
  DefaultValue,
  Fallback,
  FernetEncryption,
  Hedge,
  HmacNames,
  type KeyValue,
  LimitSize,
  Logging,
  type Maintenance,
  Memory,
  PassthroughCache,
  PrefixCollections,
  PrefixKeys,
  RateLimit,
  Replicate,
  Retry,
  Routing,
  SingleCollection,
  Statistics,
  Timeout,
  Tracing,
  TtlClamp
} from "effect-kv"

const key = Redacted.make("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")

/** Makes a new store each time, because the same layer twice in a stack would be one store. */
const memory = () => Memory.layer({ maxEntries: 1_000_000 })

/** Makes new layers for each test, over a store that the test may replace. */
export const everyWrapper = (store: () => ReturnType<typeof memory> = memory) =>
  ({
    "no wrapper": store(),
    Timeout: store().pipe(Timeout.wrap("1 minute")),
    Deadline: store().pipe(Deadline.wrap("1 minute")),
    Retry: store().pipe(Retry.wrap()),
    Hedge: store().pipe(Hedge.wrap({ after: "1 minute" })),
    CircuitBreaker: store().pipe(CircuitBreaker.wrap({ per: "collection" })),
    Bulkhead: store().pipe(Bulkhead.wrap({ maxConcurrent: 2, maxQueue: 1_000_000, maxWait: "1 minute" })),
    RateLimit: store().pipe(RateLimit.wrap({ limit: 100_000_000 })),
    Compression: store().pipe(Compression.wrap({ minSize: 1_000_000 })),
    FernetEncryption: store().pipe(FernetEncryption.wrap({ keys: [key], envelope: "binary" })),
    Aead: store().pipe(Aead.wrap({ keys: [{ id: "1", key }] })),
    LimitSize: store().pipe(LimitSize.wrap({ maxSize: "1 MiB" })),
    TtlClamp: store().pipe(TtlClamp.wrap({ minTtl: "1 second", maxTtl: "1 day", missingTtl: "1 hour" })),
    DefaultValue: store().pipe(DefaultValue.wrap({ value: "default" })),
    PrefixKeys: store().pipe(PrefixKeys.wrap("prefix")),
    PrefixCollections: store().pipe(PrefixCollections.wrap("prefix")),
    HmacNames: store().pipe(HmacNames.wrap({ key })),
    SingleCollection: store().pipe(SingleCollection.wrap("one")),
    Logging: store().pipe(Logging.wrap(), Layer.provideMerge(Logger.layer([]))),
    Statistics: store().pipe(Statistics.wrap()),
    Tracing: store().pipe(Tracing.wrap()),
    PassthroughCache: store().pipe(PassthroughCache.wrap({ cache: memory() })),
    "PassthroughCache with misses": store().pipe(PassthroughCache.wrap({ cache: memory(), missTtl: "1 minute" })),
    Fallback: store().pipe(Fallback.wrap({ fallback: memory(), writeToFallback: true })),
    "Fallback with recovery": store().pipe(Fallback.wrap({ fallback: memory(), recovery: {} })),
    Replicate: store().pipe(Replicate.wrap({ replicas: [memory(), memory()] })),
    Routing: store().pipe(
      Routing.wrap({
        stores: { other: memory() },
        route: (collection) => (collection === "other" ? "other" : undefined)
      })
    ),
    CollectionRouting: store().pipe(CollectionRouting.wrap({ other: memory() }))
  }) satisfies Record<string, Layer.Layer<KeyValue.KeyValue | Maintenance.Maintenance, unknown>>
