/** A bar that fills on a terminal, and a line for each phase where nobody watches. */
import { Effect, Ref } from "effect"

const width = 32
const isTerminal = process.stdout.isTTY === true
const print = (text: string) => Effect.sync(() => void process.stdout.write(text))

const bar = (name: string, done: number, total: number): string => {
  const filled = total === 0 ? width : Math.round((done / total) * width)
  return `  ${name.padEnd(26)} ${"█".repeat(filled)}${"░".repeat(width - filled)} ${done}/${total}`
}

/** Runs a phase, which tells how many of its `total` steps it has done. */
export const phase = Effect.fn("progress.phase")(function* <A, E, R>(
  name: string,
  total: number,
  run: (advance: (steps: number) => Effect.Effect<void>) => Effect.Effect<A, E, R>
) {
  const done = yield* Ref.make(0)
  const advance = (steps: number) =>
    Effect.flatMap(
      Ref.updateAndGet(done, (n) => n + steps),
      (n) => (isTerminal ? print(`\r${bar(name, n, total)}`) : Effect.void)
    )
  const result = yield* run(advance)
  yield* print(`${isTerminal ? "\r" : ""}${bar(name, yield* Ref.get(done), total)}\n`)
  return result
})
