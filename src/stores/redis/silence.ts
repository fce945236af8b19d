import type { Redis } from "ioredis"

/** How often, in the time that a server may be silent, it is looked for an answer. */
const looks = 10

/**
 * Gives up a connection on which answers are due, but nothing has come for so long (milliseconds).
 *
 * The client's own `socketTimeout` sets a timer anew with all that comes. And it takes a process that was busy for a
 * server that is silent: here, the event loop has read what there was between one look and the next.
 */
export const giveUpWhenSilent = (client: Redis, timeout: number): void => {
  client.on("connect", () => {
    const { commandQueue, stream } = client
    let received = 0
    let silent = 0
    const timer = setInterval(() => {
      silent = commandQueue.length > 0 && stream.bytesRead === received ? silent + 1 : 0
      received = stream.bytesRead
      // The first look may come right after the command: it takes one more.
      if (silent > looks) stream.destroy(new Error(`no answer within ${timeout} ms`))
    }, timeout / looks).unref()
    stream.once("close", () => clearInterval(timer))
  })
}
