import { Socket } from "node:net"
import type { Redis } from "ioredis"

/**
 * Ends dropped connections with a TCP reset.
 *
 * If a socket is only closed, the operating system still sends its buffer. Then a write could arrive long after its
 * caller has failed, and overwrite a newer write of the next connection. (TLS and Unix sockets cannot be reset.)
 */
export const resetWhenDropped = (client: Redis): void => {
  client.on("connect", () => {
    const { stream } = client
    if (!canReset(stream)) return
    const destroy = stream.destroy.bind(stream)
    stream.destroy = (error) => {
      stream.destroy = destroy
      // A connection cannot be reset after either side has ended it.
      if (stream.readableEnded || stream.writableEnded || isOfSystem(error)) return destroy(error)
      stream.on("error", () => {})
      // `resetAndDestroy` accepts no error, so the error is emitted here.
      if (error !== undefined) stream.emit("error", error)
      return stream.resetAndDestroy()
    }
  })
}

const canReset = (stream: unknown): stream is Socket =>
  stream instanceof Socket && !("encrypted" in stream) && stream.remoteAddress !== undefined

/** Returns whether the error is of a system call. Then the connection is already lost. */
const isOfSystem = (error: Error | undefined): boolean => error !== undefined && "syscall" in error
