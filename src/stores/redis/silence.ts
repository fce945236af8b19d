import type { Redis } from "ioredis"

/** How often, in the time that a server may be silent, it is looked for a reply. */
const looks = 10

/** How many bytes a second the slowest connection takes that is not given up. */
const slowest = 128 * 1024

/** The most bytes of a command that may be under way unseen: operating systems buffer no more than this by default. */
const maxBuffered = 4 * 1024 * 1024

/**
 * Gives up a connection on which replies are due, but nothing has moved for so long (milliseconds).
 *
 * What moves is what comes, and what leaves while the connection is congested. While it is not, the operating system takes
 * whatever is sent, also to a server that is frozen: then it is not known how much of the oldest command has arrived, and
 * its bytes are given as long as the slowest connection takes for them.
 *
 * The client's own `socketTimeout` sets a timer anew with all that comes. And it takes a process that was busy for a
 * server that is silent: here, the event loop has read what there was between one look and the next.
 */
export const giveUpWhenSilent = (client: Redis, timeout: number): void => {
  client.on("connect", () => {
    const { commandQueue, stream } = client
    let before = trafficOf(stream)
    let silent = 0
    const timer = setInterval(() => {
      const now = trafficOf(stream)
      const moves = now.received !== before.received || (before.waiting > 0 && now.sent !== before.sent)
      before = now
      silent = commandQueue.length > 0 && !moves ? silent + 1 : 0
      // The first look may come right after the command: it takes one more.
      if (silent > looks && silent > looks * (1 + (extraOf(commandQueue) * 1000) / timeout)) {
        stream.destroy(new Error(`no answer within ${timeout} ms`))
      }
    }, timeout / looks).unref()
    stream.once("close", () => clearInterval(timer))
  })
}

/** What a connection has carried so far, in bytes. */
interface Traffic {
  readonly received: number
  /** What the operating system has taken. */
  readonly sent: number
  /** What it has not taken yet, since the connection is congested. */
  readonly waiting: number
}

/** What a socket of Node's has, and Node's own timeouts look at. Of other sockets, only whole writes are seen. */
interface Handle {
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly writeQueueSize: number
  /** Below TLS, whose records are seen only once they are whole. */
  readonly _parent?: Handle
}

const trafficOf = (stream: Redis["stream"]): Traffic => {
  const { _handle } = stream as { readonly _handle?: Handle | null }
  const handle = _handle?._parent ?? _handle
  if (typeof handle?.writeQueueSize === "number") {
    const { bytesRead, bytesWritten, writeQueueSize } = handle
    return { received: bytesRead, sent: bytesWritten - writeQueueSize, waiting: writeQueueSize }
  }
  const waiting = stream.writableLength
  return { received: stream.bytesRead, sent: stream.bytesWritten - waiting, waiting }
}

/** How many seconds the oldest command may take to arrive. All before it have arrived, since they were answered. */
const extraOf = (queue: Redis["commandQueue"]): number => {
  let bytes = 0
  for (const argument of queue.peekFront()?.command.args ?? []) bytes += sizeOf(argument)
  return Math.min(bytes, maxBuffered) / slowest
}

const sizeOf = (argument: unknown): number =>
  typeof argument === "string" || argument instanceof Uint8Array ? Buffer.byteLength(argument) : 0
