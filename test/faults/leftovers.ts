import * as Effect from "effect/Effect"
import { command } from "../servers/redis.ts"

/** Timers that were set and are neither done nor cleared, whether or not the process waits for them, and who set them. */
const timers = new Map<NodeJS.Timeout, Error>()

const { setTimeout, clearTimeout } = globalThis

globalThis.setTimeout = Object.assign(
  (run: (...args: ReadonlyArray<unknown>) => void, millis?: number, ...args: ReadonlyArray<unknown>) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      run(...args)
    }, millis)
    timers.set(timer, new Error())
    return timer
  },
  setTimeout
)

globalThis.clearTimeout = (timer) => {
  timers.delete(timer as NodeJS.Timeout)
  clearTimeout(timer)
}

/** What is open that was not open before. */
export interface Leftovers {
  readonly sockets: number
  /** Where each was set. */
  readonly timers: ReadonlyArray<string>
}

/** Begins to watch this process; `count` tells what has been opened since, apart from a proxy's own sockets. */
export const watch = (ofProxy: () => number): Effect.Effect<{ readonly count: Effect.Effect<Leftovers> }> => {
  const sockets = () => process.getActiveResourcesInfo().filter((type) => kinds.has(type)).length - ofProxy()
  return Effect.gen(function* () {
    // What the preparations used is about to be closed.
    for (let i = 0; sockets() > 0 && i < 50; i++) yield* Effect.sleep(10)
    const before = { sockets: sockets(), timers: new Set(timers.keys()) }
    const count = Effect.sync(() => ({
      sockets: Math.max(0, sockets() - before.sockets),
      timers: [...timers].flatMap(([timer, { stack = "" }]) => (before.timers.has(timer) ? [] : [placeOf(stack)]))
    }))
    return { count }
  })
}

/** The first lines of a stack below our own. */
const placeOf = (stack: string): string =>
  stack
    .split("\n")
    .slice(2, 5)
    .map((line) => line.trim())
    .join(" ")

/** Sockets, and attempts to have one. */
const kinds = new Set(["TCPSocketWrap", "TCPWRAP", "TCPConnectWrap", "GetAddrInfoReqWrap"])

/** How many connections with one of the names the servers hold; a server that is gone holds none. */
export const connectionsTo = (ports: ReadonlyArray<number>, names: ReadonlyArray<string>) =>
  Effect.map(
    Effect.forEach(ports, (port) => Effect.orElseSucceed(command(port, "client", "list"), () => "")),
    (lists) =>
      lists
        .flatMap((list) => String(list).split("\n"))
        .filter((line) => names.some((name) => line.includes(` name=${name} `))).length
  )
