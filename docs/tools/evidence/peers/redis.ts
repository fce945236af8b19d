/** A Redis server of this machine, and a network in front of it that can fail. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { Redis } from "ioredis"

export interface Server {
  readonly url: string
  readonly port: number
  /** A client for looking at what a library has stored. */
  readonly client: Redis
  readonly close: () => Promise<void>
}

const listening = async (server: ReturnType<typeof createServer>): Promise<number> => {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return (server.address() as { readonly port: number }).port
}

const freePort = async (): Promise<number> => {
  const server = createServer()
  const port = await listening(server)
  server.close()
  await once(server, "close")
  return port
}

/** Starts a server without persistence. */
export const startRedis = async (): Promise<Server> => {
  const port = await freePort()
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
  const child = spawn("redis-server", args, { stdio: "ignore" })
  // Also if an experiment fails.
  process.once("exit", () => child.kill())
  const client = new Redis(port, "127.0.0.1", { retryStrategy: () => 100 })
  client.on("error", () => {})
  await client.ping()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    client,
    close: async () => {
      client.disconnect()
      child.kill()
      await once(child, "exit")
    }
  }
}

/**
 * What happens to connections:
 *
 * - `pass`: nothing.
 * - `refused`: they are closed, and new ones are refused, as when the server is killed.
 * - `silent`: nothing arrives any more, in either direction.
 * - `loseReply`: the next request arrives, but its reply does not. After that, as `refused`.
 * - `loseRequest`: the next request does not arrive. After that, as `refused`.
 */
export type Fault = "refused" | "silent" | "loseReply" | "loseRequest"

export interface Network {
  readonly url: string
  readonly fail: (fault: Fault) => void
  readonly close: () => void
}

/** A TCP proxy to a port of this machine. */
export const network = async (target: number): Promise<Network> => {
  const sockets = new Set<Socket>()
  let fault: Fault | undefined
  const refuse = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1")
    for (const [from, to] of [
      [client, upstream],
      [upstream, client]
    ] as const) {
      sockets.add(from)
      from.on("error", () => {})
      from.on("close", () => {
        sockets.delete(from)
        to.destroy()
      })
    }
    client.on("data", (request) => {
      if (fault === "loseRequest") refuse()
      else if (fault !== "silent") upstream.write(request)
    })
    upstream.on("data", (reply) => {
      if (fault === undefined) client.write(reply)
      else if (fault === "loseReply") refuse()
    })
  })
  const port = await listening(server)
  return {
    url: `redis://127.0.0.1:${port}`,
    fail: (next) => {
      fault = next
      if (next === "refused") refuse()
    },
    close: refuse
  }
}

export { sleep }
