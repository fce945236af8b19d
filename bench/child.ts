import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import type { Sample } from "./measure.ts"

/** Runs a script of `children/`, and returns the JSON that it writes. */
export const inChild = <A = ReadonlyArray<Sample>>(script: string, ...args: ReadonlyArray<string>): Effect.Effect<A> =>
  Effect.promise(async () => {
    const file = fileURLToPath(new URL(`children/${script}.ts`, import.meta.url))
    const all = ["--conditions=@effect-kv/source", file, ...args]
    const { stdout } = await promisify(execFile)(process.execPath, all, { maxBuffer: 2 ** 26 })
    return JSON.parse(stdout)
  })

/** Merges the same samples of several processes into one with all values. */
export const joined = (runs: ReadonlyArray<ReadonlyArray<Sample>>): ReadonlyArray<Sample> => {
  const [first = [], ...others] = runs
  return first.map((sample, i) => ({
    ...sample,
    values: [sample, ...others.map((samples) => samples[i]!)].flatMap((it) => it.values)
  }))
}

/**
 * Measures the same in several processes, one after the other. Each process compiles and lays out its code differently,
 * which can make a difference of a tenth.
 */
export const inChildren = (
  times: number,
  script: string,
  ...args: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Sample>> => Effect.map(Effect.replicateEffect(inChild(script, ...args), times), joined)
