import { writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { afterAll, beforeAll } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { Redis } from "ioredis"
import { describeUnless, freePort, problemOf, type Running, run, temporaryDirectory } from "./process.ts"

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
    const dir = yield* temporaryDirectory
    const usual = ["--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no"]
    let kill: Effect.Effect<void> = Effect.void
    const startOn = (port: number) =>
      Effect.gen(function* () {
        const running = yield* Scope.provide(run("redis-server", ["--port", String(port), ...usual, ...args]), scope)
        kill = running.kill
        // Another process can have taken the port. It answers, too, but works in another directory.
        yield* started(running, command(port, "config", "get", "dir"), (dirs) => String(dirs).includes(basename(dir)))
      })
    const port =
      onPort === undefined ? yield* onFreePort(startOn) : yield* Effect.orDie(Effect.as(startOn(onPort), onPort))
    const start = Effect.suspend(() => Effect.orDie(Effect.retry(startOn(port), { times: 3 })))
    return { url: `redis://127.0.0.1:${port}`, port, start, kill: Effect.suspend(() => kill) } satisfies Server
  })

/** Tries other ports if the program ends, because another process may take a free port before the program does. */
const onFreePort = <R>(start: (port: number) => Effect.Effect<void, unknown, R>) =>
  Effect.retry(
    Effect.flatMap(freePort, (port) => Effect.as(start(port), port)),
    { times: 3 }
  ).pipe(Effect.orDie)

/** Waits until a program answers. Fails with its output if it ends. */
const started = <A>(running: Running, ask: Effect.Effect<A, unknown>, isRight: (answer: A) => boolean) =>
  Effect.raceFirst(
    eventually(ask, isRight, running.output),
    Effect.andThen(
      running.ended,
      Effect.suspend(() => Effect.fail(`redis-server has ended: ${running.output()}`))
    )
  )

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
    const dir = yield* temporaryDirectory
    const lines = [
      "bind 127.0.0.1",
      `dir ${dir}`,
      `sentinel monitor mymaster 127.0.0.1 ${master.port} 1`,
      ...Object.entries(settings).map(([name, value]) => `sentinel ${name} mymaster ${value}`)
    ]
    const scope = yield* Effect.scope
    return yield* onFreePort((port) =>
      Effect.gen(function* () {
        const file = join(dir, `${port}.conf`)
        writeFileSync(file, `${[`port ${port}`, ...lines].join("\n")}\n`)
        const running = yield* Scope.provide(run("redis-server", [file, "--sentinel"]), scope)
        yield* started(running, command(port, "ping"), () => true)
      })
    )
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

/** Repeats an effect until `isRight` accepts its value. Dies with the last failure, and with what `note` returns. */
const eventually = <A>(effect: Effect.Effect<A, unknown>, isRight: (a: A) => boolean, note = () => "") => {
  let last: unknown = "no answer"
  const attempt = Effect.flatMap(effect, (a) => (isRight(a) ? Effect.void : Effect.fail(`not yet: ${String(a)}`)))
  return attempt.pipe(
    Effect.tapError((error) => Effect.sync(() => void (last = error))),
    Effect.retry(Schedule.spaced("20 millis")),
    Effect.timeoutOrElse({
      duration: "45 seconds",
      orElse: () => Effect.die(new Error(`a server did not become ready: ${String(last)}\n${note()}`))
    })
  )
}

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
