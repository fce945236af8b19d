import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { Redis } from "ioredis"
import { describeUnless, freePort, problemOf, run, temporaryDirectory } from "./process.ts"

/** A Redis server that the tests have started. */
export interface Server {
  readonly url: string
  readonly port: number
  /** Kills the server, like a crash. */
  readonly kill: Effect.Effect<void>
  /** Starts the server again, on the same port and without data. */
  readonly start: Effect.Effect<void>
}

const given = process.env.REDIS_URL

const problem = problemOf("redis-server", "redis-server")

/** A server without persistence, which ends with the scope. */
export const server = (args: ReadonlyArray<string> = [], onPort?: number) =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const port = onPort ?? (yield* freePort)
    const dir = yield* temporaryDirectory
    const all = [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--dir",
      dir,
      "--save",
      "",
      "--appendonly",
      "no",
      ...args
    ]
    let kill: Effect.Effect<void> = Effect.void
    const start = Effect.gen(function* () {
      kill = yield* Scope.provide(run("redis-server", all), scope)
      yield* answers(port)
    })
    yield* start
    return { url: `redis://127.0.0.1:${port}`, port, start, kill: Effect.suspend(() => kill) } satisfies Server
  })

/** Three masters that share the slots. */
export const cluster = Effect.gen(function* () {
  const args = (file: string) => ["--cluster-enabled", "yes", "--cluster-config-file", file]
  const nodes = yield* Effect.all([server(args("1")), server(args("2")), server(args("3"))], { concurrency: 3 })
  const ranges = ["0 5460", "5461 10922", "10923 16383"]
  for (const [i, { port }] of nodes.entries()) {
    yield* command(port, "cluster", "set-config-epoch", String(i + 1))
    yield* command(port, "cluster", "addslotsrange", ...ranges[i]!.split(" "))
    if (i > 0) yield* command(port, "cluster", "meet", "127.0.0.1", String(nodes[0].port))
  }
  for (const { port } of nodes) {
    yield* eventually(command(port, "cluster", "info"), (info) =>
      ["cluster_state:ok", "cluster_known_nodes:3", "cluster_slots_ok:16384"].every((line) =>
        String(info).includes(line)
      )
    )
  }
  return nodes
})

/** Starts a Sentinel that watches a master as `"mymaster"`, and returns its port. */
export const watching = (master: Server, settings: Readonly<Record<string, number>> = {}) =>
  Effect.gen(function* () {
    const port = yield* freePort
    const dir = yield* temporaryDirectory
    const file = join(dir, "sentinel.conf")
    const lines = [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${dir}`,
      `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`,
      ...Object.entries(settings).map(([name, value]) => `sentinel ${name} mymaster ${value}`)
    ]
    writeFileSync(file, `${lines.join("\n")}\n`)
    yield* Effect.asVoid(run("redis-server", [file, "--sentinel"]))
    yield* answers(port)
    return port
  })

/** A master with one Sentinel that watches it as `"mymaster"`. */
export const sentinel = Effect.gen(function* () {
  const master = yield* server()
  return { master, port: yield* watching(master) }
})

/** Sends one command over a new connection. */
export const command = (
  port: number,
  name: string,
  ...args: ReadonlyArray<string | Buffer>
): Effect.Effect<unknown, unknown> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const client = new Redis({
        port,
        lazyConnect: true,
        retryStrategy: () => null,
        disableClientInfo: true,
        disconnectTimeout: 1
      })
      client.on("error", () => {})
      return client
    }),
    (client) => Effect.tryPromise(() => client.connect().then(() => client.call(name, ...args))),
    (client) => Effect.sync(() => client.disconnect())
  )

const eventually = <A>(effect: Effect.Effect<A, unknown>, isRight: (a: A) => boolean) =>
  Effect.retry(
    Effect.flatMap(effect, (a) => (isRight(a) ? Effect.void : Effect.fail("not yet"))),
    { schedule: Schedule.spaced("20 millis"), times: 1000 }
  ).pipe(Effect.orDie)

const answers = (port: number) => eventually(command(port, "ping"), () => true)

/** Registers tests with a resource that lives as long as they run. Tests get it by calling the function in `body`. */
const describeWith =
  <A>(make: Effect.Effect<A, unknown, Scope.Scope>, problem: string | undefined) =>
  (name: string, body: (get: () => A) => void): void =>
    describeUnless(problem, name, () => {
      const scope = Scope.makeUnsafe()
      let running: A
      beforeAll(() =>
        Effect.runPromise(
          Effect.map(Scope.provide(make, scope), (a) => {
            running = a
          })
        )
      )
      afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
      body(() => running)
    })

/** Registers tests on the server at `REDIS_URL`, or on a new one. The tests must use their own prefix. */
export const describeWithRedis =
  given === undefined ? describeWith(server(), problem) : describeWith(Effect.succeed({ url: given }), undefined)

/** Registers tests on a new Redis server, which they may kill. */
export const describeWithOwnRedis = describeWith(server(), problem)

/** Registers tests on a new Redis Cluster. */
export const describeWithCluster = describeWith(cluster, problem)

/** Registers tests on a new master with a Sentinel. */
export const describeWithSentinel = describeWith(sentinel, problem)

/** Tests that start servers of their own. */
export const describeRedis = (name: string, define: () => void): void => describeUnless(problem, name, define)
