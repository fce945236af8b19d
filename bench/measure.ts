import * as Effect from "effect/Effect"

/** One figure of one candidate, with every value that was measured. */
export interface Sample {
  readonly section: string
  /** Who: a library, or a stack of ours. */
  readonly subject: string
  /** What it does, such as "get". */
  readonly what: string
  /** How many callers at the same time. */
  readonly callers: number
  /** What was measured, such as "cpu", and in which unit. */
  readonly figure: string
  readonly unit: string
  /** One value a round. */
  readonly values: ReadonlyArray<number>
}

/** Runs an operation so many times, so many callers at a time. `i` counts the operations. */
export type Run = (callers: number, times: number, done?: (i: number, millis: number) => void) => Promise<void>

/** Something to measure. */
export interface Candidate {
  readonly subject: string
  readonly what: string
  readonly run: Run
  /** How many of the operations that are counted one call stands for. Default: 1. */
  readonly each?: number
}

/** How much to measure. */
export interface Amount {
  /** How many turns each candidate has. */
  readonly rounds: number
  readonly callers: ReadonlyArray<number>
  /** Whether latencies are measured too, in a pass of their own, since looking at the clock takes time itself. */
  readonly latencies: boolean
}

/** An operation that answers a promise, called by `async` loops. */
export const promised =
  (operation: (i: number) => Promise<unknown>): Run =>
  async (callers, times, done) => {
    let next = 0
    const caller = async () => {
      while (next < times) {
        const i = next++
        if (done === undefined) await operation(i)
        else {
          const start = performance.now()
          await operation(i)
          done(i, performance.now() - start)
        }
      }
    }
    await Promise.all(Array.from({ length: callers }, caller))
  }

/** An operation that is an effect, run by fibers of one runtime. */
export const effectful =
  <E>(operation: (i: number) => Effect.Effect<unknown, E>): Run =>
  (callers, times, done) => {
    let next = 0
    const caller = Effect.gen(function* () {
      while (next < times) {
        const i = next++
        if (done === undefined) yield* operation(i)
        else {
          const start = performance.now()
          yield* operation(i)
          done(i, performance.now() - start)
        }
      }
    })
    return Effect.runPromise(
      Effect.all(
        Array.from({ length: callers }, () => caller),
        { concurrency: "unbounded", discard: true }
      )
    )
  }

/** An operation that answers at once. */
export const plain =
  (operation: (i: number) => unknown): Run =>
  async (_, times, done) => {
    for (let i = 0; i < times; i++) {
      const start = done && performance.now()
      operation(i)
      if (start !== undefined) done?.(i, performance.now() - start)
    }
  }

/**
 * How long a turn is, about. A machine that others share is half as fast every now and then, for a second or less: many
 * short turns, one right after the other, have candidates share what happens. A turn is still long enough to be about a
 * program that is at work, and not about one whose code the processor has just forgotten.
 */
const turnMillis = 10

/**
 * Measures candidates in turn, round by round, so that what else the machine does hits them alike; each round in another
 * order, so that nobody always comes after the same other.
 */
export const measure = async (
  section: string,
  candidates: ReadonlyArray<Candidate>,
  { rounds, callers, latencies }: Amount
): Promise<ReadonlyArray<Sample>> => {
  const samples: Array<Sample> = []
  for (const count of callers) {
    const measured: Array<{ calls: number; cpu: Array<number>; rate: Array<number> }> = []
    for (const { run } of candidates) measured.push({ calls: await warmUp(run, count), cpu: [], rate: [] })
    for (let round = 0; round < rounds; round++) {
      for (const i of shuffled(candidates.length)) {
        const { run, each = 1 } = candidates[i]!
        const { calls, cpu, rate } = measured[i]!
        const { micros, seconds } = await timed(() => run(count, calls))
        cpu.push(micros / (calls * each))
        rate.push((calls * each) / seconds)
      }
    }
    for (const [i, { subject, what, run }] of candidates.entries()) {
      const { calls, cpu, rate } = measured[i]!
      const sample = (figure: string, unit: string, values: ReadonlyArray<number>) =>
        samples.push({ section, subject, what, callers: count, figure, unit, values })
      sample("cpu", "µs", cpu)
      sample("rate", "op/s", rate)
      if (!latencies) continue
      const all: Array<number> = []
      await run(count, latencyTurns * calls, (_, millis) => all.push(millis * 1000))
      sample("p50", "µs", [quantile(all, 0.5)])
      sample("p99", "µs", [quantile(all, 0.99)])
    }
  }
  return samples
}

/** Runs a candidate until everything is compiled, half a second, and tells how many calls take a turn. */
const warmUp = async (run: Run, callers: number): Promise<number> => {
  const start = performance.now()
  for (let calls = callers; ; ) {
    const before = performance.now()
    await run(callers, calls)
    const millis = performance.now() - before
    if (performance.now() - start > 500) return Math.max(2 * callers, Math.ceil((calls * turnMillis) / millis))
    if (millis < turnMillis) calls *= 2
  }
}

/** How many turns' calls have their latencies measured. */
const latencyTurns = 25

const shuffled = (length: number): ReadonlyArray<number> =>
  Array.from({ length }, (_, i) => [Math.random(), i] as const)
    .sort(([a], [b]) => a - b)
    .map(([, i]) => i)

/** The CPU time (user and system, of all threads of this process) and the time that a piece of work takes. */
const timed = async (work: () => Promise<void>) => {
  const start = performance.now()
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return { micros: user + system, seconds: (performance.now() - start) / 1000 }
}

export const quantile = (values: ReadonlyArray<number>, q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(Math.floor(values.length * q), values.length - 1)] ?? Number.NaN

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)
