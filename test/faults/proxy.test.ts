/** Tests that the proxy changes connections as it is told, since all faults of the network depend on it. */
import { connect, createServer, type Socket } from "node:net"
import { performance } from "node:perf_hooks"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Proxy from "./proxy.ts"

const listening = (onConnection: (socket: Socket) => void) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const server = createServer((socket) => onConnection(socket.on("error", () => {})))
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close())
    ),
    (server) => (server.address() as { readonly port: number }).port
  )

/** A server that returns what it receives. */
const echo = listening((socket) => socket.pipe(socket))

class Client {
  readonly socket: Socket
  received = Buffer.alloc(0)
  error: string | undefined
  ended = false

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1" })
      .on("data", (chunk: Buffer) => {
        this.received = Buffer.concat([this.received, chunk])
      })
      .on("error", (error: NodeJS.ErrnoException) => {
        this.error = error.code
      })
      .on("end", () => {
        this.ended = true
      })
  }

  get text(): string {
    return this.received.toString("latin1")
  }
}

const client = (port: number) =>
  Effect.acquireRelease(
    Effect.sync(() => new Client(port)),
    ({ socket }) => Effect.sync(() => socket.destroy())
  )

const until = (isSo: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (isSo() ? Effect.void : Effect.andThen(Effect.sleep(2), until(isSo))))

describe("the proxy", () => {
  it.live("passes everything on in both directions, and the end of a connection", () =>
    Effect.gen(function* () {
      const proxy = yield* Proxy.make(yield* echo)
      const one = yield* client(proxy.port)
      one.socket.end("hello")
      yield* until(() => one.ended)
      assert.strictEqual(one.text, "hello")
      yield* until(() => proxy.sockets() === 0)
    })
  )

  it.live("holds everything back in the mode hole, then hands it on in order", () =>
    Effect.gen(function* () {
      const proxy = yield* Proxy.make(yield* echo)
      const one = yield* client(proxy.port)
      one.socket.write("a")
      yield* until(() => one.text === "a")
      yield* proxy.set({ _tag: "hole" })
      one.socket.write("b")
      const two = yield* client(proxy.port)
      two.socket.end("x")
      yield* until(() => proxy.held() === 2)
      one.socket.write("c")
      yield* until(() => proxy.held() === 3)
      assert.deepStrictEqual([one.text, two.text, two.ended], ["a", "", false])
      yield* proxy.set({ _tag: "pass" })
      yield* until(() => one.text === "abc" && two.text === "x" && two.ended)
    })
  )

  it.live("drops what open connections send after vanish, without closing them", () =>
    Effect.gen(function* () {
      const proxy = yield* Proxy.make(yield* echo)
      const one = yield* client(proxy.port)
      one.socket.write("a")
      yield* until(() => one.text === "a")
      yield* proxy.vanish
      one.socket.write("b")
      const two = yield* client(proxy.port)
      two.socket.write("x")
      yield* until(() => two.text === "x" && proxy.held() === 1)
      assert.deepStrictEqual([one.text, one.ended, one.error], ["a", false, undefined])
      yield* proxy.reappear
      yield* until(() => one.text === "ab")
      yield* proxy.drop
      yield* until(() => one.error === "ECONNRESET")
      yield* until(() => proxy.sockets() === 0)
    })
  )

  it.live("delays in both directions, and keeps the order when the delay ends", () =>
    Effect.gen(function* () {
      const proxy = yield* Proxy.make(yield* echo)
      const one = yield* client(proxy.port)
      yield* proxy.set({ _tag: "late", millis: 50 })
      const began = performance.now()
      one.socket.write("a")
      yield* until(() => one.text === "a")
      assert.isAtLeast(performance.now() - began, 98)
      one.socket.write("b")
      yield* Effect.sleep(10)
      yield* proxy.set({ _tag: "pass" })
      one.socket.write("c")
      yield* until(() => one.text === "abc")
    })
  )

  it.live("limits the bytes per second", () =>
    Effect.gen(function* () {
      const sent = "0123456789".repeat(100)
      const proxy = yield* Proxy.make(yield* listening((socket) => socket.write(sent)))
      yield* proxy.set({ _tag: "narrow", bytesPerSecond: 5000 })
      const began = performance.now()
      const one = yield* client(proxy.port)
      yield* until(() => one.text.length === 500)
      assert.isAtLeast(performance.now() - began, 45)
      yield* proxy.set({ _tag: "pass" })
      yield* until(() => one.text === sent)
    })
  )

  it.live("cuts a reply in the middle, with a reset", () =>
    Effect.gen(function* () {
      const reply = "r".repeat(10_000)
      const answering = listening((socket) =>
        socket.on("data", () => {
          socket.write(reply)
          setTimeout(() => socket.write("behind the gap"), 1)
        })
      )
      const proxy = yield* Proxy.make(yield* answering)
      yield* proxy.set({ _tag: "cut" })
      const one = yield* client(proxy.port)
      one.socket.write("a")
      yield* until(() => one.text !== "")
      yield* proxy.set({ _tag: "pass" })
      yield* until(() => one.error !== undefined)
      assert.strictEqual(one.error, "ECONNRESET")
      assert.match(one.text, /^r+$/)
      assert.isBelow(one.text.length, reply.length)
    })
  )

  it.live("replies with garbage, different each time", () =>
    Effect.gen(function* () {
      let heard = 0
      const proxy = yield* Proxy.make(yield* listening((socket) => socket.on("data", () => heard++)))
      yield* proxy.set({ _tag: "garbage" })
      const said = new Set<string>()
      for (let i = 0; i < 6; i++) {
        const one = yield* client(proxy.port)
        one.socket.write("PING\r\n")
        yield* until(() => one.text !== "")
        said.add(one.text)
      }
      assert.strictEqual(said.size, 6)
      assert.strictEqual(heard, 0)
    })
  )

  it.live("connects new clients to another server, and resets those that it cannot connect", () =>
    Effect.gen(function* () {
      const proxy = yield* Proxy.make(yield* echo)
      const one = yield* client(proxy.port)
      one.socket.write("a")
      yield* until(() => one.text === "a")
      yield* proxy.retarget(yield* listening((socket) => socket.write("other")))
      const two = yield* client(proxy.port)
      yield* until(() => two.text === "other")
      one.socket.write("b")
      yield* until(() => one.text === "ab")
      yield* proxy.retarget(1)
      const three = yield* client(proxy.port)
      yield* until(() => three.error === "ECONNRESET")
    })
  )
})
