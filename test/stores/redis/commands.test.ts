/** The commands that Redis sends: batches, coalesced reads, limits on size and time. */
import { assert, describe, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import type { Redis as Client } from "ioredis"
import * as KeyValue from "../../../src/KeyValue.ts"
import type { KeyValueError } from "../../../src/KeyValueError.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { send } from "../../../src/stores/redis/commands.ts"
import type { Connection } from "../../../src/stores/redis/connection.ts"
import { Requests } from "../../../src/stores/redis/requests.ts"
import { Payload } from "../../../src/Value.ts"
import * as Timeout from "../../../src/wrappers/Timeout.ts"
import { describeWithRedis } from "../../servers/redis.ts"
import { connect, uniquePrefix } from "./support.ts"

/** The commands that the store has sent, in order, with the number of their arguments. */
const sentBy = (client: Client) => {
  const sent: Array<string> = []
  const send = client.sendCommand.bind(client)
  vi.spyOn(client, "sendCommand").mockImplementation((command, stream) => {
    sent.push(`${command.name} ${command.args.length}`)
    return send(command, stream)
  })
  return () => sent.splice(0)
}

const all = { concurrency: "unbounded" } as const

const keysOf = (count: number) => Array.from({ length: count }, (_, i) => `key ${i}`)

describeWithRedis("commands of a store", (server) => {
  const withStore = <E>(
    options: Partial<Redis.ClientOptions>,
    program: (
      sent: () => ReadonlyArray<string>,
      client: Client
    ) => Effect.Effect<void, E, KeyValue.KeyValue | Scope.Scope>
  ) =>
    Effect.gen(function* () {
      const client = yield* connect(server().url)
      yield* Effect.promise(() => client.ping())
      const store = Redis.layer({ ...options, client, prefix: uniquePrefix() })
      yield* Effect.provide(program(sentBy(client), client), store)
    })

  it.effect("are not sent for a value that is too large for the server, which is refused", () =>
    withStore({}, (sent) =>
      Effect.gen(function* () {
        const { driver } = yield* KeyValue.KeyValue
        const chunk = new Uint8Array(2 ** 22)
        const entry = (chunks: number) => ({
          payload: Payload.pieces(Array.from({ length: chunks }, () => chunk)),
          createdAt: undefined,
          expiresAt: undefined
        })
        const keys = ["small", "large"]
        const at = { deadline: undefined, collection: "c" }
        const many = { _tag: "put", ...at, keys, place: { operation: "putMany", ...at, keys } } as const
        const one = { ...at, keys: ["large"], place: { operation: "putIfAbsent", ...at, keys: ["large"] } } as const
        for (const write of [
          driver.put({ ...many, entries: [entry(0), entry(128)] }),
          driver.put({ ...one, _tag: "put", entries: [entry(128)] }),
          driver.atomic!.compareAndPut({ ...one, _tag: "compareAndPut", entry: entry(128), expected: undefined })
        ]) {
          const error = yield* Effect.flip(write as Effect.Effect<unknown, KeyValueError>)
          assert.strictEqual(error._tag, "EntryTooLargeError")
          if (error._tag !== "EntryTooLargeError") return
          assert.deepStrictEqual([error.limitedBy, error.size, error.keys], ["Redis", 2 ** 29, ["large"]])
        }
        assert.deepStrictEqual(sent(), [])
      })
    )
  )

  it.effect("write a batch without TTLs at 1,000 entries per command", () =>
    withStore({}, (sent) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.putMany(keysOf(2500).map((key, i) => [key, i] as const))
        assert.deepStrictEqual(sent(), ["mset 2000", "mset 2000", "mset 1000"])
        assert.deepStrictEqual(
          yield* kv.getMany(keysOf(2500)),
          keysOf(2500).map((_, i) => i)
        )
        assert.deepStrictEqual(sent(), ["mget 2500"])
      })
    )
  )

  it.effect("write a batch of large values in several commands", () =>
    withStore({}, (sent) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const value = "x".repeat(3 * 2 ** 20)
        yield* kv.putMany(keysOf(5).map((key) => [key, value] as const))
        assert.deepStrictEqual(sent(), ["mset 4", "mset 4", "mset 2"])
        assert.strictEqual(yield* kv.get("key 4"), value)
      })
    )
  )

  it.effect("write a batch with a TTL at one entry per command", () =>
    withStore({}, (sent) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.putMany(
          keysOf(3).map((key, i) => [key, i] as const),
          { ttl: "1 minute" }
        )
        assert.deepStrictEqual(sent(), ["set 4", "set 4", "set 4"])
        assert.deepStrictEqual(yield* kv.getMany(keysOf(3)), [0, 1, 2])
      })
    )
  )

  it.effect("read single keys for a single caller when reads are coalesced", () =>
    withStore({ coalesceReads: true }, (sent) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("key 0", 1)
        sent()
        for (let i = 0; i < 5; i++) assert.strictEqual(yield* kv.get("key 0"), 1)
        assert.deepStrictEqual(sent(), Array(5).fill("get 1"))
      })
    )
  )

  it.effect("combine the reads that arrive while another is pending when reads are coalesced", () =>
    withStore({ coalesceReads: true }, (sent) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const keys = keysOf(600)
        yield* kv.putMany(keys.map((key, i) => [key, i] as const))
        sent()
        const found = yield* Effect.forEach([...keys, "missing", "key 7"], (key) => kv.get(key), all)
        assert.deepStrictEqual(found, [...keys.map((_, i) => i), undefined, 7])
        assert.deepStrictEqual(sent(), ["get 1", "mget 256", "mget 256", "mget 89"])
        assert.strictEqual((yield* kv.ttl("key 1"))?.value, 1)
        assert.deepStrictEqual(sent(), ["get 1", "pttl 1"])
      })
    )
  )

  it.effect("fail each coalesced read with its own key", () =>
    withStore({ coalesceReads: true }, (_, client) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        vi.spyOn(client as never as { mgetBuffer: () => Promise<never> }, "mgetBuffer").mockRejectedValueOnce(
          new Error("Connection is closed.")
        )
        const exits = yield* Effect.forEach(
          ["a", "b", "c"],
          (key) => Effect.flip(Effect.asVoid(kv.get(key))).pipe(Effect.option),
          all
        )
        const keys = exits.map((exit) => (exit._tag === "Some" && "keys" in exit.value ? exit.value.keys : undefined))
        assert.deepStrictEqual(keys, [undefined, ["b"], ["c"]])
        assert.isUndefined(yield* kv.get("b"))
      })
    )
  )

  it.effect("fail with TimeoutError when the server does not reply in time, and late replies are dropped", () =>
    withStore({}, (sent, client) =>
      Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const other = yield* connect(server().url)
        yield* kv.put("a", 1)
        sent()
        yield* Effect.promise(() => other.call("client", "pause", "100", "all"))
        const fibers = yield* Effect.forEach(
          [kv.get("a"), kv.put("a", 2), kv.getMany(["a", "b"]), kv.delete("b")],
          (operation) => Effect.forkChild(Effect.flip(operation as Effect.Effect<unknown, Error>))
        )
        yield* Effect.yieldNow
        assert.strictEqual(sent().length, 4)
        yield* TestClock.adjust("1 second")
        for (const fiber of fibers) assert.propertyVal(yield* Fiber.join(fiber), "_tag", "TimeoutError")
        yield* Effect.promise(() => client.ping())
        assert.strictEqual(yield* kv.get("a"), 2)
      }).pipe(Effect.provide(Redis.layer({ client }).pipe(Timeout.wrap("1 second"))))
    )
  )
})

const place = { operation: "get", collection: "users", keys: ["1"] } as const

const answering = (reply: unknown): Connection => ({
  client: { getBuffer: () => Promise.resolve(reply) } as unknown as Client,
  requests: new Requests(),
  isReady: () => true,
  becomeReady: () => Effect.void,
  reasonOf: (error) => error
})

describe("a command", () => {
  it.effect("ends in a defect, and is no longer pending, when its reply cannot be decoded", () =>
    Effect.gen(function* () {
      const connection = answering("reply")
      const call = { place, deadline: undefined }
      const failing = send(connection, call, ["getBuffer", "users::1"], () => {
        throw new Error("a bug")
      })
      const exit = yield* Effect.exit(failing)
      assert.deepStrictEqual(exit, Exit.die(new Error("a bug")))
      assert.strictEqual(connection.requests.waiting.size, 0)
      assert.strictEqual(yield* send(connection, call, ["getBuffer", "users::1"], Exit.succeed), "reply")
    })
  )
})
