import { Socket } from "node:net"
import type { Redis } from "ioredis"

/**
 * Ends connections that are given up with a TCP reset.
 *
 * When a socket is only closed, the operating system still sends what it has buffered. A write could arrive long after its
 * caller has failed, and overwrite what was written over the next connection. (TLS and Unix sockets cannot be reset.)
 */
export const resetWhenGivenUp = (client: Redis): void => {
  client.on("connect", () => {
    const { stream } = client
    if (!canReset(stream)) return
    const destroy = stream.destroy.bind(stream)
    stream.destroy = (error) => {
      stream.destroy = destroy
      // A connection that either side has ended cannot be reset.
      if (stream.readableEnded || stream.writableEnded || isOfSystem(error)) return destroy(error)
      stream.on("error", () => {})
      // `resetAndDestroy` takes no error.
      if (error !== undefined) stream.emit("error", error)
      return stream.resetAndDestroy()
    }
  })
}

const canReset = (stream: unknown): stream is Socket =>
  stream instanceof Socket && !("encrypted" in stream) && stream.remoteAddress !== undefined

/** Whether the connection is already lost. */
const isOfSystem = (error: Error | undefined): boolean => error !== undefined && "syscall" in error
