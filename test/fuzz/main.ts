/** Reads damaged and random stored bytes with every codec and store: `npm run fuzz -- --help`. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import * as reporting from "./report.ts"
import { run } from "./run.ts"
import { all } from "./targets/all.ts"
import { limits } from "./verdict.ts"
import { Watchdog } from "./watchdog.ts"

const flags = {
  inputs: Flag.Int("inputs").pipe(
    Flag.withDescription("The number of inputs over all targets (default: 100000)"),
    Flag.withDefault(100_000)
  ),
  seed: Flag.String("seed").pipe(
    Flag.withDescription("The random seed; the same seed makes the same inputs (default: 1)"),
    Flag.withDefault("1")
  ),
  only: Flag.String("only").pipe(
    Flag.withDescription("Only targets whose name contains this text, such as redis"),
    Flag.withMetavar("TARGET"),
    Flag.optional
  ),
  replay: Flag.String("replay").pipe(
    Flag.withDescription(
      "Read this input (in Base64, as a finding prints it) in all ways, instead of generated inputs"
    ),
    Flag.withMetavar("INPUT"),
    Flag.optional
  ),
  json: Flag.String("json").pipe(
    Flag.withDescription("Also write all figures and findings to this file"),
    Flag.withMetavar("FILE"),
    Flag.optional
  )
}

const fuzz = Command.make(
  "fuzz",
  flags,
  Effect.fn(function* ({ inputs, seed, only, replay, json }) {
    const targets = all.filter(({ name }) => Option.isNone(only) || name.includes(only.value))
    if (targets.length === 0)
      return yield* reporting.fail(["there is no such target. There are:", ...all.map(({ name }) => name)].join("\n  "))
    if (inputs < 1) return yield* reporting.fail("--inputs must be at least 1")
    const watchdog = new Watchdog(10)
    const start = { millis: performance.now(), bytes: process.memoryUsage.rss() }
    yield* Console.log(reporting.head)
    const rows = yield* run(
      targets,
      {
        inputs: Option.isSome(replay) ? targets.length : inputs,
        replay: Option.getOrUndefined(Option.map(replay, (text) => Uint8Array.from(Buffer.from(text, "base64")))),
        seed,
        limits,
        onInput: (where, input) => watchdog.at(where, input)
      },
      (row) => Effect.flatMap(reporting.line(row), Console.log)
    )
    yield* Effect.promise(() => watchdog.stop())
    const report = reporting.report(seed, rows, {
      seconds: (performance.now() - start.millis) / 1000,
      peakBytes: process.resourceUsage().maxRSS * 1024 - start.bytes
    })
    yield* Console.log(yield* reporting.summary(report))
    if (Option.isSome(json)) yield* reporting.writeJson(json.value, report)
    if (report.violations > 0) return yield* new reporting.Failed()
  })
).pipe(Command.withDescription("Reads damaged and random stored bytes through every codec, store and wrapper"))

fuzz.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
