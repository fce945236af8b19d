/**
 * Measures what stores and wrappers cost, in CPU time: `npm run bench [-- --quick] [--json FILE]`.
 *
 * Trust ratios within one run; absolute times are this machine's.
 */

import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { type Sample, section } from "./measure.ts"
import { codecs, memory, sqlite } from "./sections.ts"

const { values: args } = parseArgs({ options: { quick: { type: "boolean" }, json: { type: "string" } } })
const rounds = args.quick ? 3 : 9

const program = Effect.gen(function* () {
  const samples: Array<Sample> = []
  for (const [name, candidates, times] of [
    ["memory, 100 bytes", yield* memory, 20_000],
    ["sqlite, 1 KiB", yield* sqlite, 2000],
    ["codecs, 1 KiB", yield* codecs, 2000]
  ] as const) {
    const measured = yield* section(name, candidates, { rounds, times })
    yield* Console.log(`\n${name}\n${table(measured)}`)
    samples.push(...measured)
  }
  if (args.json !== undefined) writeFileSync(args.json, JSON.stringify(samples, null, 2))
})

const table = (samples: ReadonlyArray<Sample>): string =>
  samples.map(({ name, cpu }) => `  ${name.padEnd(32)} ${cpu.toFixed(2).padStart(8)} µs`).join("\n")

NodeRuntime.runMain(Effect.scoped(program))
