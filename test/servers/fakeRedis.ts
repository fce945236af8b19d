import { createServer as createTcpServer, type Server, type Socket } from "node:net"
import { createServer as createTlsServer } from "node:tls"
import * as Effect from "effect/Effect"

export interface Options {
  /** The reply to a command as it goes over the wire. Without one, the server replies like Redis 5. */
  readonly answer?: (command: ReadonlyArray<string>) => string | undefined
  /** Whether to use TLS, with a self-signed certificate. Default: false. */
  readonly tls?: boolean
}

export interface FakeRedis {
  readonly port: number
  /** Limits how many bytes per second it reads from each connection from now on. With 0, it reads nothing. */
  readonly read: (bytesPerSecond: number) => void
}

/** Milliseconds between two reads of a server that reads slowly. */
const interval = 10

/** A server with Redis' protocol that stores nothing. It ends with the scope. */
export const fakeRedis = ({ answer = () => undefined, tls = false }: Options = {}) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Fake>((resume) => {
        const fake = new Fake(answer, tls)
        fake.server.listen(0, "127.0.0.1", () => resume(Effect.succeed(fake)))
      }),
      (fake) => Effect.sync(() => fake.close())
    ),
    (fake): FakeRedis => ({
      port: (fake.server.address() as { readonly port: number }).port,
      read: (bytesPerSecond) => {
        fake.bytesPerSecond = bytesPerSecond
        fake.resume()
      }
    })
  )

class Fake {
  bytesPerSecond = Number.POSITIVE_INFINITY
  readonly server: Server
  private readonly sockets = new Set<Socket>()
  private readonly answer: (command: ReadonlyArray<string>) => string | undefined

  constructor(answer: (command: ReadonlyArray<string>) => string | undefined, tls: boolean) {
    this.answer = answer
    const take = (socket: Socket) => this.take(socket)
    this.server = tls ? createTlsServer({ key, cert }, take) : createTcpServer(take)
  }

  resume(): void {
    for (const socket of this.sockets) socket.emit("readable")
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy()
    this.server.close()
  }

  private take(socket: Socket): void {
    this.sockets.add(socket)
    let received = ""
    let timer: NodeJS.Timeout | undefined
    const read = () => {
      timer = undefined
      const bytes = Math.min(this.bytesPerSecond * (interval / 1000), socket.readableLength)
      const chunk: Buffer | null = bytes < 1 ? null : socket.read(bytes)
      if (this.bytesPerSecond > 0 && socket.readableLength > 0) timer = setTimeout(read, interval)
      if (chunk === null) return
      received += chunk.toString("latin1")
      for (let next = commandOf(received); next !== undefined; next = commandOf(received)) {
        received = next.rest
        const [name = "", ...args] = next.command
        const reply = this.answer([name.toUpperCase(), ...args]) ?? usual(name.toUpperCase())
        if (reply !== "") socket.write(reply)
      }
    }
    socket
      .on("error", () => {})
      .on("close", () => {
        clearTimeout(timer)
        this.sockets.delete(socket)
      })
      .on("readable", () => {
        if (timer === undefined && this.bytesPerSecond > 0) read()
      })
  }
}

const usual = (name: string): string => {
  switch (name) {
    case "HELLO":
      return "-ERR unknown command `HELLO`\r\n"
    case "INFO":
      return "$19\r\nredis_version:5.0.0\r\n"
    case "GET":
      return "$-1\r\n"
    default:
      return "+OK\r\n"
  }
}

/** The first command of the received text, once it is complete. */
const commandOf = (text: string): { readonly command: ReadonlyArray<string>; readonly rest: string } | undefined => {
  const head = /^\*(\d+)\r\n/.exec(text)
  if (head === null) return undefined
  let at = head[0].length
  const command: Array<string> = []
  for (let i = 0; i < Number(head[1]); i++) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at, at + 32))
    if (size === null) return undefined
    const from = at + size[0].length
    const to = from + Number(size[1])
    if (text.length < to + 2) return undefined
    command.push(Buffer.from(text.slice(from, to), "latin1").toString())
    at = to + 2
  }
  return { command, rest: text.slice(at) }
}

/** A certificate for localhost, valid until the year 2126. */
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBSN5T01QiHHxXJRJ
UJz8Pvujh/46Gc7np3MbrYbZj76hRANCAAQV0ZpFgMK19wqCoUjF051uI7r9IQtk
QVuCNGc48RNi1DrY3bTIZB+y0r5/xoRKuRQSb4ftA0AzkpPv4jPtKZzI
-----END PRIVATE KEY-----`

const cert = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUDWziL+WNM4UUMcfdDVU8SC0QOPIwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEzMDIxMDI0MVoYDzIxMjYxMTA2
MjEwMjQxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQV0ZpFgMK19wqCoUjF051uI7r9IQtkQVuCNGc48RNi1DrY3bTIZB+y
0r5/xoRKuRQSb4ftA0AzkpPv4jPtKZzIo28wbTAdBgNVHQ4EFgQUxu2V/6/Wgfgf
NyQR2ixvKL2U4GAwHwYDVR0jBBgwFoAUxu2V/6/WgfgfNyQR2ixvKL2U4GAwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgKSffl5ndFXa8LNCD8U0G9P37YBQtJz2wu8soVA1qeSICIEYK
Q0wAHQJ5aUaJ4ZGInm0s3uIJy7kW7YO08diyRqIz
-----END CERTIFICATE-----`
