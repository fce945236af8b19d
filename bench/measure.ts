import * as Effect from "effect/Effect"
import { isQuiet, probe } from "./probe.ts"

/** One figure of one candidate, with all measured values. */
export interface Sample {
  readonly section: string
  /** The library, or the stack of effect-kv. */
  readonly subject: string
  /** The operation, such as "get". */
  readonly what: string
  /** The number of concurrent callers. */
  readonly callers: number
  /** The measured quantity, such as "cpu", and its unit. */
  readonly figure: string
  readonly unit: string
  /** One value per turn. */
  readonly values: ReadonlyArray<number>
}

/** Runs an operation `times` times with `callers` concurrent callers. `i` counts the operations. */
export type Run = (callers: number, times: number, done?: (i: number, millis: number) => void) => Promise<void>

/** Something to measure. */
export interface Candidate {
  readonly subject: string
  readonly what: string
  readonly run: Run
  /** How many operations one call counts as. Default: 1. */
  readonly each?: number
}

/** How much to measure. */
export interface Amount {
  /** How many turns each candidate needs. */
  readonly turns: number
  readonly callers: ReadonlyArray<number>
  /** Whether to measure latencies, too. They need a separate pass, because reading the clock takes time itself. */
  readonly latencies: boolean
}

/** An operation that returns a promise, called by `async` loops. */
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

/** A synchronous operation. */
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
 * The approximate length of a turn. It is short enough that the load of the machine rarely changes within a turn, and
 * long enough that the code is warm in the processor's caches for most of it.
 */
const turnMillis = 10

/**
 * The result of a turn: CPU time per operation, operations per second, and the slower of the probes before and after.
 */
interface Turn {
  readonly micros: number
  readonly rate: number
  readonly probe: number
}

/** A candidate, the number of calls in its turn, and its turns so far. */
interface Player {
  readonly candidate: Candidate
  readonly calls: number
  readonly turns: Array<Turn>
}

/**
 * Measures candidates in turns. The order changes each round. The rounds end when each candidate has enough undisturbed
 * turns. On a machine that is almost always disturbed, the least disturbed turns count.
 */
export const measure = async (
  section: string,
  candidates: ReadonlyArray<Candidate>,
  { turns, callers, latencies }: Amount
): Promise<ReadonlyArray<Sample>> => {
  const samples: Array<Sample> = []
  for (const count of callers) {
    const players: Array<Player> = []
    for (const candidate of candidates) {
      players.push({ candidate, calls: await warmUp(candidate.run, count), turns: [] })
    }
    for (let round = 0; round < mostRounds * turns; round++) {
      const open = players.filter((player) => player.turns.filter(isGood).length < turns)
      if (open.length === 0) break
      await playRound(open, count)
    }
    for (const { candidate, calls, turns } of players) {
      const { subject, what, run } = candidate
      const good = goodOf(turns)
      const sample = (figure: string, unit: string, values: ReadonlyArray<number>) =>
        samples.push({ section, subject, what, callers: count, figure, unit, values })
      sample(
        "cpu",
        "µs",
        good.map(({ micros }) => micros)
      )
      sample(
        "rate",
        "op/s",
        good.map(({ rate }) => rate)
      )
      if (!latencies) continue
      const all: Array<number> = []
      await run(count, latencyTurns * calls, (_, millis) => all.push(millis * 1000))
      sample("p50", "µs", [quantile(all, 0.5)])
      sample("p99", "µs", [quantile(all, 0.99)])
    }
  }
  return samples
}

/** How long a program runs before the measurement, and how long it is measured, in milliseconds. */
const atWork = { before: 1500, measured: 1500 }

/** CPU time per operation of a program that does nothing else, including garbage collection. */
export const sustained = async (
  section: string,
  { subject, what, run }: Candidate,
  callers: number
): Promise<Sample> => {
  const calls = await warmUp(run, callers)
  const repeated = async (millis: number) => {
    let times = 0
    for (const start = performance.now(); performance.now() - start < millis; times += calls) await run(callers, calls)
    return times
  }
  await repeated(atWork.before)
  const { answer: times, micros } = await timed(() => repeated(atWork.measured))
  return { section, subject, what, callers, figure: "cpu", unit: "µs", values: [micros / times] }
}

/** The maximum number of rounds for each turn that a candidate needs. */
const mostRounds = 3

/** Runs one turn of each candidate, with a probe before and after. */
const playRound = async (players: ReadonlyArray<Player>, callers: number): Promise<void> => {
  let before = probe()
  for (const i of shuffled(players.length)) {
    const { candidate, calls, turns } = players[i]!
    const operations = calls * (candidate.each ?? 1)
    const { micros, seconds } = await timed(() => candidate.run(callers, calls))
    const after = probe()
    turns.push({ micros: micros / operations, rate: operations / seconds, probe: Math.max(before, after) })
    before = after
  }
}

const isGood = (turn: Turn): boolean => isQuiet(turn.probe)

/** The undisturbed turns, or at least the best quarter of all turns. */
const goodOf = (turns: ReadonlyArray<Turn>): ReadonlyArray<Turn> =>
  turns
    .toSorted((a, b) => a.probe - b.probe)
    .slice(0, Math.max(turns.filter(isGood).length, Math.ceil(turns.length / 4)))

/** Runs a candidate for half a second, until its code is compiled, and returns how many calls fill a turn. */
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

/** For how many turns latencies are measured. */
const latencyTurns = 25

const shuffled = (length: number): ReadonlyArray<number> =>
  Array.from({ length }, (_, i) => [Math.random(), i] as const)
    .sort(([a], [b]) => a - b)
    .map(([, i]) => i)

/** The CPU time (user and system, all threads of this process) and the elapsed time of some work. */
const timed = async <A>(work: () => Promise<A>) => {
  const start = performance.now()
  const before = process.cpuUsage()
  const answer = await work()
  const { user, system } = process.cpuUsage(before)
  return { answer, micros: user + system, seconds: (performance.now() - start) / 1000 }
}

export const quantile = (values: ReadonlyArray<number>, q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(Math.floor(values.length * q), values.length - 1)] ?? Number.NaN

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)
