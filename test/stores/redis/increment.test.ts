/** Tests counters in Redis: the script, the stored text, entries in other forms, and several processes. */
import { assert, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import type { Redis as Client } from "ioredis"
import * as Atomic from "../../../src/Atomic.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { describeWithRedis } from "../../servers/redis.ts"
import { runNode } from "../../support/program.ts"
import { connect, uniquePrefix } from "./support.ts"

/** The names of the commands that a client sends. */
const sentBy = (client: Client) => {
  const sent: Array<string> = []
  const send = client.sendCommand.bind(client)
  vi.spyOn(client, "sendCommand").mockImplementation((command, stream) => {
    sent.push(command.name)
    return send(command, stream)
  })
  return () => sent.splice(0)
}

/** Runs `increment.ts` on the Node that runs this test. */
const incrementing = (url: string, prefix: string, fibers: number, times: number) =>
  Effect.map(
    runNode(["test/stores/redis/increment.ts", url, prefix, String(fibers), String(times)]),
    ({ status, notes }) => assert.strictEqual(status, 0, notes)
  )

describeWithRedis("a counter in Redis", (server) => {
  const open = Effect.gen(function* () {
    const prefix = uniquePrefix()
    const client = yield* connect(server().url)
    yield* Effect.promise(() => client.ping())
    const stored = (key: string) => Effect.promise(() => client.get(`${prefix}c::${key}`))
    const store = (key: string, text: string | Buffer) => Effect.promise(() => client.set(`${prefix}c::${key}`, text))
    return { prefix, client, stored, store }
  })
  const at = { collection: "c" }

  it.effect("is stored as put stores a number, with the time of the last increment", () =>
    Effect.gen(function* () {
      const { prefix, client, stored } = yield* open
      yield* TestClock.setTime(Date.parse("2099-01-01T00:00:00Z"))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const atomic = yield* Atomic.Atomic
        yield* atomic.increment("n", -7, at)
        assert.strictEqual(
          yield* stored("n"),
          '{"collection":"c","created_at":"2099-01-01T00:00:00+00:00","key":"n","value":-7,"version":2}'
        )
        yield* atomic.increment("t", 1, { ...at, ttl: "10 seconds" })
        yield* TestClock.adjust("500 millis")
        yield* atomic.increment("t", 1, at)
        const head = '{"collection":"c","created_at":"2099-01-01T00:00:00.500000+00:00","expires_at":'
        const tail = ',"key":"t","value":2,"version":2}'
        assert.strictEqual(yield* stored("t"), `${head}"2099-01-01T00:00:10+00:00"${tail}`)
        assert.isAtMost(yield* Effect.promise(() => client.pttl(`${prefix}c::t`)), 10_000)
        yield* kv.put("t", 2, { ...at, ttl: 9_500 })
        assert.strictEqual(yield* stored("t"), `${head}"2099-01-01T00:00:10+00:00"${tail}`, "as put writes it")
      }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix })))
    })
  )

  it.effect("takes one command for each increment, also of a counter that put has stored", () =>
    Effect.gen(function* () {
      const { prefix, client } = yield* open
      const sent = sentBy(client)
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const atomic = yield* Atomic.Atomic
        yield* atomic.increment("n", 1, at)
        sent()
        yield* atomic.increment("n", 1, at)
        yield* atomic.increment("n", 1, { ...at, ttl: "1 minute", renew: true })
        yield* atomic.increment("n", 1, at)
        yield* Effect.flip(atomic.increment("n", 1, { ...at, max: 4 }))
        assert.deepStrictEqual(sent(), ["evalsha", "evalsha", "evalsha", "evalsha"])
        yield* kv.put("p", 5, { ...at, ttl: "1 minute" })
        sent()
        assert.strictEqual(yield* atomic.increment("p", 1, at), 6)
        assert.deepStrictEqual(sent(), ["evalsha"])
      }).pipe(Effect.provide(Redis.layer({ client, prefix })))
    })
  )

  it.effect("works after the server has forgotten its scripts", () =>
    Effect.gen(function* () {
      const { prefix, client } = yield* open
      yield* Effect.gen(function* () {
        const atomic = yield* Atomic.Atomic
        assert.strictEqual(yield* atomic.increment("n", 1, at), 1)
        yield* Effect.promise(() => client.script("FLUSH"))
        assert.strictEqual(yield* atomic.increment("n", 1, at), 2)
      }).pipe(Effect.provide(Redis.layer({ client, prefix })))
    })
  )

  it.effect("is counted on, if another program or format has written it", () =>
    Effect.gen(function* () {
      const { prefix, store, stored } = yield* open
      const texts = {
        spaces: '{"collection": "c", "created_at": "2026-01-01T00:00:00+00:00", "key": "k", "value": 5, "version": 2}',
        order: '{"version":2,"value":5}',
        fraction: '{"collection":"c","key":"k","value":5.0,"version":2}',
        exponent: '{"collection":"c","key":"k","value":0.5e1,"version":2}',
        name: '{"collection":"c","key":"another","value":5,"version":2}'
      }
      yield* Effect.gen(function* () {
        const atomic = yield* Atomic.Atomic
        for (const [name, text] of Object.entries(texts)) {
          yield* store("k", text)
          assert.strictEqual(yield* atomic.increment("k", 1, at), 6, name)
          assert.include((yield* stored("k"))!, '"key":"k","value":6,"version":2}', name)
        }
      }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix })))
      const python = Redis.layer({ url: server().url, prefix, format: "py-key-value" })
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* (yield* Atomic.Atomic).increment("k", 1, at), 7)
        assert.include((yield* stored("k"))!, '"value": 7')
      }).pipe(Effect.provide(python))
    })
  )

  it.effect("is not overwritten, if it cannot be read", () =>
    Effect.gen(function* () {
      const { prefix, store, stored } = yield* open
      const head = '{"collection":"c","created_at":"2026-01-01T00:00:00+00:00","key":"k","value":'
      const texts = [
        `${head}9007199254740993,"version":2}`,
        `${head}-9007199254740992,"version":2}`,
        `${head}99999999999999999999,"version":2}`,
        `${head}05,"version":2}`,
        `${head}-0,"version":2}`,
        `${head}5,"version":1}`,
        `${head}5,"version":2}}`,
        `${head}5 5,"version":2}`,
        `${head},"version":2}`,
        '{"collection":"c","created_at":"yesterday","key":"k","value":5,"version":2}',
        '{"collection":"c","key":"k","value":{"n":5},"version":1}',
        "5",
        ""
      ]
      yield* Effect.gen(function* () {
        const atomic = yield* Atomic.Atomic
        for (const text of texts) {
          yield* store("k", text)
          const error = yield* Effect.flip(atomic.increment("k", 1, at))
          assert.strictEqual(error._tag, "DeserializationError", text)
          assert.strictEqual(yield* stored("k"), text)
        }
      }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix })))
    })
  )

  it.effect("starts again, if it has expired but was loaded without its TTL", () =>
    Effect.gen(function* () {
      const { prefix, store } = yield* open
      yield* TestClock.setTime(Date.parse("2099-01-01T00:00:00Z"))
      yield* store(
        "k",
        '{"collection":"c","created_at":"2026-01-01T00:00:00+00:00","expires_at":"2026-01-02T00:00:00+00:00",' +
          '"key":"k","value":5,"version":2}'
      )
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* (yield* Atomic.Atomic).increment("k", 1, at), 1)
      }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix })))
    })
  )

  it.effect("fails with StoreError for a key of another type", () =>
    Effect.gen(function* () {
      const { prefix, client } = yield* open
      yield* Effect.promise(() => client.lpush(`${prefix}c::list`, "x"))
      yield* Effect.gen(function* () {
        const error = yield* Effect.flip((yield* Atomic.Atomic).increment("list", 1, at))
        assert.deepStrictEqual([error._tag, "outcome" in error && error.outcome], ["StoreError", "not-applied"])
      }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix })))
    })
  )

  it.live(
    "loses no increment of four processes with 50 fibers each",
    () =>
      Effect.gen(function* () {
        const prefix = uniquePrefix()
        const process = () => incrementing(server().url, prefix, 50, 4)
        yield* Effect.all([process(), process(), process(), process()], { concurrency: "unbounded" })
        const count = yield* Effect.provide(
          KeyValue.KeyValue.use((kv) => kv.get("counter")),
          Redis.layer({ url: server().url, prefix })
        )
        assert.strictEqual(count, 4 * 50 * 4)
      }),
    60_000
  )
})
