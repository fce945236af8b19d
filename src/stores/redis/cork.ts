import { type Client, isCluster } from "./connection.ts"

/** The streams that are corked now. */
const corked = new WeakSet<object>()

/**
 * Holds back commands until the end of this turn of the event loop, so that the commands of all fibers are sent in one
 * system call. A system call takes more time than the rest of a small command.
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
