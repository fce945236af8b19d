/**
 * Checks that effect-kv and py-key-value read each other's data, with a file of data from the real py-key-value:
 * `npm run interop -- --help`.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Layer, Option, Stream } from "effect"
import { Command } from "effect/cli"
import { all } from "./checks/all.ts"
import * as Database from "./database.ts"
import { flags } from "./flags.ts"
import * as report from "./report.ts"
import { Secrets } from "./secrets.ts"
import { read } from "./vectors.ts"
import { writeAll } from "./writeAll.ts"

const interop = Command.make(
  "interop",
  flags,
  Effect.fn(
    function* ({ vectors: path, url, json, write, format }) {
      const vectors = yield* read(path)
      const run = write ? writing(vectors.vectors, format) : checking(vectors, json)
      yield* Effect.provide(run, Layer.merge(Database.layer(url), Secrets.layer))
    },
    Effect.catchTag(["VectorsError", "DatabaseError"], ({ message }) => report.fail(message))
  )
).pipe(Command.withDescription("Checks that py-key-value and effect-kv read what the other wrote, on a real Redis"))

const checking = Effect.fn("interop.checking")(function* (
  vectors: Parameters<typeof all>[0],
  json: Option.Option<string>
) {
  const cases = yield* all(vectors).pipe(
    Stream.tap((it) => Effect.flatMap(report.line(it), (line) => Console.log(line))),
    Stream.runCollect
  )
  yield* Console.log(yield* report.summary(cases))
  if (Option.isSome(json)) yield* report.writeJson(json.value, cases)
  if (cases.some(({ status }) => status === "fail")) return yield* new report.Failed()
})

const writing = Effect.fn("interop.writing")(function* (
  vectors: Parameters<typeof writeAll>[0],
  format: "compact" | "py-key-value"
) {
  const { written, failed } = yield* writeAll(vectors, { format })
  yield* Console.log(JSON.stringify(written, null, 2))
  yield* Console.error(`wrote ${written.length} of ${vectors.length} entries`)
  if (failed > 0) return yield* report.fail(`${failed} of them could not be written`)
})

interop.pipe(Command.run({ version: "0.1.0" }), Effect.provide(NodeServices.layer), NodeRuntime.runMain)
