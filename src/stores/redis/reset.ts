import { Socket } from "node:net"
import type { Redis } from "ioredis"

/**
 * Ends connections that are given up with a reset.
 *
 * Of a socket that is merely closed, the operating system goes on sending what the network has not taken yet: a write
 * could arrive long after its caller was told that nobody knows, and replace what was written over the next connection.
 * (TLS and Unix sockets cannot be reset.)
 */
export const resetWhenGivenUp = (client: Redis): void => {
  client.on("connect", () => {
    const { stream } = client
    if (!canReset(stream)) return
    const destroy = stream.destroy.bind(stream)
    stream.destroy = (error) => {
      stream.destroy = destroy
      // What either side has ended cannot be reset any more.
      if (stream.readableEnded || stream.writableEnded || isOfSystem(error)) return destroy(error)
      stream.on("error", () => {})
      // A reset has no place for a reason of our own.
      if (error !== undefined) stream.emit("error", error)
      return stream.resetAndDestroy()
    }
  })
}

const canReset = (stream: unknown): stream is Socket =>
  stream instanceof Socket && !("encrypted" in stream) && stream.remoteAddress !== undefined

/** Is the connection lost already? */
const isOfSystem = (error: Error | undefined): boolean => error !== undefined && "syscall" in error
