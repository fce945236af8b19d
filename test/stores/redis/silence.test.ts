/** How Redis drops a connection whose server does not reply. */
import { EventEmitter } from "node:events"
import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Redis as Client } from "ioredis"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { dropWhenSilent } from "../../../src/stores/redis/silence.ts"
import { fakeRedis } from "../../servers/fakeRedis.ts"

class Queue extends Array<{ readonly command: { readonly args: ReadonlyArray<unknown> } }> {
  peekFront() {
    return this[0]
  }
}

const command = (...args: ReadonlyArray<unknown>) => ({ command: { args } })

const get = command("key")

const KiB = 1024

/** A client that has just connected, and that records the errors with which its stream is destroyed. */
const connected = (timeout: number) => {
  const errors: Array<string> = []
  const socket = { bytesRead: 0, bytesWritten: 0, writeQueueSize: 0 }
  const stream = Object.assign(new EventEmitter(), {
    _handle: socket as typeof socket | undefined,
    bytesRead: 0,
    bytesWritten: 0,
    writableLength: 0,
    destroy: (error: Error) => {
      errors.push(error.message)
      stream.emit("close")
    }
  })
  const client = Object.assign(new EventEmitter(), { stream, commandQueue: new Queue() })
  dropWhenSilent(client as unknown as Client, timeout)
  client.emit("connect")
  return { client, stream, socket, errors }
}

describe("a connection", () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it("is dropped when nothing has arrived for the timeout, and not before", () => {
    const { client, errors } = connected(1000)
    vi.advanceTimersByTime(5099)
    client.commandQueue.push(get)
    vi.advanceTimersByTime(1000)
    assert.deepStrictEqual(errors, [])
    vi.advanceTimersByTime(100)
    assert.deepStrictEqual(errors, ["no reply within 1000 ms"])
    vi.advanceTimersByTime(5000)
    assert.strictEqual(errors.length, 1)
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("is kept while no reply is due", () => {
    const { errors } = connected(1000)
    vi.advanceTimersByTime(60_000)
    assert.deepStrictEqual(errors, [])
  })

  it("is kept while parts of a reply arrive", () => {
    const { client, socket, errors } = connected(1000)
    client.commandQueue.push(get)
    for (let i = 0; i < 60; i++) {
      vi.advanceTimersByTime(900)
      socket.bytesRead++
    }
    assert.deepStrictEqual(errors, [])
  })

  it("is kept while a congested socket sends, and dropped when it stops sending", () => {
    const { client, socket, errors } = connected(1000)
    client.commandQueue.push(get)
    socket.bytesWritten = socket.writeQueueSize = 10_000_000
    for (let i = 0; i < 60; i++) {
      vi.advanceTimersByTime(900)
      socket.writeQueueSize -= 1000
    }
    assert.deepStrictEqual(errors, [])
    vi.advanceTimersByTime(1200)
    assert.strictEqual(errors.length, 1)
  })

  it("is dropped when the server is frozen, even while more commands are sent", () => {
    for (const waiting of [0, 1000]) {
      const { client, socket, errors } = connected(1000)
      client.commandQueue.push(get)
      socket.bytesWritten = socket.writeQueueSize = waiting
      for (let i = 0; i < 12; i++) {
        client.commandQueue.push(command("key", "x".repeat(1024 * KiB)))
        socket.bytesWritten += 1000
        if (waiting > 0) socket.writeQueueSize += 1000
        vi.advanceTimersByTime(100)
      }
      assert.strictEqual(errors.length, 1, `${waiting} bytes wait`)
    }
  })

  it("has one more second for each 128 KiB of the oldest command, in text or bytes, up to 32 seconds", () => {
    const cases: ReadonlyArray<readonly [ReadonlyArray<unknown>, number]> = [
      [["key", "x".repeat(128 * KiB - 3)], 1000],
      [["key", "é".repeat(64 * KiB), Buffer.alloc(128 * KiB)], 2000],
      [["key", Buffer.alloc(100_000 * KiB)], 32_000]
    ]
    for (const [args, extra] of cases) {
      const { client, errors } = connected(1000)
      client.commandQueue.push(command(...args), get)
      vi.advanceTimersByTime(1000 + extra)
      assert.deepStrictEqual(errors, [])
      vi.advanceTimersByTime(200)
      assert.strictEqual(errors.length, 1)
    }
  })

  it("is observed below TLS, because TLS records arrive as a whole", () => {
    const { client, stream, socket, errors } = connected(1000)
    stream._handle = { bytesRead: 0, bytesWritten: 0, writeQueueSize: 0, _parent: socket } as never
    client.commandQueue.push(get)
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(900)
      socket.bytesRead++
    }
    assert.deepStrictEqual(errors, [])
  })

  it("is judged by whole writes when the stream reveals nothing else", () => {
    const { client, stream, errors } = connected(1000)
    stream._handle = undefined
    client.commandQueue.push(get)
    stream.bytesWritten = stream.writableLength = 100_000
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(900)
      stream.writableLength -= 1000
    }
    assert.deepStrictEqual(errors, [])
    vi.advanceTimersByTime(1200)
    assert.strictEqual(errors.length, 1)
  })

  it("is dropped again after it was reconnected", () => {
    const { client, errors } = connected(1000)
    client.commandQueue.push(get)
    vi.advanceTimersByTime(1200)
    client.commandQueue = new Queue(get)
    client.emit("connect")
    vi.advanceTimersByTime(1200)
    assert.strictEqual(errors.length, 2)
  })

  it("is no longer observed once it is closed", () => {
    const { client, stream, errors } = connected(1000)
    client.commandQueue.push(get)
    stream.emit("close")
    assert.strictEqual(vi.getTimerCount(), 0)
    vi.advanceTimersByTime(5000)
    assert.deepStrictEqual(errors, [])
  })
})

describe("a real connection that sends a large value", () => {
  for (const tls of [false, true]) {
    const how = tls ? "by TLS" : "by TCP"
    const store = (port: number) =>
      Redis.layer({
        url: `${tls ? "rediss" : "redis"}://127.0.0.1:${port}`,
        responseTimeout: "200 millis",
        options: tls ? { tls: { rejectUnauthorized: false } } : {}
      })

    it.live(`is kept, with the commands of other fibers, while the server reads slowly (${how})`, () =>
      Effect.gen(function* () {
        const server = yield* fakeRedis({ tls })
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          server.read(300_000)
          const put = yield* Effect.forkChild(kv.put("big", "x".repeat(300_000)), { startImmediately: true })
          assert.isUndefined(yield* kv.get("other"))
          yield* Fiber.join(put)
        }).pipe(Effect.provide(store(server.port)))
      })
    )

    it.live(`is dropped in time when the server is frozen, even while other fibers send (${how})`, () =>
      Effect.gen(function* () {
        const server = yield* fakeRedis({ tls })
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          server.read(0)
          const began = yield* Clock.currentTimeMillis
          const put = yield* Effect.forkChild(Effect.flip(kv.put("big", "x".repeat(128 * KiB))), {
            startImmediately: true
          })
          yield* Effect.forkChild(Effect.forever(Effect.delay(Effect.exit(kv.put("more", 1)), "10 millis")))
          yield* Effect.forkChild(Effect.exit(kv.put("more", "x".repeat(20_000 * KiB))))
          const error = yield* Fiber.join(put)
          const took = (yield* Clock.currentTimeMillis) - began
          assert.include(error.message, "no reply within 200 ms")
          assert.isAtLeast(took, 1100)
          // The large command would have 32 seconds. Most of this time goes into sending it, on a slow machine.
          assert.isAtMost(took, 20_000)
        }).pipe(Effect.provide(store(server.port)))
      })
    )
  }
})
