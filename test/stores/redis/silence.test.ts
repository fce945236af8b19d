import { EventEmitter } from "node:events"
import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import type { Redis as Client } from "ioredis"
import { giveUpWhenSilent } from "../../../src/stores/redis/silence.ts"

/** A client that has just connected, and whose stream tells with what errors it was destroyed. */
const connected = (timeout: number) => {
  const errors: Array<string> = []
  const stream = Object.assign(new EventEmitter(), {
    bytesRead: 0,
    destroy: (error: Error) => {
      errors.push(error.message)
      stream.emit("close")
    }
  })
  const client = Object.assign(new EventEmitter(), { stream, commandQueue: [] as Array<string> })
  giveUpWhenSilent(client as unknown as Client, timeout)
  client.emit("connect")
  return { client, stream, errors }
}

describe("a connection", () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it("is given up once nothing has come for the time, and not before", () => {
    const { client, errors } = connected(1000)
    vi.advanceTimersByTime(5099)
    client.commandQueue.push("get")
    vi.advanceTimersByTime(1000)
    assert.deepStrictEqual(errors, [])
    vi.advanceTimersByTime(100)
    assert.deepStrictEqual(errors, ["no answer within 1000 ms"])
    vi.advanceTimersByTime(5000)
    assert.strictEqual(errors.length, 1)
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("is kept while no answer is due", () => {
    const { errors } = connected(1000)
    vi.advanceTimersByTime(60_000)
    assert.deepStrictEqual(errors, [])
  })

  it("is kept while something comes, be it a part of an answer", () => {
    const { client, stream, errors } = connected(1000)
    client.commandQueue.push("get")
    for (let i = 0; i < 60; i++) {
      vi.advanceTimersByTime(900)
      stream.bytesRead++
    }
    assert.deepStrictEqual(errors, [])
  })

  it("is given up again after it was made again", () => {
    const { client, errors } = connected(1000)
    client.commandQueue.push("get")
    vi.advanceTimersByTime(1200)
    client.commandQueue = ["get"]
    client.emit("connect")
    vi.advanceTimersByTime(1200)
    assert.strictEqual(errors.length, 2)
  })

  it("is no longer looked at once it is closed", () => {
    const { client, stream, errors } = connected(1000)
    client.commandQueue.push("get")
    stream.emit("close")
    assert.strictEqual(vi.getTimerCount(), 0)
    vi.advanceTimersByTime(5000)
    assert.deepStrictEqual(errors, [])
  })
})
