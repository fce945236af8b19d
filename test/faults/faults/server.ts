/** Faults of one server. */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import { command, type Server, server } from "../../servers/redis.ts"
import { fixedKey } from "../load.ts"
import type { RedisFault, Stage } from "../redisFault.ts"
import { send } from "../servers.ts"
import { prefix } from "../stack.ts"

const outage = ["StoreUnavailableError", "TimeoutError"]

/** The longest pause before a new connection is tried is two seconds. */
const backWithin = 3000

const on = (args: ReadonlyArray<string>, make: (server: Server) => Pick<Stage, "begin" | "end">): RedisFault["stage"] =>
  Effect.map(server(args), (it) => ({ connection: { url: it.url }, ports: [it.port], ...make(it) }))

const set = (port: number, name: string, value: string) => command(port, "config", "set", name, value)

export const killed: RedisFault = {
  name: "kill -9, restart with its log",
  target: "Redis",
  tags: outage,
  memory: "kept",
  backWithin,
  seconds: [2, 0.8],
  stage: on(["--appendonly", "yes", "--appendfsync", "always"], ({ kill, start }) => ({ begin: kill, end: start })),
  notes: ["appendonly with appendfsync always"]
}

export const emptied: RedisFault = {
  name: "kill -9, restart without persistence",
  fullOnly: true,
  target: "Redis",
  tags: outage,
  memory: "lost",
  backWithin,
  seconds: [2, 0.5],
  stage: on([], ({ kill, start }) => ({ begin: kill, end: start })),
  notes: ["no persistence: the server loses its memory"]
}

export const stopped: RedisFault = {
  name: "SIGSTOP, then SIGCONT",
  target: "Redis",
  tags: outage,
  memory: "kept",
  backWithin,
  seconds: [4, 1.3],
  stage: Effect.gen(function* () {
    const it = yield* server()
    const signal = yield* send(it.port)
    return { connection: { url: it.url }, ports: [it.port], begin: signal("SIGSTOP"), end: signal("SIGCONT") }
  })
}

export const full: RedisFault = {
  name: "maxmemory reached",
  target: "Redis",
  tags: ["StoreError"],
  memory: "kept",
  backWithin: 500,
  seconds: [2, 0.5],
  stage: on(["--maxmemory-policy", "noeviction"], ({ port }) => ({
    begin: set(port, "maxmemory", "1"),
    end: set(port, "maxmemory", "0")
  })),
  notes: ["noeviction; reads continue"]
}

/** The server saves, drops and loads its data, and meanwhile replies to every command that it is loading. */
export const loading: RedisFault = {
  name: "LOADING",
  target: "Redis",
  tags: outage,
  memory: "kept",
  backWithin,
  seconds: [0.5, 0.3],
  stage: on(["--enable-debug-command", "yes", "--loading-process-events-interval-bytes", "1024"], ({ port }) => {
    const reloaded = Latch.makeUnsafe()
    return {
      begin: Effect.gen(function* () {
        yield* command(port, "debug", "populate", "5000", "filler", "10")
        yield* set(port, "key-load-delay", "100")
        yield* Effect.forkScoped(Effect.andThen(command(port, "debug", "reload"), reloaded.open))
      }),
      end: reloaded.await
    }
  }),
  notes: ["DEBUG RELOAD of 5,000 keys and those of the store"]
}

export const wrongType: RedisFault = {
  name: "wrong type under a key",
  target: "Redis",
  tags: ["StoreError"],
  memory: "kept",
  backWithin: 500,
  seconds: [1, 0.4],
  stage: on([], ({ port }) => {
    const name = `${prefix}default_collection::${fixedKey}`
    return {
      begin: Effect.andThen(command(port, "del", name), command(port, "lpush", name, "not ours")),
      end: command(port, "del", name)
    }
  }),
  notes: ["a list instead of one entry; all other entries are read and written"]
}

/** A server with a user for the stack. */
const withUser = (make: (port: number) => Pick<Stage, "begin" | "end">): RedisFault["stage"] =>
  Effect.gen(function* () {
    const it = yield* server()
    yield* command(it.port, "acl", "setuser", "app", "on", ">secret", "~*", "+@all")
    return { connection: { url: `redis://app:secret@127.0.0.1:${it.port}` }, ports: [it.port], ...make(it.port) }
  })

export const lockedOut: RedisFault = {
  name: "authentication withdrawn",
  target: "Redis",
  tags: outage,
  memory: "kept",
  backWithin,
  seconds: [2, 0.6],
  stage: withUser((port) => ({
    begin: Effect.andThen(
      command(port, "acl", "setuser", "app", "off"),
      command(port, "client", "kill", "user", "app")
    ),
    end: command(port, "acl", "setuser", "app", "on")
  })),
  notes: ["ACL SETUSER off and CLIENT KILL"]
}

export const notAllowed: RedisFault = {
  name: "permission withdrawn",
  target: "Redis",
  tags: ["StoreError"],
  memory: "kept",
  backWithin: 500,
  seconds: [1, 0.4],
  stage: withUser((port) => ({
    begin: command(port, "acl", "setuser", "app", "-@write", "-@read"),
    end: command(port, "acl", "setuser", "app", "+@all")
  }))
}
