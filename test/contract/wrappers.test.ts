/** The store contract through every wrapper and some stacks, over Memory. */
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Memory from "../../src/stores/Memory.ts"
import { allCapabilities as capabilities } from "../../src/testing/StoreContract.ts"
import * as Aead from "../../src/wrappers/Aead.ts"
import * as Bulkhead from "../../src/wrappers/Bulkhead.ts"
import * as CircuitBreaker from "../../src/wrappers/CircuitBreaker.ts"
import * as CollectionRouting from "../../src/wrappers/CollectionRouting.ts"
import * as Compression from "../../src/wrappers/Compression.ts"
import * as Deadline from "../../src/wrappers/Deadline.ts"
import * as DefaultValue from "../../src/wrappers/DefaultValue.ts"
import * as Fallback from "../../src/wrappers/Fallback.ts"
import * as FernetEncryption from "../../src/wrappers/FernetEncryption.ts"
import * as Hedge from "../../src/wrappers/Hedge.ts"
import * as HmacNames from "../../src/wrappers/HmacNames.ts"
import * as LimitSize from "../../src/wrappers/LimitSize.ts"
import * as Logging from "../../src/wrappers/Logging.ts"
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
import { contract } from "./suite.ts"

/** A new store for each call, because the same layer twice in a stack would be one store. */
const memory = () => Memory.layer({ maxEntries: 500 })
const all = { capabilities, maxEntries: 500 } as const

const keys = [Redacted.make("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")] as const
const silent = Logger.layer([])

/** Collections are spread over the stores by the last character of their names. */
const byLastCharacter = (collection: string): "even" | "odd" | undefined => {
  const code = collection.charCodeAt(collection.length - 1)
  return code % 3 === 0 ? undefined : code % 3 === 1 ? "even" : "odd"
}

// One wrapper

contract("Timeout", memory().pipe(Timeout.wrap("5 seconds")), all)
contract("Retry", memory().pipe(Retry.wrap({ initialDelay: "10 millis" })), all)
contract(
  "CircuitBreaker",
  memory().pipe(CircuitBreaker.wrap({ per: "collection", maxCollections: 3, trip: { consecutive: 1 } })),
  all
)
contract("Bulkhead", memory().pipe(Bulkhead.wrap({ maxConcurrent: 1 })), all)
contract("RateLimit", memory().pipe(RateLimit.wrap({ limit: 1_000_000, cost: "keys", onExceeded: "wait" })), all)
contract("Deadline", memory().pipe(Deadline.wrap("1 minute")), all)
contract("Deadline without a default limit", memory().pipe(Deadline.wrap()), all)
contract("Hedge", memory().pipe(Hedge.wrap({ after: "10 millis" })), all)
contract("Compression of every value", memory().pipe(Compression.wrap({ minSize: 0 })), all)
contract("Compression", memory().pipe(Compression.wrap()), all)
contract("FernetEncryption", memory().pipe(FernetEncryption.wrap({ keys })), all)
contract(
  "FernetEncryption with the binary envelope",
  memory().pipe(FernetEncryption.wrap({ keys, envelope: "binary", maxAge: "50000 days" })),
  all
)
contract("Aead", memory().pipe(Aead.wrap({ keys: [{ id: "1", key: keys[0] }] })), all)
contract(
  "Aead with XChaCha20",
  memory().pipe(Aead.wrap({ keys: [{ id: "1", key: keys[0] }], algorithm: "xchacha20-poly1305", storeId: "s" })),
  all
)
contract("HmacNames", memory().pipe(HmacNames.wrap({ key: keys[0] })), {
  capabilities: ["Maintenance", "Atomic"],
  maxEntries: 500
})
contract("HmacNames of keys only", memory().pipe(HmacNames.wrap({ key: keys[0], collections: false })), {
  capabilities: ["Maintenance", "Atomic"],
  maxEntries: 500
})
contract(
  "Compression of every value with the binary envelope",
  memory().pipe(Compression.wrap({ minSize: 0, envelope: "binary" })),
  all
)
contract("LimitSize", memory().pipe(LimitSize.wrap({ maxSize: "4 MiB", onTooLarge: "ignore" })), all)
contract("TtlClamp", memory().pipe(TtlClamp.wrap({ minTtl: "1 millis", maxTtl: "40000 days" })), all)
contract("PrefixKeys", memory().pipe(PrefixKeys.wrap("key_prefix")), all)
contract("PrefixCollections", memory().pipe(PrefixCollections.wrap("collection_prefix")), all)
contract("SingleCollection", memory().pipe(SingleCollection.wrap("test")), all)
contract(
  "SingleCollection with the separator ::",
  memory().pipe(SingleCollection.wrap("a::b", { separator: "::" })),
  all
)
contract("Logging", memory().pipe(Logging.wrap({ logValues: true, logStart: true }), Layer.provideMerge(silent)), all)
contract("Statistics", memory().pipe(Statistics.wrap()), all)
contract("Tracing", memory().pipe(Tracing.wrap()), all)
contract("PassthroughCache", memory().pipe(PassthroughCache.wrap({ cache: memory() })), all)
contract(
  "PassthroughCache with a cache of 3 entries",
  memory().pipe(PassthroughCache.wrap({ cache: Memory.layer({ maxEntries: 3 }) })),
  all
)
contract("Fallback", memory().pipe(Fallback.wrap({ fallback: memory(), writeToFallback: true })), {
  capabilities: ["Enumeration", "Maintenance"],
  maxEntries: 500
})
contract("Fallback with recovery", memory().pipe(Fallback.wrap({ fallback: memory(), recovery: {} })), {
  capabilities: ["Enumeration", "Maintenance"],
  maxEntries: 500
})
contract("Replicate", memory().pipe(Replicate.wrap({ replicas: [memory(), memory()] })), {
  capabilities: ["Enumeration", "Maintenance"],
  maxEntries: 500
})
contract(
  "PassthroughCache with all options",
  memory().pipe(
    PassthroughCache.wrap({
      cache: memory(),
      maxTtl: "1 minute",
      missTtl: "1 minute",
      refreshAhead: { fraction: 0.2 },
      maxStale: "1 hour",
      staleWhileRevalidate: true
    })
  ),
  all
)
contract(
  "Routing",
  memory().pipe(Routing.wrap({ stores: { even: memory(), odd: memory() }, route: byLastCharacter })),
  all
)
contract(
  "CollectionRouting",
  memory().pipe(CollectionRouting.wrap({ default_collection: memory(), __proto__x: memory(), constructor: memory() })),
  all
)
contract("DefaultValue", memory().pipe(DefaultValue.wrap({ value: { obj_key: "obj_value" }, ttl: "100 seconds" })), {
  ...all,
  misses: false
})

// Stacks

contract(
  "the recommended order",
  memory().pipe(
    Timeout.wrap("1 second"),
    Hedge.wrap(),
    Retry.wrap(),
    CircuitBreaker.wrap(),
    Bulkhead.wrap({ maxConcurrent: 2 }),
    RateLimit.wrap({ limit: 1_000_000 }),
    Deadline.wrap("5 seconds"),
    FernetEncryption.wrap({ keys }),
    Compression.wrap({ minSize: 64 }),
    LimitSize.wrap({ maxSize: "4 MiB" }),
    PrefixCollections.wrap("tenant"),
    PassthroughCache.wrap({ cache: memory() }),
    Statistics.wrap(),
    Tracing.wrap(),
    Logging.wrap(),
    Layer.provideMerge(silent)
  ),
  all
)
contract(
  "nested wrappers of names",
  memory().pipe(
    SingleCollection.wrap("all", { separator: "::" }),
    PrefixCollections.wrap("a"),
    PrefixKeys.wrap("b"),
    PrefixKeys.wrap("c", { separator: ":" }),
    SingleCollection.wrap("one"),
    PrefixCollections.wrap("d", { separator: "/" })
  ),
  all
)
contract(
  "py-key-value's order, with Retry outside the codecs",
  memory().pipe(
    Compression.wrap({ minSize: 0 }),
    FernetEncryption.wrap({ keys }),
    FernetEncryption.wrap({ keys }),
    Compression.wrap({ minSize: 0, algorithm: "brotli" }),
    TtlClamp.wrap({ minTtl: "1 millis", maxTtl: "40000 days" }),
    Timeout.wrap(),
    Retry.wrap(),
    Timeout.wrap("1 minute")
  ),
  all
)
contract(
  "every codec twice, in both envelopes",
  memory().pipe(
    Aead.wrap({ keys: [{ id: "1", key: keys[0] }] }),
    Compression.wrap({ minSize: 0, envelope: "binary", algorithm: "zstd" }),
    FernetEncryption.wrap({ keys, envelope: "binary" }),
    FernetEncryption.wrap({ keys }),
    Aead.wrap({ keys: [{ id: "1", key: keys[0] }], algorithm: "xchacha20-poly1305" }),
    Compression.wrap({ minSize: 0 })
  ),
  all
)
contract(
  "different stacks combined by Routing and Fallback",
  memory().pipe(
    PrefixKeys.wrap("far"),
    Routing.wrap({
      stores: {
        even: memory().pipe(Compression.wrap({ minSize: 0 }), SingleCollection.wrap("even")),
        odd: memory().pipe(FernetEncryption.wrap({ keys }), PassthroughCache.wrap({ cache: memory() }))
      },
      route: byLastCharacter
    }),
    Fallback.wrap({ fallback: memory().pipe(PrefixCollections.wrap("fallback")) }),
    Statistics.wrap()
  ),
  { capabilities: ["Enumeration", "Maintenance"], maxEntries: 500 }
)
