/** Runs the service of a chapter in real processes, with a real Redis. The lab starts them, and serves the database. */
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Clock, Context, Deferred, Effect, Layer } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { ChildProcess } from "effect/process"
import { Database } from "../service.ts"
import { Api, type Report } from "./api.ts"
import { Queries, simulated } from "./database.ts"
import * as redis from "./redis.ts"
import type { Result } from "./run.ts"
import { type Outage, type Scenario, sharesOf } from "./scenario.ts"

/** How long after the last process is ready the run starts, in milliseconds. */
const head = 300

/** What the processes tell the lab. */
class Progress extends Context.Service<Progress>()("tutorial/Progress", {
  make: Effect.map(Deferred.make<number>(), (start) => ({
    start,
    waiting: 0,
    reports: [] as Array<typeof Report.Type>
  }))
}) {
  static readonly layer = Layer.effect(this, this.make)
}

const DatabaseHandlers = HttpApiBuilder.group(
  Api,
  "database",
  Effect.fnUntraced(function* (handlers) {
    const database = yield* Database
    return handlers.handle("find", ({ params }) => database.find(params.id))
  })
)

const runHandlers = (processes: number) =>
  HttpApiBuilder.group(
    Api,
    "run",
    Effect.fnUntraced(function* (handlers) {
      const progress = yield* Progress
      return handlers
        .handle(
          "start",
          Effect.fnUntraced(function* () {
            progress.waiting++
            if (progress.waiting === processes) {
              yield* Deferred.succeed(progress.start, (yield* Clock.currentTimeMillis) + head)
            }
            return yield* Deferred.await(progress.start)
          })
        )
        .handle("report", ({ payload }) => Effect.sync(() => void progress.reports.push(payload)))
    })
  )

/** Serves the database and the progress on a free port. */
const Lab = (scenario: Scenario) =>
  HttpRouter.serve(
    HttpApiBuilder.layer(Api).pipe(
      Layer.provide(DatabaseHandlers),
      Layer.provide(runHandlers(sharesOf(scenario).length))
    ),
    { disableLogger: true, disableListenLog: true }
  ).pipe(
    Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" })),
    Layer.provideMerge(Layer.unwrap(Progress.useSync(({ start }) => simulated(scenario, Deferred.await(start))))),
    Layer.provideMerge(Progress.layer)
  )

/** Runs the service in two processes and a third one that replaces the second. */
export const inProcesses = Effect.fnUntraced(function* (file: string, scenario: Scenario, outage?: Outage) {
  const server = yield* redis.server
  const lab = yield* Layer.build(Lab(scenario))
  const url = HttpServer.formatAddress(Context.get(lab, HttpServer.HttpServer).address)
  const { start, reports } = Context.get(lab, Progress)

  const main = fileURLToPath(new URL("process.ts", import.meta.url))
  const processes = yield* Effect.forEach(sharesOf(scenario), (share) =>
    ChildProcess.make(
      process.execPath,
      [...process.execArgv, main, file, url, JSON.stringify(scenario), JSON.stringify(share)],
      {
        env: { REDIS_URL: server.url },
        extendEnv: true,
        stdin: "ignore",
        stdout: "ignore",
        stderr: "inherit",
        detached: false
      }
    )
  )
  if (outage !== undefined) {
    const at = (second: number) =>
      Effect.gen(function* () {
        const due = (yield* Deferred.await(start)) + second * 1000
        yield* Effect.sleep(Math.max(0, due - (yield* Clock.currentTimeMillis)))
      })
    yield* at(outage.silent)
    yield* server.stop
    yield* at(outage.dead)
    yield* server.kill
    yield* at(outage.back)
    yield* server.restart
  }
  yield* Effect.forEach(processes, ({ exitCode }) => exitCode, { concurrency: "unbounded" })
  const missing = processes.length - reports.length
  if (missing > 0) return yield* Effect.die(new Error(`${missing} processes of ${file} have not reported`))
  return {
    answers: reports.flatMap(({ answers }) => answers),
    queries: Context.get(lab, Queries),
    redisCalls: reports.reduce((sum, { redisCalls }) => sum + redisCalls, 0)
  } satisfies Result
}, Effect.scoped)
