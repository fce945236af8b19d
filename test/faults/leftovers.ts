import * as Effect from "effect/Effect"
import { command } from "../servers/redis.ts"

/** Timers that have neither fired nor been cleared, referenced or not, and where each was set. */
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

/** Resources that were opened and are still open. */
export interface Leftovers {
  readonly sockets: number
  /** Where each timer was set. */
  readonly timers: ReadonlyArray<string>
}

/** Begins to watch this process. `count` returns what has been opened since, without the sockets of a proxy. */
export const watch = (ofProxy: () => number): Effect.Effect<{ readonly count: Effect.Effect<Leftovers> }> => {
  const sockets = () => process.getActiveResourcesInfo().filter((type) => kinds.has(type)).length - ofProxy()
  return Effect.gen(function* () {
    // The sockets of the preparations are about to close.
    for (let i = 0; sockets() > 0 && i < 50; i++) yield* Effect.sleep(10)
    const before = { sockets: sockets(), timers: new Set(timers.keys()) }
    const count = Effect.sync(() => ({
      sockets: Math.max(0, sockets() - before.sockets),
      timers: [...timers].flatMap(([timer, { stack = "" }]) => (before.timers.has(timer) ? [] : [placeOf(stack)]))
    }))
    return { count }
  })
}

/** The first lines of a stack trace below this file. */
const placeOf = (stack: string): string =>
  stack
    .split("\n")
    .slice(2, 5)
    .map((line) => line.trim())
    .join(" ")

/** Sockets, and attempts to connect one. */
const kinds = new Set(["TCPSocketWrap", "TCPWRAP", "TCPConnectWrap", "GetAddrInfoReqWrap"])

/** How many connections with one of the names the servers have. A stopped server counts as none. */
export const connectionsTo = (ports: ReadonlyArray<number>, names: ReadonlyArray<string>) =>
  Effect.map(
    Effect.forEach(ports, (port) => Effect.orElseSucceed(command(port, "client", "list"), () => "")),
    (lists) =>
      lists
        .flatMap((list) => String(list).split("\n"))
        .filter((line) => names.some((name) => line.includes(` name=${name} `))).length
  )
