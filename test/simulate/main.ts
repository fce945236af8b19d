/**
 * Simulates all stacks under faults and checks their guarantees: `npm run simulate -- --help`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Data, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { Simulation } from "effect-kv/testing"
import { performAll } from "./pool.ts"
import * as report from "./report.ts"
import { stacks, stores } from "./stacks.ts"
import type { Task } from "./task.ts"

const flags = {
  seeds: Flag.Int("seeds").pipe(
    Flag.withDescription("How many seeds for each stack and store (default: 100, or 1 with --seed)"),
    Flag.optional
  ),
  ops: Flag.Int("ops").pipe(
    Flag.withDescription("How many operations in total; at least 10 for each seed, stack and store"),
    Flag.withDefault(100_000)
  ),
  stack: Flag.Literals("stack", Object.keys(stacks) as [string]).pipe(
    Flag.withDescription("Only this stack"),
    Flag.optional
  ),
  store: Flag.Literals("store", Object.keys(stores) as [string]).pipe(
    Flag.withDescription("Only over this store"),
    Flag.optional
  ),
  seed: Flag.Int("seed").pipe(Flag.withDescription("The first seed (default: 0)"), Flag.optional),
  without: Flag.String("without").pipe(
    Flag.withDescription(
      `Leave these out of the workload, separated by commas: ${Simulation.hazards.join(", ")}, or all`
    ),
    Flag.withMetavar("HAZARDS"),
    Flag.withDefault("")
  ),
  jobs: Flag.Int("jobs").pipe(Flag.withDescription("How many threads"), Flag.withDefault(2)),
  json: Flag.String("json").pipe(
    Flag.withDescription("Also write a row for each stack to this file"),
    Flag.withMetavar("FILE"),
    Flag.optional
  )
}

/** Seeds of a task: enough that its start costs little, and few enough that no thread waits long for another. */
const chunk = 100

/** The most operations of a run. More operations are split into several runs, with seeds that are farther apart. */
const longest = 100
const farther = 1_000_000

class UnknownHazard extends Data.TaggedError("UnknownHazard")<{ readonly message: string }> {}

/** All hazards except the given ones, which are separated by commas. */
const hazardsWithout = Effect.fnUntraced(function* (names: string) {
  const left = names.split(",").map((name) => name.trim())
  const unknown = left.find(
    (name) => name !== "" && name !== "all" && !(Simulation.hazards as ReadonlyArray<string>).includes(name)
  )
  if (unknown !== undefined) return yield* new UnknownHazard({ message: `--without does not know "${unknown}"` })
  return left.includes("all") ? [] : Simulation.hazards.filter((hazard) => !left.includes(hazard))
})

const simulate = Command.make(
  "simulate",
  flags,
  Effect.fn(function* ({ seeds, ops, stack, store, seed, without, jobs, json }) {
    const hazards = yield* hazardsWithout(without)
    const pairs = Object.keys(stacks)
      .filter((name) => Option.getOrElse(stack, () => name) === name)
      .flatMap((name) => Object.keys(stores).map((store) => ({ stack: name, store })))
      .filter((pair) => Option.getOrElse(store, () => pair.store) === pair.store)
    const first = Option.getOrElse(seed, () => 0)
    const count = Option.getOrElse(seeds, () => (Option.isSome(seed) ? 1 : 100))
    const each = Math.max(10, Math.ceil(ops / (count * pairs.length)))
    const rounds = Math.ceil(each / longest)
    const operations = Math.ceil(each / rounds)
    const starts = Array.from({ length: rounds }, (_, round) => round * farther).flatMap((round) =>
      Array.from({ length: Math.ceil(count / chunk) }, (_, i) => ({ round, from: i * chunk }))
    )
    const tasks = pairs.flatMap((pair) =>
      starts.map(
        ({ round, from }): Task => ({
          ...pair,
          firstSeed: first + round + from,
          seeds: Math.min(chunk, count - from),
          operations,
          hazards
        })
      )
    )
    const begun = performance.now()
    const done = yield* performAll(tasks, jobs, report.progress)
    const seconds = (performance.now() - begun) / 1000
    const rows = report.rows(done, rounds)
    for (const part of done) {
      const text = yield* report.finding(part, operations, without)
      if (text !== "") yield* Console.log(text)
    }
    yield* Console.log(`\n${report.table(rows)}\n`)
    const all = rows.reduce((sum, row) => sum + row.operations, 0)
    const runs = done.reduce((sum, part) => sum + part.seeds, 0)
    const perSecond = runs / seconds
    yield* Console.log(
      `${all} operations in ${runs} runs in ${seconds.toFixed(1)} s with ${jobs} threads: ${perSecond.toFixed(0)} seeds per second; ` +
        `1,000 seeds of ${pairs.length} stacks take ${((1000 * pairs.length * rounds) / perSecond).toFixed(0)} s`
    )
    if (Option.isSome(json)) yield* report.writeJson(json.value, rows)
    if (rows.some((row) => report.violationCount(row) > 0)) return yield* new report.Failed()
  })
).pipe(Command.withDescription("Simulates stacks under faults, and checks their guarantees"))

simulate.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
