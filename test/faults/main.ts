/**
 * Causes real faults of servers, files and processes, and checks what callers see and what is left over:
 * `npm run faults -- --help`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Duration, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { all } from "./all.ts"
import * as report from "./report.ts"

const flags = {
  json: Flag.String("json").pipe(
    Flag.withDescription("Also write { rows } to this file"),
    Flag.withMetavar("FILE"),
    Flag.optional
  ),
  only: Flag.String("only").pipe(
    Flag.withDescription("Only faults whose name or target contains this text"),
    Flag.withMetavar("NAME"),
    Flag.optional
  ),
  short: Flag.Boolean("short").pipe(
    Flag.withDescription("Shorter and fewer faults, and 20 kills instead of 200"),
    Flag.withDefault(false)
  )
}

const faults = Command.make(
  "faults",
  flags,
  Effect.fn(function* ({ json, only, short }) {
    const word = Option.getOrElse(only, () => "").toLowerCase()
    const selected = all.filter(
      ({ name, target, fullOnly }) => `${name} ${target}`.toLowerCase().includes(word) && !(short && fullOnly)
    )
    if (selected.length === 0) return yield* report.fail(`there is no fault with "${word}" in its name`)
    yield* Console.log(yield* report.head)
    const rows = yield* Effect.forEach(selected, ({ run }) =>
      Effect.timed(run(short)).pipe(
        Effect.map(([time, row]) => ({ ...row, seconds: Duration.toSeconds(time) })),
        Effect.tap((row) => Effect.flatMap(report.line(row), (line) => Console.log(line)))
      )
    )
    yield* Console.log(yield* report.summary(rows))
    if (Option.isSome(json)) yield* report.writeJson(json.value, rows)
    if (rows.some(({ status }) => status === "violated")) return yield* new report.Failed()
  })
).pipe(Command.withDescription("Causes faults on real servers, files and processes, and reports the results"))

faults.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
