/**
 * Measures effect-kv and other libraries: `npm run bench [-- --quick] [--only NAME] [--json FILE]`.
 *
 * A complete run is written to `RESULTS.md`, with charts. A partial run (`--only`, `--quick`) is only printed. The JSON
 * has every sample. Compare ratios within one run; absolute times depend on the machine.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { barChart } from "./chart.ts"
import { charts } from "./charts.ts"
import { installPeers } from "./install.ts"
import type { Sample } from "./measure.ts"
import { report } from "./report.ts"
import { sections } from "./sections/index.ts"
import { redisProblem } from "./servers.ts"
import { setting } from "./setting.ts"
import { targets } from "./targets.ts"

const { values: args } = parseArgs({
  options: { quick: { type: "boolean" }, only: { type: "string" }, json: { type: "string" } }
})

const directory = fileURLToPath(new URL(".", import.meta.url))

const write = (samples: ReadonlyArray<Sample>) => {
  mkdirSync(`${directory}charts`, { recursive: true })
  const drawn = charts(samples)
  for (const [file, chart] of drawn) writeFileSync(`${directory}charts/${file}`, barChart(chart))
  const files = drawn.map(([file, { title }]) => ({ file: `charts/${file}`, title }))
  writeFileSync(
    `${directory}RESULTS.md`,
    report({ samples, setting: setting(), parts: sections, targets, charts: files })
  )
}

const program = Effect.gen(function* () {
  const chosen = sections.filter(({ name }) => args.only === undefined || name === args.only)
  if (chosen.length === 0) {
    return yield* Effect.fail(
      `There is no section "${args.only}". The sections are ${sections.map(({ name }) => name).join(", ")}`
    )
  }
  const problem = redisProblem()
  if (problem !== undefined) {
    yield* Console.log(`Skipped everything that needs Redis: ${problem}`)
    if (process.env.REQUIRE_SERVICES === "1") return yield* Effect.fail(problem)
  }
  yield* Effect.sync(installPeers)
  const samples: Array<Sample> = []
  for (const section of chosen) {
    if (section.needsRedis && problem !== undefined) continue
    yield* Console.log(`Measuring: ${section.title}`)
    samples.push(
      ...(yield* Effect.scoped(
        section.run({ turns: args.quick ? 15 : 50, processes: args.quick ? 1 : 3, everything: true })
      ))
    )
  }
  if (args.json !== undefined) writeFileSync(args.json, JSON.stringify(samples, null, 2))
  const isWhole = args.only === undefined && !args.quick && problem === undefined
  if (isWhole) write(samples)
  yield* Console.log(
    report({
      samples,
      setting: setting(),
      parts: chosen,
      targets: isWhole ? targets : measuredTargets(samples),
      charts: []
    })
  )
})

const measuredTargets = (samples: ReadonlyArray<Sample>) =>
  targets.filter((target) => target.reached(samples) !== undefined)

NodeRuntime.runMain(program)
