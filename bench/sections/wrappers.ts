import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import type { Sample } from "../measure.ts"
import { policies } from "../policies.ts"
import type { Section } from "./Section.ts"

const child = fileURLToPath(new URL("../children/policy.ts", import.meta.url))

const measureApart = (policy: string, rounds: number, times: number) =>
  Effect.promise(async (): Promise<ReadonlyArray<Sample>> => {
    const args = ["--conditions=@effect-kv/source", "--expose-gc", child, policy, String(rounds), String(times)]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    return JSON.parse(stdout)
  })

/** What one policy more costs. */
export const wrappers: Section = {
  name: "wrappers",
  title: "One policy wrapper more",
  about:
    "What one wrapper around a store adds to the CPU time of an operation, by its default options, where nothing goes wrong. Each policy is measured in a process of its own, where the same operations run without it, too. `by hand`: the least that does the same for this one store, in a few lines of Effect. 200 bytes, 64 callers.",
  needsRedis: false,
  run: (plan) =>
    Effect.map(
      Effect.forEach(Object.keys(policies), (policy) => measureApart(policy, 2 * plan.rounds, 10_000 * plan.scale)),
      (samples) => samples.flat()
    )
}
