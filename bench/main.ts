/**
 * Measures this library and others: `npm run bench [-- --quick] [--only NAME] [--json FILE]`.
 *
 * Trust ratios within one run; absolute times are this machine's.
 */
import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { installPeers } from "./install.ts"
import { median, type Sample } from "./measure.ts"
import { sections } from "./sections/index.ts"

const { values: args } = parseArgs({
  options: { quick: { type: "boolean" }, only: { type: "string" }, json: { type: "string" } }
})

const plan = { rounds: args.quick ? 5 : 25, scale: 1, everything: !args.quick }

const chosen = sections.filter(({ name }) => args.only === undefined || name === args.only)

const program = Effect.gen(function* () {
  installPeers()
  const samples: Array<Sample> = []
  for (const section of chosen) {
    const measured = yield* Effect.scoped(section.run(plan))
    yield* Console.log(`\n${section.title}`)
    for (const sample of measured) {
      if (!["rate", "p50", "p99"].includes(sample.figure))
        yield* Console.log(
          `  ${sample.subject.padEnd(38)} ${sample.what} ${String(sample.callers).padStart(4)} ${median(sample.values).toFixed(2).padStart(8)} ${sample.unit}`
        )
    }
    samples.push(...measured)
  }
  if (args.json !== undefined) writeFileSync(args.json, JSON.stringify(samples, null, 2))
})

NodeRuntime.runMain(program)
