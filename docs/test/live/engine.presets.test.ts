import { assert, describe, it } from "@effect/vitest"
import { percentile } from "../../live/engine/measure.ts"
import { type Preset, presets } from "../../live/engine/presets.ts"
import { run } from "../../live/engine/run.ts"
import { stepAt } from "../../live/engine/steps.ts"
import type { Request, Run } from "../../live/model.ts"

const failures = ({ summary }: Run): number => Object.values(summary.failed).reduce((sum, count) => sum + count, 0)

const failed = ({ requests }: Run, which: (request: Request) => boolean): ReadonlyArray<Request> =>
  requests.filter((it) => it.outcome !== undefined && it.outcome !== "ok" && it.outcome !== "miss" && which(it))

/** Calls that reached the store between two times, in seconds. */
const storeCalls = ({ samples }: Run, from: number, until: number): number =>
  samples.reduce((sum, it) => (it.time > from * 1000 && it.time <= until * 1000 ? sum + it.storeCalls : sum), 0)

const started = ({ requests }: Run, from: number, until: number): number =>
  requests.filter((it) => it.start >= from * 1000 && it.start < until * 1000).length

/** The median time of failed requests that began between two times. */
const timeToFail = (run: Run, from: number, until: number): number => {
  const all = failed(run, (it) => it.start >= from * 1000 && it.start < until * 1000)
  return Math.round(
    percentile(
      all.map((it) => it.end! - it.start),
      0.5
    ) ?? Number.NaN
  )
}

/** The most calls that are in the store at the same time. */
const mostInStore = ({ steps, layers }: Run): number => {
  const store = layers.findIndex(({ kind }) => kind === "store")
  let most = 0
  let now = 0
  for (let i = 0; i < steps.length; i++) {
    const { layer, kind } = stepAt(steps, i)
    if (layer === store) now += kind === "enter" ? 1 : -1
    most = Math.max(most, now)
  }
  return most
}

const kb = (bytes: number): string => `${Math.round(bytes / 1000)} KB`
const ms = (millis: number): string => `${Math.round(millis).toLocaleString("en-US")} ms`
const n = (count: number): string => count.toLocaleString("en-US")

const writes = (it: Request): boolean => it.write
const reads = (it: Request): boolean => !it.write

/** The lesson of each preset, from its run and from the run that it is compared with. */
const lessons: Readonly<Record<string, (run: Run, versus: Run) => string>> = {
  bare: (run) =>
    `${n(failures(run))} of ${n(run.summary.requests)} requests fail: without wrappers, callers see every failure of the store.`,
  retry: (run, versus) =>
    `Callers see ${n(failures(versus))} errors without Retry and ${n(failures(run))} with it. This costs ${n(run.summary.retries)} further calls of the store.`,
  storm: (run, versus) =>
    `Without a budget, ${n(started(run, 8, 18))} requests become ${n(storeCalls(run, 8, 18))} calls of a store that is already in trouble. With the default budget of Retry, there are ${n(storeCalls(versus, 8, 18))}.`,
  "timeout-outside": ({ summary, recommended }) =>
    `${n(summary.failed.TimeoutError ?? 0)} requests fail after ${summary.retries} retries. With Timeout inside Retry, ${n(recommended!.summary.failed.TimeoutError ?? 0)} fail after ${recommended!.summary.retries} retries.`,
  outage: (run) =>
    `A call that fails takes ${ms(timeToFail(run, 8, 17))} in the median, because it waits for the timeout of each attempt. Up to ${n(Math.max(...run.samples.map(({ inFlight }) => inFlight)))} callers wait at the same time.`,
  "circuit-breaker": (run, versus) =>
    `${n(run.summary.failed.CircuitOpenError ?? 0)} calls fail at once. While the store hangs, it gets ${n(storeCalls(run, 8, 18))} calls instead of ${n(storeCalls(versus, 8, 18))}.`,
  "stale-cache": (run, versus) =>
    `${n(failed(versus, reads).length)} reads fail without stale copies, and ${n(failed(run, reads).length)} with them. These asked for keys of which the cache had no copy. Writes still fail: ${n(failed(run, writes).length)} of them.`,
  stampede: (run) =>
    `The origin loads ${n(run.summary.loads)} times, although the hot key expires only every two seconds.`,
  "single-flight": (run, versus) =>
    `The origin loads ${n(run.summary.loads)} times instead of ${n(versus.summary.loads)}.`,
  bulkhead: (run, versus) =>
    `The slow store has at most ${mostInStore(run)} calls at a time, instead of ${mostInStore(versus)}. In exchange, ${n(run.summary.failed.BulkheadFullError ?? 0)} calls are rejected before they reach the store.`,
  hedge: (run, versus) =>
    `99 % of the requests take at most ${ms(run.summary.p99)}, instead of ${ms(versus.summary.p99)}, for ${n(run.summary.hedges)} further reads.`,
  "lost-replies": ({ summary, requests }) => {
    const unknown = requests.filter(({ applied }) => applied === "unknown")
    assert.strictEqual(unknown.length, summary.unknownWrites)
    return `${n(unknown.length)} writes fail, although the store has applied them. Their callers cannot know that: the outcome of each error is "unknown".`
  },
  fallback: (run, versus) =>
    `${n(failed(run, writes).length)} writes fail, and ${n(run.summary.staleReads)} reads are stale. ${n(failed(run, reads).length)} reads fail, because the second store has only what was written in the outage. With writeToFallback and no journal, ${n(versus.summary.staleReads)} reads are stale, because the first store has missed these writes.`,
  "compression-inside": ({ summary, recommended }) =>
    `The store holds ${kb(summary.storedBytes)}. With Compression outside Aead, it holds ${kb(recommended!.summary.storedBytes)}.`,
  "rate-limit": (run) =>
    `${n(run.summary.failed.RateLimitedError ?? 0)} of ${n(run.summary.requests)} calls are rejected, and the store gets ${n(run.summary.storeCalls)}.`,
  production: (run, versus) =>
    `${n(failures(run))} of ${n(run.summary.requests)} requests fail, instead of ${n(failures(versus))} without wrappers. The store gets ${n(run.summary.storeCalls)} calls instead of ${n(versus.summary.storeCalls)}, and holds ${kb(run.summary.storedBytes)} instead of ${kb(versus.summary.storedBytes)}.`
}

const lessonOf = ({ id, scenario, versus }: Preset): string => {
  const result = run(scenario)
  return lessons[id]!(result, versus === undefined ? result : run(versus))
}

describe("the presets", () => {
  for (const preset of presets) {
    it(`teach what their runs show: ${preset.id}`, () => {
      assert.strictEqual(preset.lesson, lessonOf(preset))
    })
  }

  it("have different ids", () => {
    assert.strictEqual(new Set(presets.map(({ id }) => id)).size, presets.length)
  })
})
