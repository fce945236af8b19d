import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"

/** The root of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url))

/** How a program ended. The status of a killed one is 137. `output` is its standard output, `notes` its standard error. */
export interface Ended {
  readonly status: number
  readonly output: string
  readonly notes: string
}

/** Runs Node in the root of the repository, without a terminal, and with `effect-kv` from its sources. */
export const runNode = (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Effect.Effect<Ended> =>
  Effect.callback((resume) => {
    const options = { cwd: root, env: { ...process.env, FORCE_COLOR: "", ...env }, maxBuffer: 2 ** 26 }
    execFile(process.execPath, ["--conditions=@effect-kv/source", ...args], options, (error, output, notes) =>
      resume(Effect.succeed({ status: error === null ? 0 : Number(error.code ?? 137), output, notes }))
    )
  })
