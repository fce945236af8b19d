/** What the cells of the comparison are read from: a file of a version or commit, or a page or program of this repository. */

export interface Source {
  readonly label: string
  /** An address, or a path from docs/evidence/. */
  readonly href: string
}

const github = (repository: string, commit: string, version: string) => (path: string) => ({
  label: `${repository.split("/")[1]} ${version}, \`${path}\``,
  href: `https://github.com/${repository}/${/\.\w+$/.test(path) ? "blob" : "tree"}/${commit}/${path}`
})

const packed = (name: string, version: string) => (path: string) => ({
  label: `${name} ${version}, \`${path}\``,
  href: `https://unpkg.com/${name}@${version}/${path}`
})

const history = (repository: string, commit: string) => ({
  label: `${repository.split("/")[1]}, commits up to \`${commit.slice(0, 8)}\``,
  href: `https://github.com/${repository}/commits/${commit}`
})

const keyvCommit = "90109616a94f6774c172c5f457b2195d5801d508"
const keyv = packed("keyv", "6.1.0")
const keyvRepository = github("jaredwray/keyv", keyvCommit, "6.0.0-rc.1")
const unstorage = packed("unstorage", "1.17.6")
const unstorageDocs = github("unjs/unstorage", "e2febded37759ec796e7d0233d4eb68c92423cc2", "1.17.5")
const cacheableCommit = "f50b770ec197a3dd628794a10adb456c1dab0bd7"
const cacheable = github("jaredwray/cacheable", cacheableCommit, "2.5.0")
const cacheManager = (path: string) => ({
  label: `cache-manager 7.2.9, \`${path}\``,
  href: `https://github.com/jaredwray/cacheable/blob/${cacheableCommit}/packages/cache-manager/${path}`
})
const bentocacheCommit = "c513aef166e13c60be13f5c7571ab6ee96c94dbe"
const bentocache = github("Julien-R44/bentocache", bentocacheCommit, "1.6.1")
const effect = packed("effect", "4.1.0")
const pyCommit = "279e1ee26234577c4104c7e40cc83d8e1b27c554"
const py = github("strawgate/py-key-value", pyCommit, "0.4.4")
const fusionCommit = "cfe63399fc208d10e0445244b59528a835754019"
const fusion = github("ZiggyCreatures/FusionCache", fusionCommit, "2.7.1")

const ours = (label: string, href: string) => ({ label, href })
const page = (path: string) => ours(`effect-kv, \`docs/${path}\``, `../${path}`)
/** A table of the page, whose program is named above it. */
const measured = (title: string, anchor: string) => ours(`measured: ${title}`, `#${anchor}`)

export const sources = {
  // effect-kv
  stores: page("reference/stores/index.md"),
  collections: page("concepts/collections.md"),
  batching: page("guides/batching.md"),
  capabilities: page("concepts/capabilities.md"),
  time: page("concepts/time-and-expiry.md"),
  wireFormat: page("reference/wire-format.md"),
  errors: page("reference/errors.md"),
  outcomes: page("concepts/errors-and-outcomes.md"),
  retry: page("reference/wrappers/Retry.md"),
  timeout: page("reference/wrappers/Timeout.md"),
  deadline: page("reference/wrappers/Deadline.md"),
  circuitBreaker: page("reference/wrappers/CircuitBreaker.md"),
  bulkhead: page("reference/wrappers/Bulkhead.md"),
  rateLimit: page("reference/wrappers/RateLimit.md"),
  hedge: page("reference/wrappers/Hedge.md"),
  fallback: page("reference/wrappers/Fallback.md"),
  values: page("concepts/values.md"),
  caching: page("guides/caching.md"),
  passthrough: page("reference/wrappers/PassthroughCache.md"),
  counters: page("guides/counters.md"),
  leases: page("guides/leases.md"),
  atomic: page("reference/modules/Atomic.md"),
  idempotency: page("guides/idempotency.md"),
  encryption: page("guides/encryption.md"),
  aead: page("reference/wrappers/Aead.md"),
  rotation: page("reference/modules/Rotation.md"),
  compression: page("reference/wrappers/Compression.md"),
  metrics: page("reference/metrics.md"),
  tracing: page("reference/wrappers/Tracing.md"),
  health: page("guides/health.md"),
  testing: page("guides/testing.md"),
  customWrappers: page("guides/custom-wrappers.md"),
  runtimes: page("guides/runtimes.md"),
  license: ours("effect-kv, `LICENSE`", "../../LICENSE"),
  changelog: ours("effect-kv, `CHANGELOG.md`", "../../CHANGELOG.md"),
  // measured
  mOutage: measured("when Redis fails", "when-redis-fails"),
  mLost: measured("a write that is lost", "a-write-that-is-lost"),
  mExpiry: measured("expiry and keys of other programs", "expiry-and-keys-of-other-programs"),
  mStampede: measured("loads at the same time", "loads-at-the-same-time"),
  mStale: measured("stale values and failing loads", "stale-values-and-failing-loads"),
  mChanges: measured("changes and invalidations", "changes-and-invalidations"),
  mBundle: measured("size of a small program", "size-of-a-small-program"),
  // keyv
  keyvCore: keyv("dist/index.mjs"),
  keyvTypes: keyv("dist/index.d.mts"),
  keyvPackage: keyv("package.json"),
  keyvReadme: keyvRepository("core/keyv/README.md"),
  keyvTree: keyvRepository("storage"),
  keyvRepository: { ...keyvRepository("README.md"), label: "keyv 6.0.0-rc.1, all folders" },
  keyvOthers: keyvRepository("website/site/docs/third-party-storage-adapters.md"),
  keyvRedis: packed("@keyv/redis", "5.1.6")("dist/index.js"),
  keyvEncryption: keyvRepository("encryption/encrypt-node/src/index.ts"),
  keyvSuite: keyvRepository("core/test-suite/README.md"),
  keyvBrowser: keyvRepository(".github/workflows/browser-compat.yaml"),
  keyvHistory: history("jaredwray/keyv", keyvCommit),
  keyv5Types: packed("keyv", "5.6.0")("dist/index.d.ts"),
  // unstorage
  unstorageDrivers: {
    label: "unstorage 1.17.6, `drivers`",
    href: "https://app.unpkg.com/unstorage@1.17.6/files/drivers"
  },
  unstorageCore: unstorage("dist/index.mjs"),
  unstorageRedis: unstorage("drivers/redis.mjs"),
  unstoragePackage: unstorage("package.json"),
  unstorageGuide: unstorageDocs("docs/1.guide/1.index.md"),
  unstorageHttp: unstorageDocs("docs/1.guide/3.http-server.md"),
  unstorageReadme: unstorageDocs("README.md"),
  unstorageHistory: history("unjs/unstorage", "afbb66ec266e0cec613cb087b49f75bf4deaaa41"),
  // cache-manager
  cacheManagerReadme: cacheManager("README.md"),
  cacheManagerCore: cacheManager("src/index.ts"),
  cacheManagerPackage: cacheManager("package.json"),
  cacheManagerHistory: history("jaredwray/cacheable", cacheableCommit),
  // cacheable
  cacheableReadme: cacheable("packages/cacheable/README.md"),
  cacheableCore: cacheable("packages/cacheable/src/index.ts"),
  cacheableOptions: cacheable("packages/cacheable/src/types.ts"),
  cacheableMemoize: cacheable("packages/utils/src/memoize.ts"),
  cacheablePackage: cacheable("packages/cacheable/package.json"),
  cacheableTree: { ...cacheable("packages"), label: "cacheable 2.5.0, all packages" },
  // bentocache
  bentoDrivers: bentocache("docs/content/docs/cache_drivers.md"),
  bentoProvider: bentocache("packages/bentocache/src/types/provider.ts"),
  bentoCache: bentocache("packages/bentocache/src/cache/cache.ts"),
  bentoErrors: bentocache("packages/bentocache/src/errors.ts"),
  bentoRemote: bentocache("packages/bentocache/src/cache/facades/remote_cache.ts"),
  bentoOptions: bentocache("docs/content/docs/options.md"),
  bentoMultiTier: bentocache("docs/content/docs/multi_tier.md"),
  bentoTimeouts: bentocache("docs/content/docs/timeouts.md"),
  bentoGrace: bentocache("docs/content/docs/grace_periods.md"),
  bentoStampede: bentocache("docs/content/docs/stampede_protection.md"),
  bentoTags: bentocache("docs/content/docs/tags.md"),
  bentoPrometheus: bentocache("docs/content/docs/plugins/prometheus.md"),
  bentoTelemetry: bentocache("docs/content/docs/telemetry.md"),
  bentoSuite: bentocache("docs/content/docs/extend/custom_cache_driver.md"),
  bentoEvents: bentocache("docs/content/docs/digging_deeper/events.md"),
  bentoTree: { ...bentocache("packages"), label: "bentocache 1.6.1, all packages" },
  bentoReadme: bentocache("README.md"),
  bentoPackage: bentocache("packages/bentocache/package.json"),
  bentoHistory: history("Julien-R44/bentocache", bentocacheCommit),
  // Effect
  effectKvs: effect("src/persistence/KeyValueStore.ts"),
  effectPersistence: effect("src/persistence/Persistence.ts"),
  effectPersistable: effect("src/persistence/Persistable.ts"),
  effectCache: effect("src/persistence/PersistedCache.ts"),
  effectQueue: effect("src/persistence/PersistedQueue.ts"),
  effectIndex: effect("src/persistence/index.ts"),
  effectBreaker: effect("src/persistence/CircuitBreaker.ts"),
  effectLimiter: effect("src/persistence/RateLimiter.ts"),
  effectCore: effect("src/Effect.ts"),
  effectReadme: effect("README.md"),
  effectPackage: effect("package.json"),
  // py-key-value
  pyStores: py("docs/stores.md"),
  pyAdapters: py("docs/adapters.md"),
  pyProtocol: py("src/key_value/aio/protocols/key_value.py"),
  pyRedis: py("src/key_value/aio/stores/redis/store.py"),
  pyErrors: py("src/key_value/aio/errors"),
  pyWrappers: py("src/key_value/aio/wrappers"),
  pyRetry: py("src/key_value/aio/wrappers/retry/wrapper.py"),
  pyTimeout: py("src/key_value/aio/wrappers/timeout/wrapper.py"),
  pyFallback: py("src/key_value/aio/wrappers/fallback/wrapper.py"),
  pyCache: py("src/key_value/aio/wrappers/passthrough_cache/wrapper.py"),
  pyFernet: py("src/key_value/aio/wrappers/encryption/fernet.py"),
  pyCompression: py("src/key_value/aio/wrappers/compression/wrapper.py"),
  pyStatistics: py("src/key_value/aio/wrappers/statistics/wrapper.py"),
  pyTree: { ...py("src/key_value/aio"), label: "py-key-value 0.4.4, all modules" },
  pyProject: py("pyproject.toml"),
  pyHistory: history("strawgate/py-key-value", pyCommit),
  // FusionCache
  fusionLevels: fusion("docs/CacheLevels.md"),
  fusionInterface: fusion("src/ZiggyCreatures.FusionCache/IFusionCache.cs"),
  fusionOptions: fusion("docs/Options.md"),
  fusionTree: { ...fusion("src"), label: "FusionCache 2.7.1, all packages" },
  fusionException: fusion("src/ZiggyCreatures.FusionCache/FusionCacheDistributedCacheException.cs"),
  fusionRecovery: fusion("docs/AutoRecovery.md"),
  fusionTimeouts: fusion("docs/Timeouts.md"),
  fusionMethods: fusion("docs/CoreMethods.md"),
  fusionEager: fusion("docs/EagerRefresh.md"),
  fusionFailSafe: fusion("docs/FailSafe.md"),
  fusionStampede: fusion("docs/CacheStampede.md"),
  fusionTagging: fusion("docs/Tagging.md"),
  fusionBackplane: fusion("docs/Backplane.md"),
  fusionHybrid: fusion("docs/MicrosoftHybridCache.md"),
  fusionMetrics: fusion("src/ZiggyCreatures.FusionCache/Internals/Diagnostics/Metrics.cs"),
  fusionTelemetry: fusion("docs/OpenTelemetry.md"),
  fusionChaos: fusion("src/ZiggyCreatures.FusionCache.Chaos/docs/README.md"),
  fusionSimulator: fusion("docs/Simulator.md"),
  fusionEvents: fusion("docs/Events.md"),
  fusionLicense: fusion("LICENSE.md"),
  fusionProject: fusion("src/ZiggyCreatures.FusionCache/ZiggyCreatures.FusionCache.csproj"),
  fusionHistory: history("ZiggyCreatures/FusionCache", fusionCommit)
} satisfies Readonly<Record<string, Source>>

export type SourceId = keyof typeof sources
