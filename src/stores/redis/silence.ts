import type { Redis } from "ioredis"

/** How often the connection is checked within the timeout. */
const checks = 10

/** The slowest connection, in bytes per second, that is not given up. */
const slowestRate = 128 * 1024

/** The most bytes of a command that the operating system may have buffered, by default. */
const maxBuffered = 4 * 1024 * 1024

/**
 * Drops a connection that waits for replies, but on which no bytes have moved for a time (milliseconds).
 *
 * Received bytes count, and sent bytes while the connection is congested. Otherwise the operating system accepts everything
 * that is sent, even to a frozen server. It is not known then how much of the oldest command has arrived, so the slowest
 * connection's time for its bytes is added.
 *
 * The client's own `socketTimeout` resets a timer for each chunk, and mistakes a busy process for a silent server. Here, the
 * event loop has read everything that had arrived between two checks.
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
      // One check more, since the first one may come right after the command.
      if (silent > checks && silent > checks * (1 + (extraOf(commandQueue) * 1000) / timeout)) {
        stream.destroy(new Error(`no answer within ${timeout} ms`))
      }
    }, timeout / checks).unref()
    stream.once("close", () => clearInterval(timer))
  })
}

/** The traffic of a connection so far, in bytes. */
interface Traffic {
  readonly received: number
  /** Accepted by the operating system. */
  readonly sent: number
  /** Not accepted yet, because the connection is congested. */
  readonly waiting: number
}

/** Counters of a Node socket, which Node's own timeouts use. Other sockets count whole writes only. */
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

/** How many seconds the oldest command may take to arrive. All before it have arrived, since there are replies to them. */
const extraOf = (queue: Redis["commandQueue"]): number => {
  let bytes = 0
  for (const argument of queue.peekFront()?.command.args ?? []) bytes += sizeOf(argument)
  return Math.min(bytes, maxBuffered) / slowestRate
}

const sizeOf = (argument: unknown): number =>
  typeof argument === "string" || argument instanceof Uint8Array ? Buffer.byteLength(argument) : 0
