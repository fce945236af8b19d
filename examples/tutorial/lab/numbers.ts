/** The numbers of a run, as they are printed and stored. */
import type { Answer } from "./load.ts"
import type { Result } from "./run.ts"
import type { Outage, Scenario } from "./scenario.ts"

/** Times are milliseconds. */
export interface Numbers {
  readonly requests: number
  readonly databaseCalls: number
  /** How long callers waited. Failed requests count, too. */
  readonly p50: number
  readonly p99: number
  readonly slowest: number
  /** How many requests failed, by the tag of the error. */
  readonly errors: Readonly<Record<string, number>>
  /** How old the oldest value was that a caller got. */
  readonly oldest: number
  /** Calls that reached Redis, for services that have one. */
  readonly redisCalls?: number
  /** The same over time, one number for each `bucket`. */
  readonly series: {
    readonly databaseCalls: ReadonlyArray<number>
    readonly p99: ReadonlyArray<number>
    readonly errors: ReadonlyArray<number>
  }
}

/** A run of a chapter. */
export interface Run extends Numbers {
  readonly id: string
  readonly title: string
  readonly runs: "virtual" | "processes"
  readonly outage?: Outage
}

/** What `npm run tutorial` stores for the pages. */
export interface Report {
  /** When and where the runs in real processes were made. */
  readonly setting: { readonly date: string; readonly processor: string; readonly node: string; readonly note: string }
  readonly scenario: Scenario
  readonly runs: ReadonlyArray<Run>
}

/** The length of a step of the series, in milliseconds. */
export const bucket = 500

const rounded = (value: number): number => Math.round(value * 100) / 100

const percentile = (sorted: ReadonlyArray<number>, fraction: number): number =>
  rounded(sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)] ?? 0)

const waits = (answers: ReadonlyArray<Answer>): ReadonlyArray<number> =>
  answers.map(({ took }) => took).sort((a, b) => a - b)

export const numbersOf = ({ answers, queries, redisCalls }: Result, { seconds }: Scenario): Numbers => {
  const sorted = waits(answers)
  const errors: Record<string, number> = {}
  for (const { error } of answers) if (error !== undefined) errors[error] = (errors[error] ?? 0) + 1
  const steps = Array.from({ length: (seconds * 1000) / bucket }, (_, i) => i)
  const within = (step: number) => (at: number) => Math.floor(at / bucket) === step
  const answersIn = (step: number) => answers.filter(({ at }) => within(step)(at))
  return {
    requests: answers.length,
    databaseCalls: queries.length,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    slowest: percentile(sorted, 1),
    errors,
    oldest: Math.round(Math.max(0, ...answers.map(({ age }) => age ?? 0))),
    ...(redisCalls !== undefined && redisCalls > 0 && { redisCalls }),
    series: {
      databaseCalls: steps.map((step) => queries.filter(within(step)).length),
      p99: steps.map((step) => percentile(waits(answersIn(step)), 0.99)),
      errors: steps.map((step) => answersIn(step).filter(({ error }) => error !== undefined).length)
    }
  }
}

const whole = (value: number): string => Math.round(value).toLocaleString("en-US")

/** Milliseconds, with a decimal only where it matters. */
const millis = (value: number): string => (value < 10 ? value.toFixed(1) : whole(value))

/** The columns of the tables, from left to right. */
export const columns: ReadonlyArray<readonly [name: string, cell: (run: Run) => string]> = [
  ["run", ({ id }) => id],
  ["service", ({ title }) => title],
  ["database calls", ({ databaseCalls }) => whole(databaseCalls)],
  ["Redis calls", ({ redisCalls }) => (redisCalls === undefined ? "–" : whole(redisCalls))],
  ["p50, ms", ({ p50 }) => millis(p50)],
  ["p99, ms", ({ p99 }) => millis(p99)],
  ["slowest, ms", ({ slowest }) => millis(slowest)],
  ["errors", ({ errors }) => whole(Object.values(errors).reduce((sum, count) => sum + count, 0))],
  ["oldest, s", ({ oldest }) => (oldest / 1000).toFixed(1)]
]
