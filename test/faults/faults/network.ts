/** Faults of the network between the client and the server. */
import * as Effect from "effect/Effect"
import { server } from "../../servers/redis.ts"
import { type Mode, make, type Proxy } from "../proxy.ts"
import type { RedisFault, Stage } from "../redisFault.ts"

const outage = ["StoreUnavailableError", "TimeoutError"]

const through = (make_: (proxy: Proxy) => Pick<Stage, "begin" | "end">): RedisFault["stage"] =>
  Effect.gen(function* () {
    const it = yield* server()
    const proxy = yield* make(it.port)
    return { connection: { url: `redis://127.0.0.1:${proxy.port}` }, ports: [it.port], proxy, ...make_(proxy) }
  })

const mode = (during: Mode): RedisFault["stage"] =>
  through((proxy) => ({ begin: proxy.set(during), end: proxy.set({ _tag: "pass" }) }))

const common = { target: "Redis", memory: "kept", tags: outage, backWithin: 3000 } as const

export const cut: RedisFault = {
  ...common,
  name: "reset in the middle of a reply",
  seconds: [3, 0.7],
  stage: mode({ _tag: "cut" }),
  notes: ["every connection, after 1 to 3 kB of replies"]
}

export const halfOpen: RedisFault = {
  ...common,
  name: "half-open connection",
  seconds: [0, 0],
  stage: through((proxy) => ({ begin: proxy.vanish, end: Effect.void })),
  notes: ["the peer vanishes silently; the fault ends at once, because new connections work"]
}

export const hole: RedisFault = {
  ...common,
  name: "black hole",
  seconds: [4, 1.3],
  stage: mode({ _tag: "hole" }),
  notes: ["data sent during the fault arrives at the end, as with TCP"]
}

export const delivered: RedisFault = {
  ...common,
  name: "late delivery",
  seconds: [4, 1.6],
  stage: through((proxy) => ({ begin: proxy.vanish, end: proxy.reappear })),
  notes: ["the vanished connections are dropped by the client; then the network delivers the data that it held back"]
}

export const late: RedisFault = {
  ...common,
  name: "300 ms latency",
  tags: [],
  seconds: [3, 0.7],
  stage: mode({ _tag: "late", millis: 150 }),
  notes: ["150 ms each way, within the limit of an attempt"]
}

export const narrow: RedisFault = {
  ...common,
  name: "bandwidth of 10 KB/s",
  seconds: [4, 1.1],
  stage: mode({ _tag: "narrow", bytesPerSecond: 10_000 })
}

export const garbage: RedisFault = {
  ...common,
  name: "a server that speaks garbage",
  seconds: [3, 0.6],
  stage: mode({ _tag: "garbage" }),
  notes: ["HTTP, SSH, TLS, zeros, malformed and random replies"]
}
