/**
 * Fails if something has become too slow: `npm run bench:gate`.
 *
 * A target fails if the measured figure is more than 15 % over it in all four runs. If the same work by hand takes more
 * than the target allows, the limit is 1.15 times the work by hand. The gate only compares ratios of CPU time, measured
 * in turns within one process while no other program disturbs it (see `probe.ts`). Ratios depend on the machine less
 * than times do.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { Sample } from "./measure.ts"
import { emptyRow, type Row, rowOf, stillFailing, table } from "./rows.ts"
import { sections } from "./sections/index.ts"
import { redisProblem } from "./servers.ts"
import { type Target, targets } from "./targets.ts"

const plan = { turns: 50, processes: 1, everything: false }
const runs = 4

const measureFor = Effect.fnUntraced(function* (rows: ReadonlyArray<Target>) {
  const needed = new Set(rows.flatMap((target) => target.sections))
  const samples: Array<Sample> = []
  for (const section of sections) {
    if (needed.has(section.name)) samples.push(...(yield* Effect.scoped(section.run(plan))))
  }
  return samples
})

const program = Effect.gen(function* () {
  const problem = redisProblem()
  if (problem !== undefined) {
    yield* Console.log(`Skipped everything that needs Redis: ${problem}`)
    if (process.env.REQUIRE_SERVICES === "1") return yield* Effect.fail(problem)
  }
  const withoutServer = new Set(sections.flatMap(({ name, needsRedis }) => (needsRedis ? [] : [name])))
  let rows: ReadonlyArray<Row> = targets
    .filter(
      (target) => target.gate && (problem === undefined || target.sections.every((name) => withoutServer.has(name)))
    )
    .map(emptyRow)
  for (let run = 0; run < runs; run++) {
    const open = stillFailing(rows)
    if (open.length === 0) break
    const samples = yield* measureFor(open.map(({ target }) => target))
    rows = rows.map((row) => (open.includes(row) ? rowOf(row, samples) : row))
  }
  yield* Console.log(table(rows))
  const failed = stillFailing(rows)
  if (failed.length > 0) {
    process.exitCode = 1
    yield* Console.log(
      `\n${failed.length} of ${rows.length} targets were missed by more than 15 % in all ${runs} runs.`
    )
  }
})

NodeRuntime.runMain(program)
