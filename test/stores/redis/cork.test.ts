/** cork, which combines the commands of one turn of the event loop into one write. */
import { setImmediate } from "node:timers/promises"
import { assert, it, vi } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import type { Client } from "../../../src/stores/redis/connection.ts"
import { cork } from "../../../src/stores/redis/cork.ts"
import { describeWithRedis } from "../../servers/redis.ts"
import { connect, uniquePrefix } from "./support.ts"

it("corks a stream once a turn, until the next turn of the event loop", async () => {
  const events: Array<string> = []
  const stream = { cork: () => events.push("cork"), uncork: () => events.push("uncork") }
  const client = { isCluster: false, stream } as unknown as Client
  cork(client)
  cork(client)
  assert.deepStrictEqual(events, ["cork"])
  await setImmediate()
  assert.deepStrictEqual(events, ["cork", "uncork"])
  cork(client)
  await setImmediate()
  assert.deepStrictEqual(events, ["cork", "uncork", "cork", "uncork"])
})

it("corks every node of a cluster that is connected", async () => {
  const events: Array<string> = []
  const node = (name: string) => ({
    stream: { cork: () => events.push(`cork ${name}`), uncork: () => events.push(`uncork ${name}`) }
  })
  const nodes = [node("a"), { stream: undefined }, { stream: null }, node("b")]
  cork({ isCluster: true, nodes: () => nodes } as unknown as Client)
  assert.deepStrictEqual(events, ["cork a", "cork b"])
  await setImmediate()
  assert.deepStrictEqual(events, ["cork a", "cork b", "uncork a", "uncork b"])
})

describeWithRedis("commands of concurrent fibers", (server) => {
  it.effect("leave in one write, and each gets its reply", () =>
    Effect.gen(function* () {
      const client = yield* connect(server().url)
      yield* Effect.promise(() => client.ping())
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const keys = Array.from({ length: 50 }, (_, i) => `${uniquePrefix()}${i}`)
        const uncork = vi.spyOn(client.stream, "uncork")
        yield* Effect.forEach(keys, (key, i) => kv.put(key, i, { ttl: "1 minute" }), { concurrency: "unbounded" })
        const puts = uncork.mock.calls.length
        const found = yield* Effect.forEach(keys, (key) => kv.get(key), { concurrency: "unbounded" })
        assert.deepStrictEqual([puts, uncork.mock.calls.length], [1, 2])
        assert.deepStrictEqual(
          found,
          keys.map((_, i) => i)
        )
      }).pipe(Effect.provide(Redis.layer({ client })))
    })
  )
})
