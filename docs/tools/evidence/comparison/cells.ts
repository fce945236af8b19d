/** The tables of the comparison. Each cell has the sources that show it. */
import type { SourceId } from "./sources.ts"

export const libraries = {
  "effect-kv": "0.1.0",
  keyv: "6.1.0",
  unstorage: "1.17.6",
  "cache-manager": "7.2.9",
  cacheable: "2.5.0",
  bentocache: "1.6.1",
  Effect: "4.1.0",
  "py-key-value": "0.4.4",
  FusionCache: "2.7.1"
} as const

export type LibraryName = keyof typeof libraries

export type Cell = readonly [text: string, source: SourceId, ...more: ReadonlyArray<SourceId>]

export interface Column {
  readonly title: string
  readonly cells: Readonly<Record<LibraryName, Cell>>
}

export interface Group {
  readonly title: string
  readonly columns: ReadonlyArray<Column>
}

/** A column in which most libraries have nothing. Their cells name what was read in full. */
const mostlyNo = (
  title: string,
  cells: Partial<Record<LibraryName, Cell>>,
  read: Readonly<Record<Exclude<LibraryName, "effect-kv">, SourceId>>
): Column => {
  const no = Object.fromEntries(Object.entries(read).map(([library, source]) => [library, ["no", source] as const]))
  return { title, cells: { ...no, ...cells } as Column["cells"] }
}

/** Files that list all operations of a library. */
const operations = {
  keyv: "keyvCore",
  unstorage: "unstorageCore",
  "cache-manager": "cacheManagerCore",
  cacheable: "cacheableCore",
  bentocache: "bentoProvider",
  Effect: "effectKvs",
  "py-key-value": "pyProtocol",
  FusionCache: "fusionInterface"
} as const

/** Files that list all options, wrappers or modules of a library. */
const features = {
  keyv: "keyvTypes",
  unstorage: "unstorageCore",
  "cache-manager": "cacheManagerReadme",
  cacheable: "cacheableOptions",
  bentocache: "bentoOptions",
  Effect: "effectIndex",
  "py-key-value": "pyWrappers",
  FusionCache: "fusionOptions"
} as const

/** Lists of all packages of a library. */
const packages = {
  keyv: "keyvRepository",
  unstorage: "unstoragePackage",
  "cache-manager": "cacheableTree",
  cacheable: "cacheableTree",
  bentocache: "bentoTree",
  Effect: "effectIndex",
  "py-key-value": "pyTree",
  FusionCache: "fusionTree"
} as const

const data: Group = {
  title: "Data and stores",
  columns: [
    {
      title: "stores",
      cells: {
        "effect-kv": ["6: memory, Redis, SQLite, files, Effect's `KeyValueStore`, null", "stores"],
        keyv: ["memory, 10 adapters, 15 by others", "keyvTree", "keyvOthers"],
        unstorage: ["33 drivers", "unstorageDrivers"],
        "cache-manager": ["those of keyv 5", "cacheManagerPackage"],
        cacheable: ["those of keyv 5, and memory with LRU", "cacheableReadme"],
        bentocache: ["memory, Redis, files, DynamoDB, SQL by 3 query builders", "bentoDrivers"],
        Effect: ["memory, files, web storage, SQL, Redis", "effectKvs", "effectPersistence"],
        "py-key-value": ["22 stores", "pyStores"],
        FusionCache: ["memory, and every `IDistributedCache`", "fusionLevels"]
      }
    },
    {
      title: "typed values",
      cells: {
        "effect-kv": ["by schema, checked at run time", "collections"],
        keyv: ["by type parameter, not checked", "keyvReadme"],
        unstorage: ["by type parameter, not checked", "unstorageGuide"],
        "cache-manager": ["by type parameter, not checked", "cacheManagerCore"],
        cacheable: ["by type parameter, not checked", "cacheableCore"],
        bentocache: ["by type parameter, not checked", "bentoProvider"],
        Effect: ["by schema, checked at run time", "effectKvs", "effectPersistable"],
        "py-key-value": ["by Pydantic or dataclass, checked at run time", "pyAdapters"],
        FusionCache: ["by type parameter and serializer", "fusionInterface", "fusionLevels"]
      }
    },
    {
      title: "batches",
      cells: {
        "effect-kv": ["`getMany`, `putMany`, automatic batching", "batching"],
        keyv: ["`getMany`, `setMany`", "keyvCore"],
        unstorage: ["`getItems`, `setItems`, experimental", "unstorageGuide"],
        "cache-manager": ["`mget`, `mset`", "cacheManagerCore"],
        cacheable: ["`getMany`, `setMany`", "cacheableCore"],
        bentocache: ["only `deleteMany`", "bentoProvider"],
        Effect: ["`getMany`, `setMany`, `RequestResolver.persisted`", "effectPersistence"],
        "py-key-value": ["`get_many`, `put_many`", "pyProtocol"],
        FusionCache: ["no", "fusionInterface"]
      }
    },
    {
      title: "list of keys",
      cells: {
        "effect-kv": ["stream, page by page", "capabilities"],
        keyv: ["`iterator()`, if the adapter has one", "keyvCore"],
        unstorage: ["`getKeys(base)`, an array", "unstorageCore"],
        "cache-manager": ["keyv's `iterator()`", "cacheManagerReadme"],
        cacheable: ["keyv's `iterator()`, not of the default memory", "cacheableReadme"],
        bentocache: ["no", "bentoProvider"],
        Effect: ["`KeyValueStore`: an array; `Persistence`: no", "effectKvs", "effectPersistence"],
        "py-key-value": ["up to 10,000 keys, not in every store", "pyProtocol", "pyRedis"],
        FusionCache: ["no", "fusionInterface"]
      }
    },
    {
      title: "shortest step of a TTL on Redis",
      cells: {
        "effect-kv": ["1 ms", "time", "mExpiry"],
        keyv: ["1 ms", "mExpiry"],
        unstorage: ["1 s", "unstorageRedis", "mExpiry"],
        "cache-manager": ["1 ms", "mExpiry"],
        cacheable: ["1 ms", "mExpiry"],
        bentocache: ["1 ms", "mExpiry"],
        Effect: ["1 ms; `KeyValueStore` has no TTL", "mExpiry", "effectKvs"],
        "py-key-value": ["1 s", "pyRedis"],
        FusionCache: ["as the `IDistributedCache`", "fusionLevels"]
      }
    },
    {
      title: "languages that share data",
      cells: {
        "effect-kv": ["TypeScript, Python", "wireFormat"],
        keyv: ["JavaScript", "keyvRepository"],
        unstorage: ["any, through its HTTP server", "unstorageHttp"],
        "cache-manager": ["JavaScript", "cacheableTree"],
        cacheable: ["JavaScript", "cacheableTree"],
        bentocache: ["JavaScript", "bentoTree"],
        Effect: ["JavaScript", "effectIndex"],
        "py-key-value": ["Python; TypeScript with effect-kv", "wireFormat"],
        FusionCache: [".NET", "fusionTree"]
      }
    }
  ]
}

const errors: Group = {
  title: "Errors",
  columns: [
    {
      title: "errors in types",
      cells: {
        "effect-kv": ["yes: each call lists its errors", "errors"],
        keyv: ["no: `error` events", "keyvCore"],
        unstorage: ["no: what the driver throws", "unstorageCore"],
        "cache-manager": ["no: events", "cacheManagerCore"],
        cacheable: ["no: `error` events", "cacheableCore"],
        bentocache: ["classes, not in types", "bentoErrors"],
        Effect: ["yes: one error per module", "effectKvs", "effectPersistence"],
        "py-key-value": ["classes", "pyErrors"],
        FusionCache: ["classes", "fusionTree"]
      }
    },
    {
      title: "a read while Redis is down",
      cells: {
        "effect-kv": ["fails at once", "mOutage"],
        keyv: ["waits; without the client's queue: a miss", "mOutage"],
        unstorage: ["fails after about 10 s; without the client's queue: at once", "mOutage"],
        "cache-manager": ["waits; non-blocking: a miss", "mOutage", "cacheManagerCore"],
        cacheable: ["waits; non-blocking: a miss", "mOutage", "cacheableCore"],
        bentocache: [
          "fails after about 10 s; without the client's queue: at once; with memory in front: a miss",
          "mOutage",
          "bentoRemote",
          "bentoOptions"
        ],
        Effect: ["fails after 5 s", "mOutage"],
        "py-key-value": ["the client's exception", "pyRedis"],
        FusionCache: ["a miss, and a log line", "fusionOptions"]
      }
    },
    {
      title: "a failed write says whether it was applied",
      cells: {
        "effect-kv": ["yes: `outcome`", "outcomes", "mLost"],
        keyv: ["no: the result is `true`", "mLost"],
        unstorage: ["no", "mLost"],
        "cache-manager": ["no: the call succeeds", "mLost"],
        cacheable: ["no: the result is `true`", "mLost"],
        bentocache: ["no", "mLost", "bentoErrors"],
        Effect: ["no", "mLost", "effectPersistence"],
        "py-key-value": ["no", "pyErrors"],
        FusionCache: ["no", "fusionException"]
      }
    }
  ]
}

const resilience: Group = {
  title: "Resilience",
  columns: [
    mostlyNo(
      "retry",
      {
        "effect-kv": ["`Retry`, with a budget", "retry"],
        bentocache: ["only messages of the bus", "bentoMultiTier"],
        Effect: ["`Effect.retry`, around your calls", "effectCore"],
        "py-key-value": ["`RetryWrapper`", "pyRetry"],
        FusionCache: ["later, in the background (auto-recovery)", "fusionRecovery"]
      },
      features
    ),
    mostlyNo(
      "timeout",
      {
        "effect-kv": ["`Timeout`, `Deadline`", "timeout", "deadline"],
        keyv: ["only to connect (`@keyv/redis`)", "keyvRedis"],
        bentocache: ["only of loads", "bentoTimeouts"],
        Effect: ["`Effect.timeout`, around your calls", "effectCore"],
        "py-key-value": ["`TimeoutWrapper`", "pyTimeout"],
        FusionCache: ["loads and second level, soft and hard", "fusionTimeouts"]
      },
      features
    ),
    mostlyNo(
      "circuit breaker",
      {
        "effect-kv": ["by failure rate, with probes", "circuitBreaker"],
        bentocache: ["second level, for a fixed time", "bentoOptions"],
        Effect: ["module `CircuitBreaker`, around your calls", "effectBreaker"],
        FusionCache: ["second level and backplane, for a fixed time", "fusionOptions"]
      },
      features
    ),
    mostlyNo(
      "bulkhead, rate limit",
      {
        "effect-kv": ["`Bulkhead`, `RateLimit`", "bulkhead", "rateLimit"],
        Effect: ["`RateLimiter`, around your calls", "effectLimiter"]
      },
      features
    ),
    mostlyNo(
      "hedged reads",
      {
        "effect-kv": ["`Hedge`", "hedge"]
      },
      features
    ),
    mostlyNo(
      "second store in an outage",
      {
        "effect-kv": ["`Fallback`, replays writes", "fallback"],
        "cache-manager": ["reads try one store after the other", "cacheManagerCore"],
        cacheable: ["memory in front", "cacheableReadme"],
        bentocache: ["memory in front", "bentoMultiTier"],
        "py-key-value": ["`FallbackWrapper`, no replay", "pyFallback"],
        FusionCache: ["memory in front, replays writes", "fusionLevels", "fusionRecovery"]
      },
      features
    )
  ]
}

const caching: Group = {
  title: "Caching",
  columns: [
    mostlyNo(
      "loads missing values",
      {
        "effect-kv": ["`getOrSet`, `LoadingCache`", "values", "caching"],
        "cache-manager": ["`wrap`", "cacheManagerReadme"],
        cacheable: ["`getOrSet`, `wrap`", "cacheableReadme"],
        bentocache: ["`getOrSet`", "bentoProvider"],
        Effect: ["`PersistedCache`", "effectCache"],
        FusionCache: ["`GetOrSet`", "fusionMethods"]
      },
      operations
    ),
    mostlyNo(
      "stale value while it refreshes",
      {
        "effect-kv": ["yes, or ahead of the end", "caching", "mStale"],
        "cache-manager": ["only ahead of the end", "cacheManagerReadme", "mStale"],
        bentocache: ["yes", "bentoGrace", "mStale"],
        FusionCache: ["yes, or ahead of the end", "fusionTimeouts", "fusionEager"],
        cacheable: ["no", "cacheableMemoize", "mStale"],
        Effect: ["no", "effectCache", "mStale"]
      },
      operations
    ),
    mostlyNo(
      "stale value if the load fails",
      {
        "effect-kv": ["yes", "caching", "mStale"],
        "cache-manager": ["no", "cacheManagerCore", "mStale"],
        cacheable: ["no: the result is `undefined`", "cacheableMemoize", "mStale"],
        bentocache: ["yes", "bentoGrace", "mStale"],
        Effect: ["no: the error is stored like a value", "effectCache", "mStale"],
        FusionCache: ["yes", "fusionFailSafe"]
      },
      operations
    ),
    mostlyNo(
      "one load per process",
      {
        "effect-kv": ["yes", "mStampede"],
        "cache-manager": ["yes", "mStampede"],
        cacheable: ["yes", "mStampede"],
        bentocache: ["yes", "bentoStampede", "mStampede"],
        Effect: ["yes", "mStampede"],
        FusionCache: ["yes", "fusionStampede"]
      },
      operations
    ),
    mostlyNo(
      "one load in all processes",
      {
        "effect-kv": ["with `lease`", "caching", "mStampede"],
        "cache-manager": ["no", "mStampede"],
        cacheable: ["no", "mStampede"],
        bentocache: ["no", "bentoStampede", "mStampede"],
        Effect: ["no", "mStampede"],
        FusionCache: ["with a distributed locker", "fusionStampede"]
      },
      operations
    )
  ]
}

const coherence: Group = {
  title: "Invalidation",
  columns: [
    mostlyNo(
      "tags",
      {
        "effect-kv": ["`invalidateTags`", "caching"],
        cacheable: ["`invalidateTags`, off by default", "cacheableReadme"],
        bentocache: ["`deleteByTag`", "bentoTags"],
        FusionCache: ["`RemoveByTag`", "fusionTagging"]
      },
      operations
    ),
    mostlyNo(
      "memory in front of a store",
      {
        "effect-kv": ["`PassthroughCache`", "passthrough"],
        "cache-manager": ["several stores", "cacheManagerReadme"],
        cacheable: ["primary and secondary", "cacheableReadme"],
        bentocache: ["L1 and L2", "bentoMultiTier"],
        Effect: ["`PersistedCache`, 10 s by default", "effectCache"],
        "py-key-value": ["`PassthroughCacheWrapper`", "pyCache"],
        FusionCache: ["L1 and L2", "fusionLevels"]
      },
      operations
    ),
    mostlyNo(
      "other processes see a change",
      {
        "effect-kv": ["not yet: after `maxTtl`", "passthrough", "mChanges"],
        "cache-manager": ["after the TTL", "mChanges"],
        cacheable: ["at once with `sync`", "cacheableReadme", "mChanges"],
        bentocache: ["at once with a bus", "bentoMultiTier", "mChanges"],
        Effect: ["after the TTL in memory", "effectCache"],
        "py-key-value": ["after `maximum_ttl`", "pyCache"],
        FusionCache: ["at once with a backplane", "fusionBackplane"]
      },
      operations
    ),
    mostlyNo(
      "a load that began before an invalidation",
      {
        "effect-kv": ["does not fill the cache", "caching", "mChanges"],
        "cache-manager": ["stores the old value", "mChanges"],
        cacheable: ["stores the old value", "mChanges"],
        bentocache: ["stores the old value", "mChanges"],
        Effect: ["stores the old value", "mChanges"],
        FusionCache: ["not stated; entries are compared by time", "fusionTagging"]
      },
      operations
    )
  ]
}

const concurrency: Group = {
  title: "Concurrency",
  columns: [
    mostlyNo(
      "conditional writes",
      {
        "effect-kv": ["`putIfAbsent`, `update`, `deleteIf`", "atomic"],
        bentocache: ["no: `pull` reads, then deletes", "bentoCache"],
        Effect: ["no: `modify` reads, then writes", "effectKvs"]
      },
      operations
    ),
    mostlyNo("counters", { "effect-kv": ["`increment`, with range and TTL", "counters"] }, operations),
    mostlyNo(
      "locks between processes",
      {
        "effect-kv": ["`Lease`, with fencing tokens", "leases"],
        FusionCache: ["only inside of `GetOrSet`", "fusionStampede"]
      },
      operations
    ),
    mostlyNo(
      "effects that run once",
      {
        "effect-kv": ["`Idempotency.once`", "idempotency"],
        Effect: ["`PersistedQueue` drops duplicate ids", "effectQueue"]
      },
      operations
    )
  ]
}

const security: Group = {
  title: "Encryption and size",
  columns: [
    mostlyNo(
      "encryption",
      {
        "effect-kv": ["AES-256-GCM, XChaCha20-Poly1305, Fernet", "encryption"],
        keyv: ["AES-256-GCM and others (`@keyv/encrypt-node`, not on npm on 2026-12-01)", "keyvEncryption"],
        "cache-manager": ["no: keyv 5 has none", "keyv5Types"],
        cacheable: ["no: keyv 5 has none", "keyv5Types"],
        "py-key-value": ["Fernet", "pyFernet"],
        FusionCache: ["no", "fusionTree"]
      },
      features
    ),
    mostlyNo(
      "bound to its key",
      {
        "effect-kv": ["with `Aead`: to collection, key and expiry", "aead"],
        keyv: ["no", "keyvEncryption"],
        "cache-manager": ["no", "keyv5Types"],
        cacheable: ["no", "keyv5Types"],
        "py-key-value": ["no", "pyFernet"]
      },
      features
    ),
    mostlyNo(
      "key rotation",
      {
        "effect-kv": ["several keys; `Rotation` re-encrypts", "rotation"],
        keyv: ["no: one key", "keyvEncryption"],
        "cache-manager": ["no", "keyv5Types"],
        cacheable: ["no", "keyv5Types"],
        "py-key-value": ["several keys (`MultiFernet`)", "pyFernet"]
      },
      features
    ),
    mostlyNo(
      "compression",
      {
        "effect-kv": ["gzip, zstd, brotli, deflate", "compression"],
        keyv: ["gzip, brotli, lz4", "keyvReadme"],
        "cache-manager": ["keyv's adapters", "keyv5Types"],
        cacheable: ["keyv's adapters", "keyv5Types"],
        "py-key-value": ["gzip", "pyCompression"],
        FusionCache: ["not yet", "fusionHybrid"]
      },
      features
    )
  ]
}

const operation: Group = {
  title: "Operation and tests",
  columns: [
    mostlyNo(
      "metrics",
      {
        "effect-kv": ["OpenTelemetry's names for databases, and its own", "metrics"],
        keyv: ["counters of its own (`stats`)", "keyvCore"],
        cacheable: ["counters of its own (`stats`)", "cacheableReadme"],
        bentocache: ["Prometheus, names of its own", "bentoPrometheus"],
        "py-key-value": ["counters of its own", "pyStatistics"],
        FusionCache: ["OpenTelemetry, names of its own", "fusionMetrics"]
      },
      features
    ),
    mostlyNo(
      "spans",
      {
        "effect-kv": ["`Tracing`, OpenTelemetry's names", "tracing"],
        bentocache: ["`@bentocache/otel`, experimental", "bentoTelemetry"],
        FusionCache: ["OpenTelemetry", "fusionTelemetry"]
      },
      features
    ),
    mostlyNo("health", { "effect-kv": ["`Health`: up, degraded or down", "health"] }, packages),
    mostlyNo(
      "test tools",
      {
        "effect-kv": ["contract, fault injection, simulation, virtual time", "testing"],
        keyv: ["contract (`@keyv/test-suite`)", "keyvSuite"],
        bentocache: ["contract, for Japa", "bentoSuite"],
        Effect: ["memory store, virtual time", "effectPersistence"],
        FusionCache: ["fault injection, simulator", "fusionChaos", "fusionSimulator"]
      },
      packages
    ),
    mostlyNo(
      "events, hooks",
      {
        "effect-kv": ["no: a wrapper of yours sees each call", "customWrappers"],
        keyv: ["events, hooks", "keyvReadme"],
        unstorage: ["`watch`", "unstorageGuide"],
        "cache-manager": ["events", "cacheManagerReadme"],
        cacheable: ["events, hooks", "cacheableReadme"],
        bentocache: ["events", "bentoEvents"],
        FusionCache: ["events, plugins", "fusionEvents"]
      },
      features
    )
  ]
}

const project: Group = {
  title: "Package and project",
  columns: [
    {
      title: "runs on",
      cells: {
        "effect-kv": ["Node 20, Bun, Deno, Workers, browsers", "runtimes"],
        keyv: ["Node 22.19, Bun, browsers", "keyvPackage", "keyvReadme", "keyvBrowser"],
        unstorage: ["Node, Workers, browsers", "unstorageReadme"],
        "cache-manager": ["Node", "cacheManagerReadme"],
        cacheable: ["Node", "cacheablePackage"],
        bentocache: ["Node", "bentoReadme"],
        Effect: ["Node 22.19, and others", "effectReadme"],
        "py-key-value": ["Python 3.10", "pyProject"],
        FusionCache: [".NET Standard 2.0, .NET 8", "fusionProject"]
      }
    },
    {
      title: "interface",
      cells: {
        "effect-kv": ["Effect", "stores"],
        keyv: ["promises", "keyvReadme"],
        unstorage: ["promises, HTTP server", "unstorageGuide", "unstorageHttp"],
        "cache-manager": ["promises", "cacheManagerReadme"],
        cacheable: ["promises", "cacheableReadme"],
        bentocache: ["promises", "bentoProvider"],
        Effect: ["Effect", "effectKvs"],
        "py-key-value": ["async", "pyProtocol"],
        FusionCache: ["sync and async", "fusionMethods"]
      }
    },
    {
      title: "size of a small program",
      cells: {
        "effect-kv": ["46.2 KB, with Effect", "mBundle"],
        keyv: ["9.1 KB", "mBundle"],
        unstorage: ["2.9 KB", "mBundle"],
        "cache-manager": ["4.8 KB", "mBundle"],
        cacheable: ["17.8 KB", "mBundle"],
        bentocache: ["40.4 KB", "mBundle"],
        Effect: ["12.3 KB (`KeyValueStore`)", "mBundle"],
        "py-key-value": ["not bundled", "pyProject"],
        FusionCache: ["not bundled", "fusionProject"]
      }
    },
    {
      title: "license",
      cells: {
        "effect-kv": ["MIT", "license"],
        keyv: ["MIT", "keyvPackage"],
        unstorage: ["MIT", "unstoragePackage"],
        "cache-manager": ["MIT", "cacheManagerPackage"],
        cacheable: ["MIT", "cacheablePackage"],
        bentocache: ["MIT", "bentoPackage"],
        Effect: ["MIT", "effectPackage"],
        "py-key-value": ["Apache-2.0", "pyProject"],
        FusionCache: ["MIT", "fusionLicense"]
      }
    },
    {
      title: "age and authors",
      cells: {
        "effect-kv": ["new: first version, no known users", "changelog"],
        keyv: ["since 2017, 88 authors", "keyvHistory"],
        unstorage: ["since 2021, 113 authors", "unstorageHistory"],
        "cache-manager": ["since 2013, 114 authors", "cacheManagerHistory"],
        cacheable: ["since 2024, in the same repository", "cacheManagerHistory"],
        bentocache: ["since 2023, 19 authors", "bentoHistory"],
        Effect: ["LTS; these modules are marked unstable", "effectReadme", "effectKvs"],
        "py-key-value": ["since 2025, 6 authors, alpha", "pyHistory", "pyProject"],
        FusionCache: ["since 2020, 47 authors", "fusionHistory"]
      }
    }
  ]
}

export const groups: ReadonlyArray<Group> = [
  data,
  errors,
  resilience,
  caching,
  coherence,
  concurrency,
  security,
  operation,
  project
]
