/** Redis over given ioredis clients with various options. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Atomic from "../../../src/Atomic.ts"
import * as Enumeration from "../../../src/Enumeration.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { describeWithRedis } from "../../servers/redis.ts"
import { connect, uniquePrefix } from "./support.ts"

describeWithRedis("a given client", (server) => {
  const keysOf = Effect.flatMap(Enumeration.Enumeration, (enumeration) => Stream.runCollect(enumeration.keys())).pipe(
    Effect.map((keys) => [...keys].sort())
  )
  const works = Effect.gen(function* () {
    const kv = yield* KeyValue.KeyValue
    const atomic = yield* Atomic.Atomic
    yield* kv.putMany([
      ["a", { b: "é" }],
      ["b", Uint8Array.of(0, 255)]
    ])
    assert.deepStrictEqual(yield* kv.getMany(["b", "a", "c"]), [Uint8Array.of(0, 255), { b: "é" }, undefined])
    assert.isTrue(yield* atomic.putIfAbsent("n", 1, { ttl: "1 minute" }))
    assert.isFalse(yield* atomic.putIfAbsent("n", 2))
    assert.strictEqual(yield* atomic.update("n", (n) => Number(n) + 1), 2)
    assert.isDefined((yield* kv.ttl("n"))?.ttl)
    assert.strictEqual(yield* atomic.getAndDelete("n"), 2)
    assert.deepStrictEqual(yield* keysOf, ["a", "b"])
    assert.strictEqual(yield* kv.deleteMany(["a", "b", "c"]), 2)
  })
  const variants = {
    "with a key prefix": { keyPrefix: "client[*]:" },
    "with numbers returned as strings": { stringNumbers: true },
    "with automatic pipelines": { enableAutoPipelining: true },
    "over RESP2": { protocol: 2 as const },
    "with RESP3's mapping": { replyMapping: "resp3" as "legacy" },
    "with a lazy connection": { lazyConnect: true },
    "with long error stacks": { showFriendlyErrorStack: true }
  }
  for (const [name, options] of Object.entries(variants)) {
    it.effect(`works ${name}, and stays open`, () =>
      Effect.gen(function* () {
        const client = yield* connect(server().url, options)
        yield* works.pipe(Effect.provide(Redis.layer({ client, prefix: uniquePrefix() })))
        assert.strictEqual(client.status, "ready")
        assert.strictEqual(yield* Effect.promise(() => client.ping()), "PONG")
        assert.strictEqual(client.listenerCount("error"), 0)
      })
    )
  }

  it.live("loses no update when two stores race", () =>
    Effect.gen(function* () {
      const prefix = uniquePrefix()
      const increments = Effect.flatMap(Atomic.Atomic, (atomic) =>
        Effect.replicateEffect(
          atomic.update("n", (n) => Number(n ?? 0) + 1, { maxRetries: 10_000 }),
          50
        )
      )
      const one = Effect.provide(increments, Redis.layer({ url: server().url, prefix }))
      const kv = KeyValue.KeyValue.use((kv) => kv.get("n"))
      yield* Effect.all([one, Effect.provide(increments, Redis.layer({ url: server().url, prefix }))], {
        concurrency: 2
      })
      assert.strictEqual(yield* Effect.provide(kv, Redis.layer({ url: server().url, prefix })), 100)
    })
  )
})
