/** The rows and panels of the dashboard. Grafana's form of them is made in `dashboard.ts`. */
import type { Queries } from "./queries.ts"

export interface Series {
  readonly query: string
  /** The name of a series. `{{label}}` is the value of a label. */
  readonly legend: string
}

export interface Panel {
  readonly title: string
  /** What the panel shows, and what to do about it. */
  readonly description: string
  readonly kind: "stat" | "lines" | "states"
  readonly unit: "ops" | "s" | "percentunit" | "short"
  readonly series: ReadonlyArray<Series>
  readonly max?: number
}

export interface Row {
  readonly title: string
  readonly panels: ReadonlyArray<Panel>
}

const operation = "db.operation.name"
const collection = "db.collection.name"
const namespace = "db.namespace"

export const rowsOf = ({ rate, calls, gauge, quantile, failing, hitRate }: Queries): ReadonlyArray<Row> => [
  {
    title: "Overview",
    panels: [
      {
        title: "Health",
        description: "The worst status of all modules in all processes: 1 is up, 0.5 is degraded, 0 is down.",
        kind: "stat",
        unit: "short",
        series: [{ query: gauge("effect_kv.health.status", [], {}, "min"), legend: "health" }]
      },
      {
        title: "Calls per second",
        description: "Calls of all operations. A batch is one call.",
        kind: "stat",
        unit: "ops",
        series: [{ query: calls(), legend: "calls" }]
      },
      {
        title: "Failed calls",
        description: "The fraction of the calls that failed, with any error.",
        kind: "stat",
        unit: "percentunit",
        series: [{ query: failing(), legend: "failed" }]
      },
      {
        title: "p99",
        description: "99 % of the successful calls were at least this fast.",
        kind: "stat",
        unit: "s",
        series: [{ query: quantile(0.99, "db.client.operation.duration", [], { "error.type": `=""` }), legend: "p99" }]
      },
      {
        title: "Hit rate",
        description: "The fraction of the keys that reads and deletions found.",
        kind: "stat",
        unit: "percentunit",
        series: [{ query: hitRate(), legend: "hits" }]
      }
    ]
  },
  {
    title: "Traffic",
    panels: [
      {
        title: "Calls by operation",
        description: "A batch is one call.",
        kind: "lines",
        unit: "ops",
        series: [{ query: calls([operation]), legend: "{{db_operation_name}}" }]
      },
      {
        title: "Keys by collection",
        description: "A batch counts each of its keys. A failed call counts its keys, too.",
        kind: "lines",
        unit: "ops",
        series: [{ query: rate("effect_kv.operations", [collection]), legend: "{{db_collection_name}}" }]
      }
    ]
  },
  {
    title: "Errors",
    panels: [
      {
        title: "Failed calls by error",
        description: "The tag of the error. `Interrupted` is a caller that gave up, and `Defect` is a bug.",
        kind: "lines",
        unit: "ops",
        series: [{ query: calls(["error.type"], { "error.type": `!=""` }), legend: "{{error_type}}" }]
      },
      {
        title: "Failed calls by store",
        description: "The fraction of the calls that failed.",
        kind: "lines",
        unit: "percentunit",
        max: 1,
        series: [{ query: failing([namespace]), legend: "{{db_namespace}}" }]
      }
    ]
  },
  {
    title: "Latency",
    panels: [
      {
        title: "Successful calls",
        description:
          "Percentiles, interpolated between the boundaries of the histogram (1, 5, 10, 50, 100, 500 ms, …).",
        kind: "lines",
        unit: "s",
        series: [0.5, 0.9, 0.99].map((part) => ({
          query: quantile(part, "db.client.operation.duration", [], { "error.type": `=""` }),
          legend: `p${part * 100}`
        }))
      },
      {
        title: "p99 by operation",
        description: "Successful calls.",
        kind: "lines",
        unit: "s",
        series: [
          {
            query: quantile(0.99, "db.client.operation.duration", [operation], { "error.type": `=""` }),
            legend: "{{db_operation_name}}"
          }
        ]
      },
      {
        title: "Failed calls, p99",
        description: "How long callers wait for an error. It should be short: an open circuit fails at once.",
        kind: "lines",
        unit: "s",
        series: [
          {
            query: quantile(0.99, "db.client.operation.duration", ["error.type"], { "error.type": `!=""` }),
            legend: "{{error_type}}"
          }
        ]
      }
    ]
  },
  {
    title: "Hits and caches",
    panels: [
      {
        title: "Hit rate by collection",
        description: "The fraction of the keys that reads and deletions found.",
        kind: "lines",
        unit: "percentunit",
        max: 1,
        series: [{ query: hitRate([collection]), legend: "{{db_collection_name}}" }]
      },
      {
        title: "PassthroughCache",
        description: "Keys by what became of them: answered from the cache (hit, stale), or by the store (miss).",
        kind: "lines",
        unit: "ops",
        series: [{ query: rate("effect_kv.cache", ["cache.result"]), legend: "{{cache_result}}" }]
      },
      {
        title: "LoadingCache",
        description: "Keys by how the cache answered.",
        kind: "lines",
        unit: "ops",
        series: [
          {
            query: rate("effect_kv.loading_cache.keys", ["cache.name", "cache.result"]),
            legend: "{{cache_name}} {{cache_result}}"
          }
        ]
      },
      {
        title: "Lookups of LoadingCache",
        description: "Calls of `lookup` and `lookupMany` by their outcome, and refreshes in the background.",
        kind: "lines",
        unit: "ops",
        series: [
          {
            query: rate("effect_kv.loading_cache.lookups", ["cache.name", "outcome"]),
            legend: "{{cache_name}} {{outcome}}"
          },
          {
            query: rate("effect_kv.loading_cache.refreshes", ["cache.name"]),
            legend: "{{cache_name}} refreshes"
          },
          {
            query: rate("effect_kv.loading_cache.store_failures", ["cache.name", "operation"]),
            legend: "{{cache_name}} {{operation}} failed"
          }
        ]
      },
      {
        title: "Lookups of LoadingCache, p99",
        description: "How long the source takes.",
        kind: "lines",
        unit: "s",
        series: [
          {
            query: quantile(0.99, "effect_kv.loading_cache.lookup.duration", ["cache.name"]),
            legend: "{{cache_name}}"
          }
        ]
      }
    ]
  },
  {
    title: "Retries and hedges",
    panels: [
      {
        title: "Retries",
        description: "Attempts after the first. `budget spent` counts failures that were not retried.",
        kind: "lines",
        unit: "ops",
        series: [
          { query: rate("effect_kv.retry.retries", [namespace]), legend: "{{db_namespace}} retries" },
          { query: rate("effect_kv.retry.budget_exhausted", [namespace]), legend: "{{db_namespace}} budget spent" }
        ]
      },
      {
        title: "Hedges",
        description: "Second attempts of slow reads, and those that answered first.",
        kind: "lines",
        unit: "ops",
        series: [
          { query: rate("effect_kv.hedge.sent", [namespace]), legend: "{{db_namespace}} sent" },
          { query: rate("effect_kv.hedge.won", [namespace]), legend: "{{db_namespace}} won" }
        ]
      }
    ]
  },
  {
    title: "Circuits",
    panels: [
      {
        title: "Circuits by state",
        description: "Circuits of all processes.",
        kind: "lines",
        unit: "short",
        series: [
          {
            query: gauge("effect_kv.circuit_breaker.circuits", [namespace, "effect_kv.circuit_breaker.state"]),
            legend: "{{db_namespace}} {{effect_kv_circuit_breaker_state}}"
          }
        ]
      },
      {
        title: "Rejections and transitions",
        description: "Calls that an open circuit rejected, and changes of state.",
        kind: "lines",
        unit: "ops",
        series: [
          { query: rate("effect_kv.circuit_breaker.rejected", [namespace]), legend: "{{db_namespace}} rejected" },
          {
            query: rate("effect_kv.circuit_breaker.transitions", [namespace, "effect_kv.circuit_breaker.state"]),
            legend: "{{db_namespace}} → {{effect_kv_circuit_breaker_state}}"
          }
        ]
      }
    ]
  },
  {
    title: "Limits",
    panels: [
      {
        title: "Bulkhead",
        description:
          "Calls that run and calls that wait in the queue. A queue that does not empty is a store that is too slow.",
        kind: "lines",
        unit: "short",
        series: [
          {
            query: gauge("effect_kv.bulkhead.calls", [namespace, "effect_kv.bulkhead.state"]),
            legend: "{{db_namespace}} {{effect_kv_bulkhead_state}}"
          }
        ]
      },
      {
        title: "Rejected or delayed",
        description: "Calls that Bulkhead, RateLimit or Deadline did not let through or ended.",
        kind: "lines",
        unit: "ops",
        series: [
          {
            query: rate("effect_kv.bulkhead.rejected", [namespace, "effect_kv.bulkhead.reason"]),
            legend: "{{db_namespace}} bulkhead {{effect_kv_bulkhead_reason}}"
          },
          { query: rate("effect_kv.rate_limit.rejected", [namespace]), legend: "{{db_namespace}} rate limit" },
          { query: rate("effect_kv.rate_limit.delayed", [namespace]), legend: "{{db_namespace}} rate limit, delayed" },
          { query: rate("effect_kv.deadline.exceeded", [namespace]), legend: "{{db_namespace}} deadline" }
        ]
      }
    ]
  },
  {
    title: "Fallback and replicas",
    panels: [
      {
        title: "Journal of Fallback",
        description: "Keys whose last write is in the journal only. It is 0 when the first store is up.",
        kind: "lines",
        unit: "short",
        series: [{ query: gauge("effect_kv.fallback.journal", [namespace]), legend: "{{db_namespace}}" }]
      },
      {
        title: "Writes of Fallback",
        description:
          "Writes that went to the journal, were replayed, or were dropped because the store had a newer entry.",
        kind: "lines",
        unit: "ops",
        series: ["journaled", "replayed", "conflicts"].map((name) => ({
          query: rate(`effect_kv.fallback.${name}`, [namespace]),
          legend: `{{db_namespace}} ${name}`
        }))
      },
      {
        title: "Replicas",
        description:
          "Stores that failed last, keys that a store may have missed, and entries that were repaired per second.",
        kind: "lines",
        unit: "short",
        series: [
          { query: gauge("effect_kv.replicate.unwell", [namespace]), legend: "{{db_namespace}} stores unwell" },
          { query: gauge("effect_kv.replicate.behind", [namespace]), legend: "{{db_namespace}} keys behind" },
          { query: rate("effect_kv.replicate.repaired", [namespace]), legend: "{{db_namespace}} repaired per second" }
        ]
      }
    ]
  },
  {
    title: "Leases",
    panels: [
      {
        title: "Leases",
        description: "Leases that are held, callers that wait, and leases that were lost while they were held.",
        kind: "lines",
        unit: "short",
        series: [
          { query: gauge("effect_kv.lease.held"), legend: "held" },
          { query: gauge("effect_kv.lease.waiting"), legend: "waiting" },
          { query: rate("effect_kv.lease.lost", ["reason"]), legend: "lost per second: {{reason}}" }
        ]
      },
      {
        title: "Wait for a lease, p99",
        description: "Callers that got the lease.",
        kind: "lines",
        unit: "s",
        series: [{ query: quantile(0.99, "effect_kv.lease.wait.duration"), legend: "p99" }]
      }
    ]
  },
  {
    title: "Health",
    panels: [
      {
        title: "Status by module",
        description: "The worst status of all processes: 1 is up, 0.5 is degraded, 0 is down.",
        kind: "states",
        unit: "short",
        series: [
          {
            query: gauge("effect_kv.health.status", [namespace, "effect_kv.module"], {}, "min"),
            legend: "{{db_namespace}} {{effect_kv_module}}"
          }
        ]
      }
    ]
  }
]
