import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { bundled } from "./bundled.ts"

/** The root of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url))

/** How a program ended. The status of a killed one is 137. `output` is its standard output, `notes` its standard error. */
export interface Ended {
  readonly status: number
  readonly output: string
  readonly notes: string
}

/** What Node is given to run a program of the repository, with `effect-kv` from its sources. See `bundled.ts`. */
export const argsOf = (args: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(
    Effect.promise(() => Promise.all(args.map(bundled))),
    (args) => ["--conditions=@effect-kv/source", ...args]
  )

/** Runs Node in the root of the repository, without a terminal, and with `effect-kv` from its sources. */
export const runNode = (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Effect.Effect<Ended> => Effect.flatMap(argsOf(args), (args) => run(args, env))

const run = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>>): Effect.Effect<Ended> =>
  Effect.callback((resume) => {
    const options = { cwd: root, env: { ...process.env, FORCE_COLOR: "", ...env }, maxBuffer: 2 ** 26 }
    execFile(process.execPath, args, options, (error, output, notes) =>
      resume(Effect.succeed({ status: error === null ? 0 : Number(error.code ?? 137), output, notes }))
    )
  })
