import { type Client, isCluster } from "./connection.ts"

/** Streams that hold back what is written to them. */
const corked = new WeakSet<object>()

/**
 * Holds back commands until the end of this turn of the event loop, so that those of all fibers leave in one system call. A
 * system call takes more time than the rest of a small command.
 */
export const cork = (client: Client): void => {
  for (const { stream } of isCluster(client) ? client.nodes("master") : [client]) {
    if (stream === undefined || stream === null || corked.has(stream)) continue
    corked.add(stream)
    stream.cork()
    process.nextTick(() => {
      corked.delete(stream)
      stream.uncork()
    })
  }
}
