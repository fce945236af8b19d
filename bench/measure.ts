import * as Effect from "effect/Effect"

/** What one candidate of a section takes. */
export interface Sample {
  readonly section: string
  readonly name: string
  /** CPU microseconds per operation, the median of the rounds. */
  readonly cpu: number
  readonly rounds: ReadonlyArray<number>
}

/** Something to measure: an effect that does one operation. */
export interface Candidate {
  readonly name: string
  readonly operation: Effect.Effect<unknown, unknown>
}

const median = (numbers: ReadonlyArray<number>): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] as number

const cpuMicros = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Runs one operation after the other within a fiber. */
const repeat = (operation: Effect.Effect<unknown, unknown>, times: number) =>
  Effect.gen(function* () {
    const start = cpuMicros()
    for (let i = 0; i < times; i++) yield* operation
    return (cpuMicros() - start) / times
  })

/** Measures the candidates of a section in turn, round by round, so that what else the machine does hits them alike. */
export const section = Effect.fnUntraced(function* (
  name: string,
  candidates: ReadonlyArray<Candidate>,
  options: { readonly rounds: number; readonly times: number }
) {
  const rounds = candidates.map((): Array<number> => [])
  for (let round = -1; round < options.rounds; round++) {
    for (const [i, { operation }] of candidates.entries()) {
      const cpu = yield* repeat(operation, options.times)
      if (round >= 0) rounds[i]!.push(cpu)
    }
  }
  return candidates.map(
    (candidate, i): Sample => ({ section: name, name: candidate.name, cpu: median(rounds[i]!), rounds: rounds[i]! })
  )
})
