import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import type { Sample } from "./measure.ts"

/** Runs a script of `children/`, and answers the JSON that it writes: samples, unless it says otherwise. */
export const inChild = <A = ReadonlyArray<Sample>>(script: string, ...args: ReadonlyArray<string>): Effect.Effect<A> =>
  Effect.promise(async () => {
    const file = fileURLToPath(new URL(`children/${script}.ts`, import.meta.url))
    const all = ["--conditions=@effect-kv/source", file, ...args]
    const { stdout } = await promisify(execFile)(process.execPath, all, { maxBuffer: 2 ** 26 })
    return JSON.parse(stdout)
  })

/** The same samples of several processes, as one with the values of all. */
export const joined = (runs: ReadonlyArray<ReadonlyArray<Sample>>): ReadonlyArray<Sample> => {
  const [first = [], ...others] = runs
  return first.map((sample, i) => ({
    ...sample,
    values: [sample, ...others.map((samples) => samples[i]!)].flatMap((it) => it.values)
  }))
}

/**
 * What several processes say of the same, one after the other: each compiles and lays out its code as it happens, which can
 * make a tenth of difference.
 */
export const inChildren = (
  times: number,
  script: string,
  ...args: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Sample>> => Effect.map(Effect.replicateEffect(inChild(script, ...args), times), joined)
