/** Tests the Grafana dashboard and the alerts on a real Prometheus, which scrapes a service with faults. */
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { temporaryDirectory } from "../../test/servers/process.ts"
import { describePrometheus, promtool } from "../../test/servers/prometheus.ts"
import { alertsOf } from "../tools/dashboard/alerts.ts"
import { filled, monitored } from "../tools/dashboard/monitored.ts"
import { namesOf } from "../tools/dashboard/names.ts"
import { everything, queriesOf } from "../tools/dashboard/queries.ts"
import { directory, filesOf } from "../tools/dashboard.ts"
import { metrics } from "../tools/metrics.ts"

const namings = ["scrape", "otlp"] as const

interface Variable {
  readonly name: string
  readonly definition?: string
}

interface Json {
  readonly panels: ReadonlyArray<{
    readonly title: string
    readonly targets?: ReadonlyArray<{ readonly expr: string }>
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  }>
  readonly templating: { readonly list: ReadonlyArray<Variable> }
}

const dashboardOf = (naming: (typeof namings)[number]): Json => {
  const [text] = Object.values(filesOf(naming))
  return JSON.parse(text!)
}

const queriesIn = (naming: (typeof namings)[number]): ReadonlyArray<readonly [title: string, query: string]> =>
  dashboardOf(naming).panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const))

describe("the dashboard", () => {
  for (const naming of namings) {
    it(`is written to docs/public/dashboard (${naming})`, () => {
      for (const [file, text] of Object.entries(filesOf(naming))) {
        assert.strictEqual(readFileSync(directory + file, "utf8"), text, "run `npm run docs:dashboard`")
      }
    })

    it(`has a panel for every metric (${naming})`, () => {
      const queries = queriesIn(naming).map(([, query]) => query)
      const missing = metrics.filter(({ name }) => {
        const used = new RegExp(`\\b${namesOf(naming)(name)}(_bucket|_count)?\\{`)
        return !queries.some((query) => used.test(query))
      })
      assert.deepStrictEqual(missing, [])
    })
  }

  it("has no panels that overlap", () => {
    const cells = dashboardOf("scrape").panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`)
    )
    assert.strictEqual(new Set(cells).size, cells.length)
  })
})

/** The seconds of a cycle of faults. */
const cycle = 8

/** Queries that have only zeros if nothing goes wrong with the demo itself. */
const isQuiet = (query: string): boolean => /="Defect"/.test(query)

describePrometheus("the dashboard on Prometheus", () => {
  const scope = Scope.makeUnsafe()
  let server: Effect.Success<ReturnType<typeof monitored>>
  let range: { readonly start: number; readonly end: number; readonly step: number }

  beforeAll(
    () =>
      Effect.runPromise(
        Effect.gen(function* () {
          server = yield* Scope.provide(monitored(cycle), scope)
          const start = Date.now() / 1000
          yield* Effect.sleep(3.5 * cycle * 1000)
          range = { start, end: Date.now() / 1000, step: 1 }
        })
      ),
    300_000
  )
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  const highest = (query: string) =>
    Effect.map(server.range(query, range), (series) => ({
      series: series.length,
      highest: Math.max(
        ...series.flatMap(({ values }) => values.map(([, value]) => Number(value))).filter((n) => !Number.isNaN(n))
      )
    }))

  for (const naming of namings) {
    for (const [title, query] of queriesIn(naming)) {
      it.live(`${title}: ${query} has values (${naming})`, () =>
        Effect.gen(function* () {
          const { series, highest: top } = yield* highest(filled(query, naming))
          assert.isAbove(series, 0, server.output())
          assert.isAbove(top, 0)
        })
      )
    }

    it.live(`the variables have values (${naming})`, () =>
      Effect.forEach(
        dashboardOf(naming).templating.list.filter(({ definition }) => definition !== undefined),
        ({ name, definition }) =>
          Effect.gen(function* () {
            const [, metric = "", label = ""] = /^label_values\((.+), (\w+)\)$/.exec(definition!)!
            const { series } = yield* highest(`count by (${label}) (${filled(metric, naming)})`)
            assert.isAtLeast(series, name === "job" ? 1 : 3, name)
          })
      )
    )

    for (const { name, query } of alertsOf(queriesOf(naming, everything))) {
      it.live(`the alert ${name} has a valid query, which the faults fulfill (${naming})`, () =>
        Effect.gen(function* () {
          const { series } = yield* highest(query.replaceAll("[5m]", "[4s]"))
          if (!isQuiet(query)) assert.isAbove(series, 0)
        })
      )
    }
  }

  it.live("has a rule that alerts on the first defect, which `rate` and `increase` do not see", () =>
    Effect.gen(function* () {
      const { query } = alertsOf(queriesOf("scrape", everything)).find(({ name }) => name === "EffectKvDefect")!
      const dir = yield* temporaryDirectory
      const series = 'db_client_operation_duration_count{db_namespace="main",error_type="Defect"}'
      const tests = {
        rule_files: [join(directory, "effect-kv.rules.yml")],
        evaluation_interval: "1m",
        tests: [
          {
            interval: "1m",
            input_series: [{ series, values: "_x10 1x200" }],
            promql_expr_test: [
              { expr: query, eval_time: "9m", exp_samples: [] },
              { expr: query, eval_time: "12m", exp_samples: [{ labels: '{db_namespace="main"}', value: 1 }] },
              // An hour later, it is over.
              { expr: query, eval_time: "90m", exp_samples: [] }
            ],
            alert_rule_test: [
              {
                eval_time: "12m",
                alertname: "EffectKvDefect",
                exp_alerts: [
                  {
                    exp_labels: { severity: "ticket", db_namespace: "main" },
                    exp_annotations: { summary: "Calls to main end in a defect: this is a bug" }
                  }
                ]
              }
            ]
          }
        ]
      }
      writeFileSync(join(dir, "test.yml"), JSON.stringify(tests))
      execFileSync(promtool, ["test", "rules", join(dir, "test.yml")], { encoding: "utf8" })
      execFileSync(promtool, [
        "check",
        "rules",
        ...namings.map((naming) => join(directory, Object.keys(filesOf(naming))[1]!))
      ])
    }).pipe(Effect.scoped)
  )
})
