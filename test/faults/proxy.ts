import { connect, createServer, type Socket } from "node:net"
import { performance } from "node:perf_hooks"
import * as Effect from "effect/Effect"

/**
 * What the proxy does with bytes:
 *
 * - `pass`: they are handed on at once.
 * - `late`: they are handed on after a number of milliseconds, in either direction.
 * - `narrow`: a number of bytes per second is handed on, in either direction of each connection.
 * - `hole`: they are held back until the mode changes, as TCP sends again when a network works again.
 * - `cut`: the connection is reset in the middle of a reply, after one to three thousand bytes of replies.
 * - `garbage`: the client receives a reply that no Redis sends, and the server receives nothing.
 */
export type Mode =
  | { readonly _tag: "pass" | "hole" | "cut" | "garbage" }
  | { readonly _tag: "late"; readonly millis: number }
  | { readonly _tag: "narrow"; readonly bytesPerSecond: number }

export interface Proxy {
  readonly port: number
  readonly set: (mode: Mode) => Effect.Effect<void>
  /** Changes the target port of new connections. */
  readonly retarget: (port: number) => Effect.Effect<void>
  /** The peers of all open connections vanish: nothing arrives any more, and neither side is told. */
  readonly vanish: Effect.Effect<void>
  /** The bytes that were sent to vanished peers arrive after all. */
  readonly reappear: Effect.Effect<void>
  /** Closes all connections. */
  readonly drop: Effect.Effect<void>
  /** How many bytes of requests and replies it holds back. */
  readonly held: () => number
  /** How many sockets the proxy itself has open, to clients and servers. */
  readonly sockets: () => number
}

const host = "127.0.0.1"

/** A TCP proxy to a port of this machine that can disturb connections as networks do. It ends with the scope. */
export const make = (target: number) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Links>((resume) => {
        const links = new Links(target)
        links.server.listen(0, host, () => resume(Effect.succeed(links)))
      }),
      (links) =>
        Effect.sync(() => {
          links.drop()
          links.server.close()
        })
    ),
    (links): Proxy => ({
      port: (links.server.address() as { readonly port: number }).port,
      set: (mode) => Effect.sync(() => links.set(mode)),
      retarget: (port) =>
        Effect.sync(() => {
          links.target = port
        }),
      vanish: Effect.sync(() => links.vanish(true)),
      reappear: Effect.sync(() => links.vanish(false)),
      drop: Effect.sync(() => links.drop()),
      held: () => links.held(),
      sockets: () => links.sockets()
    })
  )

class Links {
  mode: Mode = { _tag: "pass" }
  target: number
  private readonly all = new Set<Link>()
  readonly server = createServer({ allowHalfOpen: true }, (client) => this.take(client))

  constructor(target: number) {
    this.target = target
  }

  set(mode: Mode): void {
    this.mode = mode
    for (const link of this.all) link.pump()
  }

  vanish(vanished: boolean): void {
    for (const link of this.all) {
      link.vanished = vanished
      link.pump()
    }
  }

  drop(): void {
    for (const link of this.all) link.reset()
  }

  held(): number {
    let bytes = 0
    for (const link of this.all) bytes += link.held
    return bytes
  }

  sockets(): number {
    let count = 0
    for (const { client, server } of this.all) count += Number(!client.closed) + Number(!server.closed)
    return count
  }

  private take(client: Socket): void {
    const server = connect({ port: this.target, host, allowHalfOpen: true })
    const link = new Link(client, server, () => this.mode)
    this.all.add(link)
    const forget = () => {
      if (client.closed && server.closed) this.all.delete(link)
    }
    client.on("close", forget)
    server.on("close", forget)
  }
}

const hole: Mode = { _tag: "hole" }

/** A client's connection and the matching one to the server. */
class Link {
  vanished = false
  readonly client: Socket
  readonly server: Socket
  private readonly mode: () => Mode
  private readonly pipes: ReadonlyArray<Pipe>
  private replies = 0
  private isCut = false
  private readonly cutAfter = 1000 + Math.random() * 2000

  constructor(client: Socket, server: Socket, mode: () => Mode) {
    this.client = client
    this.server = server
    this.mode = () => (this.vanished ? hole : mode())
    this.pipes = [
      new Pipe(server, this.mode, (chunk) => this.onRequest(chunk)),
      new Pipe(client, this.mode, (chunk) => this.onReply(chunk))
    ]
    for (const [socket, other] of [
      [client, server],
      [server, client]
    ] as const) {
      socket.setNoDelay(true)
      // A reset drops the bytes that were held back. The other side learns of it only if the mode lets it through.
      socket.on("error", () => {
        if (!other.destroyed && this.mode()._tag !== "hole") this.reset()
        else this.pipeFrom(socket).stop()
      })
      socket.on("data", (chunk: Buffer) => this.pipeFrom(socket).add(chunk))
      socket.on("end", () => this.pipeFrom(socket).end())
    }
  }

  get held(): number {
    return this.pipes.reduce((bytes, pipe) => bytes + pipe.held, 0)
  }

  pump(): void {
    for (const pipe of this.pipes) pipe.pump()
  }

  reset(): void {
    for (const pipe of this.pipes) pipe.stop()
    for (const socket of [this.client, this.server]) if (!socket.destroyed) socket.resetAndDestroy()
  }

  private pipeFrom(socket: Socket): Pipe {
    return this.pipes[socket === this.client ? 0 : 1]!
  }

  private onRequest(chunk: Buffer): Buffer | undefined {
    if (this.mode()._tag !== "garbage") return chunk
    if (this.client.writable) this.client.write(garbage())
    return undefined
  }

  private onReply(chunk: Buffer): Buffer | undefined {
    // Nothing arrives after the cut, whatever the mode is by now: TCP has no gaps.
    if (this.isCut) return undefined
    if (this.mode()._tag !== "cut") return chunk
    this.replies += chunk.length
    if (this.replies < this.cutAfter) return chunk
    this.isCut = true
    // The client reads half of the reply before it learns of the reset.
    setTimeout(() => this.reset(), 5)
    return chunk.subarray(0, Math.ceil(chunk.length / 2))
  }
}

/** One direction of a connection. */
class Pipe {
  private readonly queue: Array<{ readonly chunk: Buffer; readonly arrived: number }> = []
  private timer: NodeJS.Timeout | undefined
  private ended = false
  private stopped = false
  /** When the next bytes may pass, in `narrow` mode. */
  private free = 0
  private readonly to: Socket
  private readonly mode: () => Mode
  private readonly change: (chunk: Buffer) => Buffer | undefined

  constructor(to: Socket, mode: () => Mode, change: (chunk: Buffer) => Buffer | undefined) {
    this.to = to
    this.mode = mode
    this.change = change
  }

  get held(): number {
    return this.queue.reduce((bytes, { chunk }) => bytes + chunk.length, 0)
  }

  add(chunk: Buffer): void {
    this.queue.push({ chunk, arrived: performance.now() })
    this.pump()
  }

  end(): void {
    this.ended = true
    this.pump()
  }

  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
    this.timer = undefined
    this.queue.length = 0
  }

  pump(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    while (!this.stopped) {
      const wait = this.wait()
      if (wait === Number.POSITIVE_INFINITY) return
      if (wait > 0) {
        this.timer = setTimeout(() => this.pump(), wait)
        return
      }
      const next = this.queue.shift()
      if (next === undefined) {
        if (this.ended && !this.to.writableEnded) this.to.end()
        return
      }
      const chunk = this.change(this.narrowed(next.chunk, next.arrived))
      if (chunk !== undefined && this.to.writable) this.to.write(chunk)
    }
  }

  /** How many milliseconds the first chunk in the queue has to wait. */
  private wait(): number {
    const mode = this.mode()
    const head = this.queue[0]
    switch (mode._tag) {
      case "hole":
        return Number.POSITIVE_INFINITY
      case "late":
        return head === undefined ? 0 : Math.ceil(head.arrived + mode.millis - performance.now())
      case "narrow":
        return head === undefined ? 0 : Math.ceil(this.free - performance.now())
      default:
        return 0
    }
  }

  /** The part of the chunk that may pass now. The rest goes back into the queue. */
  private narrowed(chunk: Buffer, arrived: number): Buffer {
    const mode = this.mode()
    if (mode._tag !== "narrow") return chunk
    const size = Math.min(chunk.length, Math.ceil(mode.bytesPerSecond / 20))
    this.free = performance.now() + (size / mode.bytesPerSecond) * 1000
    if (size < chunk.length) this.queue.unshift({ chunk: chunk.subarray(size), arrived })
    return chunk.subarray(0, size)
  }
}

const sayings: ReadonlyArray<Buffer> = [
  Buffer.from("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
  Buffer.from("SSH-2.0-OpenSSH_9.2p1\r\n"),
  // A TLS alert.
  Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]),
  Buffer.alloc(256),
  Buffer.from("$-77\r\n*abc\r\n"),
  Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 151 + 200) & 0xff))
]

let said = 0

/** Different bytes each time. */
const garbage = (): Buffer => sayings[said++ % sayings.length]!
