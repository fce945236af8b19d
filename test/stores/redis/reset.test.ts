/** Dropped connections of Redis, which must not deliver old writes later. */
import { EventEmitter } from "node:events"
import { connect } from "node:net"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Redis as Client } from "ioredis"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { resetWhenDropped } from "../../../src/stores/redis/reset.ts"
import * as Proxy from "../../faults/proxy.ts"
import { command, describeWithCluster, describeWithOwnRedis } from "../../servers/redis.ts"
import { uniquePrefix } from "./support.ts"

/** Drops a connection during a write, writes over the next one, and then lets the network deliver the first write. */
const overtaken = (proxies: ReadonlyArray<Proxy.Proxy>, connection: Redis.ServerOptions | Redis.ClusterStoreOptions) =>
  Effect.gen(function* () {
    const kv = yield* KeyValue.KeyValue
    yield* kv.put("a", 1)
    for (const proxy of proxies) yield* proxy.vanish
    const lost = yield* Effect.flip(kv.put("a", 2))
    assert.deepStrictEqual([lost._tag, lost.outcome], ["StoreUnavailableError", "unknown"])
    yield* Effect.retry(kv.put("a", 3), { schedule: Schedule.spaced("20 millis"), times: 200 })
    for (const proxy of proxies) {
      yield* proxy.reappear
      // The server answers what comes later when it has read what was held back.
      yield* command(proxy.port, "ping")
    }
    assert.strictEqual(yield* kv.get("a"), 3)
  }).pipe(Effect.provide(Redis.layer({ ...connection, responseTimeout: "200 millis", prefix: uniquePrefix() })))

const throughProxies = (ports: ReadonlyArray<number>): Effect.Effect<ReadonlyArray<Proxy.Proxy>, never, Scope.Scope> =>
  Effect.forEach(ports, Proxy.make)

describeWithOwnRedis("a dropped connection", (server) => {
  it.live("does not deliver a write after a newer one", () =>
    Effect.gen(function* () {
      const proxies = yield* throughProxies([server().port])
      yield* overtaken(proxies, { url: `redis://127.0.0.1:${proxies[0]!.port}` })
    })
  )

  it.live("is closed as usual when its end has begun, because it cannot be reset then", () =>
    Effect.gen(function* () {
      const errors = yield* Effect.callback<ReadonlyArray<string>>((resume) => {
        const errors: Array<string> = []
        const stream = connect({ port: server().port, host: "127.0.0.1" })
        const client = Object.assign(new EventEmitter(), { stream })
        resetWhenDropped(client as unknown as Client)
        stream.on("error", (error) => errors.push(error.message))
        stream.on("close", () => resume(Effect.succeed(errors)))
        stream.once("connect", () => {
          client.emit("connect")
          stream.end()
          process.nextTick(() => stream.destroy(new Error("no answer")))
        })
      })
      assert.deepStrictEqual(errors, ["no answer"])
    })
  )
})

describeWithCluster("a dropped connection of a cluster", (nodes) => {
  it.live("does not deliver a write after a newer one", () =>
    Effect.gen(function* () {
      const ports = nodes().map(({ port }) => port)
      const proxies = yield* throughProxies(ports)
      const natMap = Object.fromEntries(
        ports.map((port, i) => [`127.0.0.1:${port}`, { host: "127.0.0.1", port: proxies[i]!.port }])
      )
      const startup = proxies.map(({ port }) => ({ host: "127.0.0.1", port }))
      yield* overtaken(proxies, { cluster: { nodes: startup, options: { natMap } } })
    })
  )
})
