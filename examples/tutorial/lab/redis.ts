/** A Redis server that can stop answering, die, and come back without its data. */
import { createServer } from "node:net"
import { Effect, Exit, Ref, Schedule, Scope } from "effect"
import { ChildProcess } from "effect/process"
import * as Redis from "effect-kv/Redis"

/** A port that no process uses. */
const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as { readonly port: number }
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** Starts `redis-server` without persistence. It ends with the scope. */
export const server = Effect.gen(function* () {
  const port = yield* freePort
  const url = `redis://127.0.0.1:${port}`
  const command = ChildProcess.make(
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore", detached: false, killSignal: "SIGKILL" }
  )
  const answers = Effect.scoped(Redis.make({ url })).pipe(
    Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 500 })
  )
  const start = Effect.gen(function* () {
    const scope = yield* Scope.make()
    const { pid } = yield* Scope.provide(command, scope)
    yield* answers
    return { pid, kill: Scope.close(scope, Exit.void) }
  })
  const running = yield* Ref.make(yield* start)
  yield* Effect.addFinalizer(() => Effect.flatMap(Ref.get(running), ({ kill }) => kill))
  return {
    url,
    /** Stops the process, so that connections stay open and nothing is answered. */
    stop: Effect.map(Ref.get(running), ({ pid }) => void process.kill(pid, "SIGSTOP")),
    kill: Effect.flatMap(Ref.get(running), ({ kill }) => kill),
    restart: Effect.flatMap(start, (started) => Ref.set(running, started))
  }
})
