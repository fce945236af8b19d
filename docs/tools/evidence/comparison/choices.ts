/** When another library is the better choice. */

export const choices: ReadonlyArray<readonly [title: string, text: string]> = [
  [
    "effect-kv",
    "You use Effect 4. A failed call must never look like a miss, and a failed write must say whether it may have been applied. You need retries, limits, encryption or a second store as layers in the order that you choose, or atomic updates, leases and counters on the same store. You test outages. **Not yet for you if** a memory cache must follow changes of other processes at once, if you need a database that none of its six stores speaks to, or if your team does not use Effect. effect-kv is new: nobody has run it for years, and its authors are few."
  ],
  [
    "keyv",
    "You want one small interface over many databases, with or without Effect. keyv has official adapters for ten backends, many more by others, and hooks around every operation. Many libraries accept a `Keyv`, so it is the common denominator. Listen for `error`, and set `throwOnErrors` of the Redis adapter if you must know that a write failed."
  ],
  [
    "unstorage",
    "Your program runs at the edge or in several clouds, and a framework such as Nitro or Nuxt mounts its storage. No other library here has as many drivers (33), mounts several of them like a file tree, watches them, and serves them over HTTP. It is storage, not a cache: there is no loading, and a TTL only in some drivers."
  ],
  [
    "cache-manager",
    "You want to wrap a few functions with a cache in two lines, such as in NestJS. It is the oldest library here and its interface is small. Its default store returns the same object that you put, so hits cost almost nothing."
  ],
  [
    "cacheable",
    "You want two levels with little setup: memory in front, Redis behind, tags, and messages between processes (`sync`) over Redis, NATS and others. It also has statistics, hooks, per-level TTLs, and packages for HTTP, files and memory."
  ],
  [
    "bentocache",
    "You want a complete cache for Node with promises: two levels that a bus keeps coherent, grace periods, tags, a Prometheus plugin with a dashboard, and good documentation. Its coherence between processes is what effect-kv does not have yet."
  ],
  [
    "Effect's own modules",
    "You need to keep the results of requests, or strings by key, and nothing more. `KeyValueStore`, `Persistence` and `PersistedCache` come with Effect, and Effect's own modules use them. They need no further package. effect-kv can provide all three later ([guide](../guides/effect-persistence.md)), so you can begin with them."
  ],
  [
    "py-key-value",
    "Your program is in Python. It has 22 stores, wrappers that stack in the same way, and adapters for Pydantic. effect-kv took its model of collections and its formats from it, so a service in TypeScript can read the same Redis ([wire format](../reference/wire-format.md))."
  ],
  [
    "FusionCache",
    "Your program is in .NET. FusionCache has the most features of a cache here: fail-safe, soft and hard timeouts, eager refresh, tags, a backplane, recovery after outages, a lock between nodes, OpenTelemetry, and a simulator. It is a cache only: it has no atomic updates and does not list keys."
  ]
]

/** What the other libraries have and effect-kv does not. */
export const missing: ReadonlyArray<string> = [
  "messages between processes that keep memory caches coherent (bentocache, cacheable, FusionCache)",
  "stores for other databases: PostgreSQL, MySQL, MongoDB, DynamoDB, Memcached, S3, Cloudflare KV (keyv, unstorage, py-key-value). [EffectStore](../reference/stores/EffectStore.md) reaches SQL through Effect's `KeyValueStore`",
  "an interface of promises (all other libraries for JavaScript)",
  "hits by reference, without a copy (cache-manager, Effect). Each `get` copies, and costs more CPU for that: see [the benchmarks](benchmarks.md)",
  "events and hooks (keyv, cacheable, cache-manager, bentocache, FusionCache). Write [a wrapper](../guides/custom-wrappers.md) instead",
  "an HTTP server, mounts, snapshots and watching (unstorage)",
  "automatic recovery of a memory level after an outage of the messages (FusionCache)",
  "years in production, many authors, answers on the web (all others)"
]
