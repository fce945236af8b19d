import { type Client, isCluster } from "./connection.ts"

/** Streams that hold back what is written to them. */
const corked = new WeakSet<object>()

/**
 * Holds back what is sent until the event loop goes on, so that the commands of all fibers that run now leave in one
 * system call: it takes more time than all else that is done for a small command.
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
