/** Shows a progress bar on a terminal, and prints a line when a phase has ended. */
import { Duration, Effect, Ref, Terminal } from "effect"
import { TerminalCapabilities } from "effect/cli"
import { style } from "./style.ts"

const width = 32

/** Runs a phase, which reports how many of its `total` documents are done. */
export const phase = Effect.fn("progress.phase")(function* <A, E, R>(
  name: string,
  total: number,
  run: (advance: (documents: number) => Effect.Effect<void>) => Effect.Effect<A, E, R>
) {
  const terminal = yield* Terminal.Terminal
  const { canAnimate } = yield* TerminalCapabilities.TerminalCapabilities
  const { faint, accent } = yield* style
  const done = yield* Ref.make(0)

  const label = `  ${name.padEnd(20)}`
  const bar = (n: number): string => {
    const filled = Math.round((n / Math.max(total, 1)) * width)
    return `\r${label}${accent("█".repeat(filled))}${faint("░".repeat(width - filled))} ${n}/${total}`
  }
  const draw = Effect.flatMap(Ref.get(done), (n) => terminal.display(bar(n)))
  const drawing = Effect.forever(Effect.andThen(draw, Effect.sleep("50 millis")))

  const work = run((documents) => Ref.update(done, (n) => n + documents))
  const [elapsed, result] = yield* Effect.timed(canAnimate ? Effect.raceFirst(work, drawing) : work)
  const seconds = `${(Duration.toMillis(elapsed) / 1000).toFixed(1)} s`
  yield* terminal.display(`${canAnimate ? "\r\u001b[K" : ""}${label}${total} documents ${faint(`in ${seconds}`)}\n`)
  return result
})
