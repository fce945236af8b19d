import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { describeUnless, freePort, problemOf, run, temporaryDirectory } from "./process.ts"

/**
 * The program of Prometheus. It is started by the tests, since a server that runs already does not scrape what they
 * start: so `PROMETHEUS` is the path of a program, not a URL.
 */
const program = process.env.PROMETHEUS ?? "prometheus"

const problem = problemOf(program, "prometheus")

/** The program that checks and tests rules. Debian's package has both. */
export const promtool = program.replace(/prometheus$/, "promtool")

export interface Target {
  readonly job: string
  readonly port: number
  readonly path: string
}

/** A series of a range query: its labels, and pairs of a time in seconds and a value. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly values: ReadonlyArray<readonly [seconds: number, value: string]>
}

export interface Range {
  /** Seconds since the epoch. */
  readonly start: number
  readonly end: number
  readonly step: number
}

export interface Prometheus {
  readonly url: string
  /** Fails with the message of the server if the query is not valid. */
  readonly range: (query: string, range: Range) => Effect.Effect<ReadonlyArray<Series>, string>
}

/** A Prometheus that scrapes targets once a second. It ends with the scope, and keeps nothing. */
export const prometheus = (targets: ReadonlyArray<Target>) =>
  Effect.gen(function* () {
    const dir = yield* temporaryDirectory
    const port = yield* freePort
    const config = {
      global: { scrape_interval: "1s", scrape_timeout: "1s" },
      scrape_configs: targets.map(({ job, port, path }) => ({
        job_name: job,
        metrics_path: path,
        static_configs: [{ targets: [`127.0.0.1:${port}`] }]
      }))
    }
    // JSON is YAML.
    writeFileSync(join(dir, "prometheus.yml"), JSON.stringify(config))
    const running = yield* run(program, [
      `--config.file=${join(dir, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(dir, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`
    ])
    const url = `http://127.0.0.1:${port}`
    const ask = (path: string) =>
      Effect.tryPromise({
        try: () =>
          fetch(`${url}/api/v1/${path}`).then((response) => response.json() as Promise<Readonly<Record<string, any>>>),
        catch: (error) => `Prometheus does not answer (${error}): ${running.output()}`
      }).pipe(
        Effect.flatMap((answer) =>
          answer.status === "success" ? Effect.succeed(answer.data) : Effect.fail(answer.error)
        )
      )
    yield* Effect.retry(ask("status/buildinfo"), Schedule.upTo(Schedule.spaced("50 millis"), { times: 600 }))
    return {
      url,
      range: (query, { start, end, step }) =>
        Effect.map(
          ask(`query_range?query=${encodeURIComponent(query)}&start=${start}&end=${end}&step=${step}`),
          ({ result }) => result as ReadonlyArray<Series>
        )
    } satisfies Prometheus
  })

/** Registers tests that start a Prometheus. */
export const describePrometheus = (name: string, define: () => void): void => describeUnless(problem, name, define)
