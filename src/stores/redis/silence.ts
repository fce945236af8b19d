import type { Redis } from "ioredis"

/** How many times the connection is checked within the timeout. */
const checks = 10

/** The rate of the slowest connection that is not dropped, in bytes per second. */
const slowestRate = 128 * 1024

/** The maximum number of bytes of a command that the operating system buffers by default. */
const maxBuffered = 4 * 1024 * 1024

/**
 * Drops a connection that waits for replies, if no bytes have moved on it for `timeout` milliseconds.
 *
 * Received bytes always count. Sent bytes count only while the connection is congested, since otherwise the operating
 * system accepts all bytes, even for a frozen server. While the connection is not congested, nobody knows how many
 * bytes of the oldest command have arrived. So the timeout is extended by the time that the slowest connection needs
 * for this command.
 *
 * ioredis' own `socketTimeout` resets a timer for each chunk, and mistakes a busy process for a silent server. Here,
 * the event loop reads everything that has arrived between two checks.
 */
export const dropWhenSilent = (client: Redis, timeout: number): void => {
  client.on("connect", () => {
    const { commandQueue, stream } = client
    let before = trafficOf(stream)
    let silent = 0
    const timer = setInterval(() => {
      const now = trafficOf(stream)
      const moves = now.received !== before.received || (before.waiting > 0 && now.sent !== before.sent)
      before = now
      silent = commandQueue.length > 0 && !moves ? silent + 1 : 0
      // One more check, since the first check may follow immediately after the command.
      if (silent > checks && silent > checks * (1 + (secondsToSend(commandQueue) * 1000) / timeout)) {
        stream.destroy(new Error(`no reply within ${timeout} ms`))
      }
    }, timeout / checks).unref()
    stream.once("close", () => clearInterval(timer))
  })
}

/** The traffic of a connection so far, in bytes. */
interface Traffic {
  readonly received: number
  /** Bytes that the operating system has accepted. */
  readonly sent: number
  /** Bytes that are not accepted yet, because the connection is congested. */
  readonly waiting: number
}

/** The counters of a Node socket, which Node's own timeouts use. Other sockets count only whole writes. */
interface Handle {
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly writeQueueSize: number
  /** The socket below TLS. TLS itself counts only whole records. */
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

/** Returns how many seconds the oldest unanswered command may take to arrive. */
const secondsToSend = (queue: Redis["commandQueue"]): number => {
  let bytes = 0
  for (const argument of queue.peekFront()?.command.args ?? []) bytes += sizeOf(argument)
  return Math.min(bytes, maxBuffered) / slowestRate
}

const sizeOf = (argument: unknown): number =>
  typeof argument === "string" || argument instanceof Uint8Array ? Buffer.byteLength(argument) : 0
