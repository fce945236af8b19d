/** What the examples of this directory share: a Redis that can be cut off. */
import { connect, createServer, type Socket } from "node:net"
import { setTimeout } from "node:timers/promises"

/** A way to the Redis at `REDIS_URL` (default: `redis://localhost:6379`) that an example can cut, as an outage does. */
export interface Plug {
  readonly url: string
  /** Breaks all connections, and refuses new ones. */
  readonly unplug: () => Promise<void>
  readonly plug: () => Promise<void>
}

/** Listens on a free port, and passes on what it gets. */
export const plugged = async (): Promise<Plug> => {
  const target = new URL(process.env.REDIS_URL ?? "redis://localhost:6379")
  const sockets = new Set<Socket>()
  const server = createServer((inside) => {
    const outside = connect(Number(target.port || 6379), target.hostname)
    for (const socket of [inside, outside]) {
      sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => {
        sockets.delete(socket)
        inside.destroy()
        outside.destroy()
      })
    }
    inside.pipe(outside)
    outside.pipe(inside)
  })
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve).unref())
  await listen(0)
  const { port } = server.address() as { readonly port: number }
  const url = new URL(target)
  url.host = `127.0.0.1:${port}`
  return {
    url: url.href,
    plug: () => listen(port),
    unplug: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      })
  }
}

/** What a caller gets: the value, the error, or no answer. */
export const outcome = (answer: Promise<unknown>): Promise<unknown> =>
  Promise.race([
    answer.catch((error: Error) => `${error.name}: ${error.message}`),
    setTimeout(300, "no answer after 300 ms")
  ])

/** A database that takes 20 milliseconds for a query (200 for the product `slow`), and counts the queries. */
export class Database {
  queries = 0
  isDown = false

  async product(id: string) {
    this.queries++
    await setTimeout(id === "slow" ? 200 : 20)
    if (this.isDown) throw new Error("the database is down")
    return { id, name: `Product ${id}` }
  }
}
