/** Makes inputs for all targets, reads them one after the other, and judges the results. */
import { Cause, Effect, Exit } from "effect"
import { Capture, metrics } from "./Capture.ts"
import { Dice } from "./Dice.ts"
import { leakIn } from "./secrets.ts"
import { shrink } from "./shrink.ts"
import { type Instance, type Target, Violation, type ViolationKind } from "./target.ts"
import { judge, type Limits, type Verdict } from "./verdict.ts"

export interface Options {
  readonly inputs: number
  readonly seed: string
  readonly limits: Limits
  /** An input to read in all ways, instead of generated ones. */
  readonly replay?: Uint8Array | undefined
  /** Called with each input before it is read. */
  readonly onInput?: (where: string, input: Uint8Array) => void
}

/** A violation, and how to reproduce it. */
export interface Finding {
  readonly target: string
  readonly kind: ViolationKind
  readonly detail: string
  readonly way: string
  readonly index: number
  readonly input: string
  readonly shrunk: string
}

export interface Row {
  readonly name: string
  inputs: number
  values: number
  misses: number
  readonly errors: Record<string, number>
  violations: number
  seconds: number
  slowestMillis: number
  /** The largest increase of memory since the start. */
  peakBytes: number
  /** The first finding of each kind and way. */
  readonly findings: Array<Finding>
}

/** How many inputs each target gets: at least one. */
export const shares = (targets: ReadonlyArray<Target>, inputs: number): ReadonlyArray<number> => {
  const all = targets.reduce((sum, { weight }) => sum + weight, 0)
  const each = targets.map(({ weight }) => Math.max(1, Math.floor((inputs * weight) / all)))
  const rest = inputs - each.reduce((sum, share) => sum + share, 0)
  return each.map((share, i) => (i === 0 ? Math.max(1, share + rest) : share))
}

export const run = Effect.fn("fuzz.run")(function* (
  targets: ReadonlyArray<Target>,
  options: Options,
  onRow: (row: Row) => Effect.Effect<void> = () => Effect.void
) {
  const start = process.memoryUsage.rss()
  const rows: Array<Row> = []
  for (const [i, inputs] of shares(targets, options.inputs).entries()) {
    globalThis.gc?.()
    const row = yield* fuzz(targets[i]!, inputs, start, options)
    rows.push(row)
    yield* onRow(row)
  }
  return rows
})

const fuzz = Effect.fn("fuzz.target")(function* (target: Target, inputs: number, start: number, options: Options) {
  const began = performance.now()
  const row: Row = {
    name: target.name,
    inputs: 0,
    values: 0,
    misses: 0,
    errors: {},
    violations: 0,
    seconds: 0,
    slowestMillis: 0,
    peakBytes: 0,
    findings: []
  }
  const capture = new Capture()
  const watching: Watching = { row, capture, start, options }
  const inputsOfAll = Effect.scoped(
    Effect.gen(function* () {
      const instance = yield* Effect.orDie(target.make)
      capture.take()
      for (let from = 0; from < inputs && row.violations < enough; from += instance.batch) {
        yield* batch(target.name, instance, jobsOf(target.name, instance, from, inputs, options), watching)
      }
    })
  )
  yield* Effect.gen(function* () {
    yield* inputsOfAll
    const leak = leakIn(`${capture.take()}\n${yield* metrics}`)
    if (leak === undefined) return
    row.violations++
    const at = { target: target.name, way: "metrics, and what was logged at the end", index: -1, input: "", shrunk: "" }
    row.findings.push({ ...at, kind: "leaked secret", detail: leak })
  }).pipe(Effect.provide(capture.layer))
  row.seconds = (performance.now() - began) / 1000
  return row
})

interface Watching {
  readonly row: Row
  readonly capture: Capture
  readonly start: number
  readonly options: Options
}

/** An input, and the way to read it. */
interface Job {
  readonly index: number
  readonly input: Uint8Array
  readonly way: string
}

/** The next batch of inputs. Each depends only on the seed, the target and its number. */
const jobsOf = (
  target: string,
  { batch, input, ways }: Instance,
  from: number,
  inputs: number,
  { seed, replay }: Options
): ReadonlyArray<Job> => {
  const names = Object.keys(ways)
  if (replay !== undefined) return names.map((way) => ({ index: from, input: replay, way }))
  return Array.from({ length: Math.min(batch, inputs - from) }, (_, i) => {
    const dice = new Dice(`${seed}/${target}/${from + i}`)
    return { index: from + i, input: input(dice), way: dice.pick(names) }
  })
}

const batch = Effect.fn("fuzz.batch")(function* (
  target: string,
  instance: Instance,
  jobs: ReadonlyArray<Job>,
  watching: Watching
) {
  const { row, options } = watching
  const store = instance.store(jobs.map(({ input }) => input))
  yield* store
  for (const [slot, { index, input, way }] of jobs.entries()) {
    options.onInput?.(`${target}, ${way}, seed ${options.seed}, input ${index}`, input)
    let verdict = yield* observe(instance, way, slot, input, watching)
    for (let again = 0; mayBeChance(verdict) && again < 2; again++) {
      globalThis.gc?.()
      yield* store
      verdict = yield* observe(instance, way, slot, input, watching)
    }
    row.inputs++
    count(row, verdict)
    if (verdict._tag !== "violation") continue
    const { kind, detail } = verdict
    row.violations++
    if (row.findings.some((it) => it.kind === kind && it.way === way)) continue
    const again = (candidate: Uint8Array) =>
      Effect.gen(function* () {
        yield* instance.store([candidate])
        const seen = yield* observe(instance, way, 0, candidate, { ...watching, row: { ...row } })
        return seen._tag === "violation" && seen.kind === kind
      })
    const isQuick = kind !== "hang" && kind !== "memory"
    const shrunk = isQuick ? yield* shrink(input, again) : input
    row.findings.push({
      target,
      kind,
      detail,
      way,
      index,
      input: base64(input),
      shrunk: base64(shrunk)
    })
    yield* store
  }
})

/** Such an input is read again, because another process may have delayed the read, or earlier reads left garbage. */
const mayBeChance = (verdict: Verdict): boolean =>
  verdict._tag === "violation" && (verdict.kind === "hang" || verdict.kind === "memory")

/** The number of violations after which the fuzzer skips the rest of a target. */
const enough = 20

/** How many inputs are read between two garbage collections, so that the garbage of other reads does not count. */
const inputsPerSweep = 200

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64")

const count = (row: Row, verdict: Verdict): void => {
  if (verdict._tag === "value") row.values++
  else if (verdict._tag === "miss") row.misses++
  else if (verdict._tag === "error") row.errors[verdict.tag] = (row.errors[verdict.tag] ?? 0) + 1
}

const observe = Effect.fnUntraced(function* (
  instance: Instance,
  way: string,
  slot: number,
  input: Uint8Array,
  { row, capture, start, options }: Watching
) {
  if (row.inputs % inputsPerSweep === 0 && process.memoryUsage.rss() - start > options.limits.bytes / 2)
    globalThis.gc?.()
  const from = performance.now()
  const exit = yield* Effect.exit(
    Effect.timeoutOrElse(
      Effect.suspend(() => instance.ways[way]!(slot, input)),
      {
        duration: 2 * options.limits.millis,
        orElse: () =>
          Effect.fail(new Violation({ kind: "hang", detail: `no result in ${2 * options.limits.millis} ms` }))
      }
    )
  )
  const millis = performance.now() - from
  const bytes = process.memoryUsage.rss() - start
  row.slowestMillis = Math.max(row.slowestMillis, millis)
  row.peakBytes = Math.max(row.peakBytes, bytes)
  const judged = Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? Exit.die("interrupted") : exit
  return judge({ exit: judged, millis, bytes, emitted: capture.take() }, options.limits)
})
