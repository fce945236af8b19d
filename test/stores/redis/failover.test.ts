/** Redis after a failover. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import * as Proxy from "../../faults/proxy.ts"
import { freePort } from "../../servers/process.ts"
import { command, describeWithOwnRedis, server } from "../../servers/redis.ts"
import { uniquePrefix } from "./support.ts"

describeWithOwnRedis("a master that became a replica", (first) => {
  it.live("loses its connection, so that the next one leads to the new master", () =>
    Effect.gen(function* () {
      const second = yield* server()
      const proxy = yield* Proxy.make(first().port)
      const store = Redis.layer({ url: `redis://127.0.0.1:${proxy.port}`, prefix: uniquePrefix() })
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("a", 1)
        yield* command(first().port, "replicaof", "127.0.0.1", String(yield* freePort))
        const refused = yield* Effect.flip(kv.put("a", 2))
        assert.deepStrictEqual([refused._tag, refused.outcome], ["StoreUnavailableError", "not-applied"])
        assert.include(refused.message, "READONLY")
        // As when a DNS name or virtual address moves: the open connection stays on the old server.
        yield* proxy.retarget(second.port)
        yield* Effect.retry(kv.put("a", 3), { schedule: Schedule.spaced("50 millis"), times: 60 })
        assert.strictEqual(yield* kv.get("a"), 3)
        assert.strictEqual(yield* command(second.port, "dbsize"), 1)
      }).pipe(Effect.provide(store))
    })
  )
})
