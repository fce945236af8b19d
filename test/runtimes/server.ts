/** The program for runtimes with files and sockets. Prints its results as a line of JSON. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { everywhere, roundTrips } from "./everywhere.ts"
import { run } from "./run.ts"
import type { Step, Steps } from "./Step.ts"

const directory = mkdtempSync(join(tmpdir(), "effect-kv-runtime-"))

/** A step with a module that some runtimes cannot load. */
const loading = <A>(load: () => Promise<A>, use: (module: A) => Step): Step => Effect.flatMap(Effect.promise(load), use)

const steps: Steps = {
  ...everywhere,
  "`FileSystem`, with `@effect/platform-node`": loading(
    () => Promise.all([import("effect-kv"), import("@effect/platform-node")]),
    ([{ FileSystem }, { NodeServices }]) =>
      Effect.provide(
        roundTrips,
        FileSystem.layer({ directory: join(directory, "files") }).pipe(Layer.provide(NodeServices.layer))
      )
  ),
  "`Sqlite`": loading(
    () => import("effect-kv/Sqlite"),
    (Sqlite) => Effect.provide(roundTrips, Sqlite.layer({ filename: join(directory, "entries.sqlite") }))
  ),
  "`Redis`, with ioredis": loading(
    () => import("effect-kv/Redis"),
    (Redis) => Effect.provide(roundTrips, Redis.layer({ url: process.env.REDIS_URL!, prefix: "runtimes:" }))
  )
}

const results = await run(steps)
rmSync(directory, { recursive: true, force: true })
process.stdout.write(`${JSON.stringify(results)}\n`)
