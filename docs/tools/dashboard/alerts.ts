/** The alerts, as rules of Prometheus. */
import type { Queries } from "./queries.ts"

export interface Alert {
  readonly name: string
  readonly query: string
  /** How long the query must have a result. */
  readonly for: string
  readonly severity: "page" | "ticket"
  readonly summary: string
}

const namespace = "db.namespace"

export const alertsOf = ({ rate, failing, quantile, gauge, happened }: Queries): ReadonlyArray<Alert> => [
  {
    name: "EffectKvCallsFail",
    query: `${failing([namespace])} > 0.05`,
    for: "5m",
    severity: "page",
    summary: "More than 5 % of the calls to {{ $labels.db_namespace }} fail"
  },
  {
    name: "EffectKvDown",
    query: `${gauge("effect_kv.health.status", [namespace, "effect_kv.module"], {}, "max")} == 0`,
    for: "2m",
    severity: "page",
    summary: "{{ $labels.effect_kv_module }} of {{ $labels.db_namespace }} is down in every process"
  },
  {
    name: "EffectKvSlow",
    query: `${quantile(0.99, "db.client.operation.duration", [namespace], { "error.type": `=""` })} > 0.1`,
    for: "10m",
    severity: "ticket",
    summary: "The p99 of {{ $labels.db_namespace }} is above 100 ms"
  },
  {
    name: "EffectKvDegraded",
    query: `${gauge("effect_kv.health.status", [namespace, "effect_kv.module"], {}, "min")} < 1`,
    for: "15m",
    severity: "ticket",
    summary: "{{ $labels.effect_kv_module }} of {{ $labels.db_namespace }} is not up in some process"
  },
  {
    name: "EffectKvRetryBudgetSpent",
    query: `${rate("effect_kv.retry.budget_exhausted", [namespace])} > 0`,
    for: "5m",
    severity: "ticket",
    summary: "Retry gives up early on {{ $labels.db_namespace }}, because its budget is spent"
  },
  {
    name: "EffectKvJournalGrows",
    query: `${gauge("effect_kv.fallback.journal", [namespace])} > 0`,
    for: "15m",
    severity: "ticket",
    summary: "Writes to {{ $labels.db_namespace }} wait in the journal of Fallback"
  },
  {
    name: "EffectKvReplicaBehind",
    query: `${gauge("effect_kv.replicate.unwell", [namespace])} > 0`,
    for: "15m",
    severity: "ticket",
    summary: "A store of {{ $labels.db_namespace }} fails, and misses writes"
  },
  {
    name: "EffectKvDefect",
    query: happened("db.client.operation.duration", [namespace], { "error.type": `="Defect"` }, "1h", "_count"),
    for: "0s",
    severity: "ticket",
    summary: "Calls to {{ $labels.db_namespace }} end in a defect: this is a bug"
  }
]

/** The file of rules that Prometheus loads. Durations and texts need no quoting in YAML if they are written as JSON. */
export const rulesOf = (alerts: ReadonlyArray<Alert>): string =>
  [
    "# Made by `npm run docs:dashboard`. The thresholds are where to begin: set them to what your service promises.",
    "groups:",
    "  - name: effect-kv",
    "    rules:",
    ...alerts.flatMap(({ name, query, for: duration, severity, summary }) => [
      `      - alert: ${name}`,
      `        expr: ${JSON.stringify(query)}`,
      `        for: ${duration}`,
      "        labels:",
      `          severity: ${severity}`,
      "        annotations:",
      `          summary: ${JSON.stringify(summary)}`
    ]),
    ""
  ].join("\n")
