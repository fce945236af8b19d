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
