/**
 * Every metric of effect-kv, as data: for the page `reference/metrics` and for the Grafana dashboard.
 * `test/reference/metrics.test.ts` compares this list with the metrics that a running stack records.
 */

export interface MetricInfo {
  readonly name: string
  readonly kind: "counter" | "gauge" | "histogram" | "frequency"
  /** The unit in the notation of OpenTelemetry: `s` is seconds, `{key}` counts keys. */
  readonly unit: string
  /** Keys of attributes. Some are missing: `db.namespace` without a `store` name, `error.type` of a success. */
  readonly attributes: ReadonlyArray<string>
  /** The values of attributes that have only a few. */
  readonly values?: Readonly<Record<string, ReadonlyArray<string>>>
  /** The module of effect-kv that records it. */
  readonly module: string
  readonly description: string
}

/** Attributes of every metric of a wrapper. `db.namespace` is missing if the wrapper has no `store` name. */
const store = ["db.system.name", "db.namespace"] as const

const operation = ["db.system.name", "db.operation.name", "db.collection.name", "db.namespace"] as const

const cache = ["db.system.name", "cache.name"] as const

export const metrics: ReadonlyArray<MetricInfo> = [
  {
    name: "db.client.operation.duration",
    kind: "histogram",
    unit: "s",
    attributes: [...operation, "error.type"],
    module: "Statistics",
    description: "Duration of database client operations"
  },
  {
    name: "effect_kv.operations",
    kind: "counter",
    unit: "{key}",
    attributes: [...operation, "error.type"],
    module: "Statistics",
    description: "Keys of operations; a batch counts each of its keys"
  },
  {
    name: "effect_kv.hits",
    kind: "counter",
    unit: "{key}",
    attributes: operation,
    module: "Statistics",
    description: "Keys that were found"
  },
  {
    name: "effect_kv.misses",
    kind: "counter",
    unit: "{key}",
    attributes: operation,
    module: "Statistics",
    description: "Keys that were not found"
  },
  {
    name: "effect_kv.retry.retries",
    kind: "counter",
    unit: "{call}",
    attributes: store,
    module: "Retry",
    description: "Attempts after the first"
  },
  {
    name: "effect_kv.retry.budget_exhausted",
    kind: "counter",
    unit: "{call}",
    attributes: store,
    module: "Retry",
    description: "Failures without a retry because the budget was spent"
  },
  {
    name: "effect_kv.circuit_breaker.circuits",
    kind: "gauge",
    unit: "{circuit}",
    attributes: [...store, "effect_kv.circuit_breaker.state"],
    values: { "effect_kv.circuit_breaker.state": ["closed", "open", "half_open"] },
    module: "CircuitBreaker",
    description: "Circuits by state"
  },
  {
    name: "effect_kv.circuit_breaker.transitions",
    kind: "counter",
    unit: "{transition}",
    attributes: [...store, "effect_kv.circuit_breaker.state", "db.collection.name"],
    values: { "effect_kv.circuit_breaker.state": ["closed", "open", "half_open"] },
    module: "CircuitBreaker",
    description: "Transitions to a state"
  },
  {
    name: "effect_kv.circuit_breaker.rejected",
    kind: "counter",
    unit: "{call}",
    attributes: store,
    module: "CircuitBreaker",
    description: "Calls rejected by an open circuit"
  },
  {
    name: "effect_kv.bulkhead.calls",
    kind: "gauge",
    unit: "{call}",
    attributes: [...store, "effect_kv.bulkhead.state"],
    values: { "effect_kv.bulkhead.state": ["running", "waiting"] },
    module: "Bulkhead",
    description: "Calls by state"
  },
  {
    name: "effect_kv.bulkhead.rejected",
    kind: "counter",
    unit: "{call}",
    attributes: [...store, "effect_kv.bulkhead.reason"],
    values: { "effect_kv.bulkhead.reason": ["queue_full", "max_wait"] },
    module: "Bulkhead",
    description: "Calls that were rejected"
  },
  {
    name: "effect_kv.rate_limit.rejected",
    kind: "counter",
    unit: "{call}",
    attributes: store,
    module: "RateLimit",
    description: "Calls over the limit that failed"
  },
  {
    name: "effect_kv.rate_limit.delayed",
    kind: "counter",
    unit: "{call}",
    attributes: store,
    module: "RateLimit",
    description: "Calls over the limit that waited"
  },
  {
    name: "effect_kv.deadline.exceeded",
    kind: "counter",
    unit: "{call}",
    attributes: store,
    module: "Deadline",
    description: "Operations that ran out of time"
  },
  {
    name: "effect_kv.hedge.sent",
    kind: "counter",
    unit: "{call}",
    attributes: store,
    module: "Hedge",
    description: "Second attempts of reads"
  },
  {
    name: "effect_kv.hedge.won",
    kind: "counter",
    unit: "{call}",
    attributes: store,
    module: "Hedge",
    description: "Second attempts that answered first"
  },
  {
    name: "effect_kv.cache",
    kind: "counter",
    unit: "{key}",
    attributes: [...store, "cache.result"],
    values: { "cache.result": ["hit", "miss", "stale", "refresh", "error"] },
    module: "PassthroughCache",
    description: "Keys that a read cache was asked for, by what became of them"
  },
  {
    name: "effect_kv.fallback.journal",
    kind: "gauge",
    unit: "{key}",
    attributes: store,
    module: "Fallback",
    description: "Keys whose last write is in the journal only"
  },
  {
    name: "effect_kv.fallback.journaled",
    kind: "counter",
    unit: "{key}",
    attributes: store,
    module: "Fallback",
    description: "Writes that went to the journal"
  },
  {
    name: "effect_kv.fallback.replayed",
    kind: "counter",
    unit: "{key}",
    attributes: store,
    module: "Fallback",
    description: "Keys whose last write was replayed from the journal to the primary store"
  },
  {
    name: "effect_kv.fallback.conflicts",
    kind: "counter",
    unit: "{key}",
    attributes: store,
    module: "Fallback",
    description: "Keys whose last write in the journal was older than the primary store's entry"
  },
  {
    name: "effect_kv.replicate.behind",
    kind: "gauge",
    unit: "{key}",
    attributes: store,
    module: "Replicate",
    description: "Keys whose newest write at least one store may lack"
  },
  {
    name: "effect_kv.replicate.unwell",
    kind: "gauge",
    unit: "{store}",
    attributes: store,
    module: "Replicate",
    description: "Stores whose last operation failed"
  },
  {
    name: "effect_kv.replicate.repaired",
    kind: "counter",
    unit: "{entry}",
    attributes: store,
    module: "Replicate",
    description: "Entries that were copied to a store because it had missed them"
  },
  {
    name: "effect_kv.health.status",
    kind: "gauge",
    unit: "1",
    attributes: [...store, "effect_kv.module"],
    module: "Health",
    description: "1 is up, 0.5 is degraded, 0 is down"
  },
  {
    name: "effect_kv.lease.waiting",
    kind: "gauge",
    unit: "{caller}",
    attributes: ["db.system.name"],
    module: "Lease",
    description: "Callers that wait for a lease"
  },
  {
    name: "effect_kv.lease.held",
    kind: "gauge",
    unit: "{lease}",
    attributes: ["db.system.name"],
    module: "Lease",
    description: "Leases that are held"
  },
  {
    name: "effect_kv.lease.lost",
    kind: "counter",
    unit: "{lease}",
    attributes: ["db.system.name", "reason"],
    values: { reason: ["expired", "taken", "gone", "closed"] },
    module: "Lease",
    description: "Leases that were lost while they were held"
  },
  {
    name: "effect_kv.lease.wait.duration",
    kind: "histogram",
    unit: "s",
    attributes: ["db.system.name"],
    module: "Lease",
    description: "How long callers waited for a lease that they got"
  },
  {
    name: "effect_kv.loading_cache.keys",
    kind: "counter",
    unit: "{key}",
    attributes: [...cache, "cache.result"],
    values: { "cache.result": ["hit", "stale", "miss", "error"] },
    module: "LoadingCache",
    description: "Keys that a loading cache was asked for, by how it answered"
  },
  {
    name: "effect_kv.loading_cache.lookups",
    kind: "counter",
    unit: "{call}",
    attributes: [...cache, "outcome"],
    values: { outcome: ["success", "failure"] },
    module: "LoadingCache",
    description: "Calls of lookup and lookupMany, by how they ended"
  },
  {
    name: "effect_kv.loading_cache.lookup.duration",
    kind: "histogram",
    unit: "s",
    attributes: cache,
    module: "LoadingCache",
    description: "Duration of lookups"
  },
  {
    name: "effect_kv.loading_cache.refreshes",
    kind: "counter",
    unit: "{key}",
    attributes: cache,
    module: "LoadingCache",
    description: "Keys that were refreshed in the background"
  },
  {
    name: "effect_kv.loading_cache.store_failures",
    kind: "counter",
    unit: "{call}",
    attributes: [...cache, "operation"],
    values: { operation: ["read", "write"] },
    module: "LoadingCache",
    description: "Failed operations on the store of a cache"
  }
]
