import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import type { Sample } from "./measure.ts"

/** Runs a script of `children/`, and answers the samples that it writes. */
export const inChild = (script: string, ...args: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Sample>> =>
  Effect.promise(async () => {
    const file = fileURLToPath(new URL(`children/${script}.ts`, import.meta.url))
    const options = ["--conditions=@effect-kv/source", "--expose-gc"]
    const { stdout } = await promisify(execFile)(process.execPath, [...options, file, ...args], { maxBuffer: 2 ** 26 })
    return JSON.parse(stdout)
  })
