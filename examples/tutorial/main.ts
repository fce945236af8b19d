/**
 * Runs the chapters of the tutorial, and prints their numbers: `node main.ts`, or `node main.ts 1 2` for some of them.
 * Chapters 5 and 6 start `redis-server`.
 */
import { cpus } from "node:os"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, DateTime, Effect, FileSystem, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { chapters, run } from "./lab/chapters.ts"
import { columns, type Report, type Run } from "./lab/numbers.ts"
import { standard } from "./lab/scenario.ts"

const flags = {
  ids: Argument.Literals(
    "run",
    chapters.map(({ id }) => id)
  ).pipe(Argument.withDescription("Only these runs, such as 1 or 5b"), Argument.variadic()),
  json: Flag.String("json").pipe(
    Flag.withDescription("Also store the numbers in this file, together with those that it has of other runs"),
    Flag.withMetavar("FILE"),
    Flag.optional
  ),
  note: Flag.String("note").pipe(
    Flag.withDescription("How the runs were made, for the file"),
    Flag.withMetavar("TEXT"),
    Flag.withDefault("")
  ),
  realTime: Flag.Boolean("real-time").pipe(
    Flag.withDescription("Run chapters 1 to 4 in real time"),
    Flag.withDefault(false)
  )
}

const line = (cells: ReadonlyArray<string>): string =>
  cells.map((cell, i) => (i < 2 ? cell.padEnd([4, 19][i]!) : cell.padStart(16))).join("")

const head = line(columns.map(([name]) => name))

const row = (run: Run): string => line(columns.map(([, cell]) => cell(run)))

/** Keeps the numbers of the runs that were not made this time. */
const store = Effect.fnUntraced(function* (file: string, runs: ReadonlyArray<Run>, note: string) {
  const fs = yield* FileSystem.FileSystem
  const known = (yield* fs.exists(file)) ? (JSON.parse(yield* fs.readFileString(file)) as Report) : undefined
  const all = new Map([...(known?.runs ?? []), ...runs].map((run) => [run.id, run]))
  const processor = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`
  const isVirtual = runs.every(({ runs }) => runs === "virtual")
  const setting =
    known !== undefined && isVirtual
      ? known.setting
      : { date: DateTime.formatIsoDate(yield* DateTime.now), processor, node: process.versions.node, note }
  const report: Report = { setting, scenario: standard, runs: chapters.flatMap(({ id }) => all.get(id) ?? []) }
  yield* fs.writeFileString(file, `${JSON.stringify(report, null, 2)}\n`)
})

const tutorial = Command.make(
  "tutorial",
  flags,
  Effect.fnUntraced(function* ({ ids, json, note, realTime }) {
    yield* Console.log(head)
    const runs = yield* Effect.forEach(
      chapters.filter(({ id }) => ids.length === 0 || ids.includes(id)),
      (chapter) => Effect.tap(run(chapter, standard, realTime), (run) => Console.log(row(run)))
    )
    if (Option.isSome(json)) yield* store(json.value, runs, note)
  })
).pipe(Command.withDescription("Runs the chapters of the tutorial"))

tutorial.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
