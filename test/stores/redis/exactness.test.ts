/** Integers beyond 2^53 in Redis below a cache or replica. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { KeyValue, type KeyValueError, Memory, PassthroughCache, Replicate } from "../../../src/index.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import * as Sqlite from "../../../src/stores/Sqlite.ts"
import { describeWithRedis } from "../../servers/redis.ts"
import { connect, uniquePrefix } from "./support.ts"

describeWithRedis("integers beyond 2^53 that another program wrote", (server) => {
  const text =
    '{"created_at": "2026-11-30T00:00:00+00:00", "value": {"id": 9007199254740993, "f": 1e+16, "s": "9007199254740993"}, "version": 1}'
  const exact = { id: 9007199254740993n, f: 1e16, s: "9007199254740993" }
  const rounded = { id: 9007199254740992, f: 1e16, s: "9007199254740993" }

  const others: Readonly<Record<string, () => ReturnType<typeof Memory.layer> | ReturnType<typeof Redis.layer>>> = {
    Memory: () => Memory.layer(),
    Sqlite: () => Sqlite.layer(),
    "Redis with numbers": () => Redis.layer({ url: server().url, prefix: uniquePrefix() }),
    "Redis in py-key-value's format": () =>
      Redis.layer({ url: server().url, prefix: uniquePrefix(), format: "py-key-value" })
  }

  for (const integers of ["bigint", "number"] as const) {
    for (const [name, other] of Object.entries(others)) {
      it.effect(`are read as ${integers}s from a Redis of ${integers}s with ${name} as its cache or replica`, () =>
        Effect.gen(function* () {
          const prefix = uniquePrefix()
          const client = yield* connect(server().url)
          yield* Effect.promise(() => client.set(`${prefix}default_collection::k`, text))
          const far = Redis.layer({ url: server().url, prefix, integers })
          const stacks: ReadonlyArray<Layer.Layer<KeyValue.KeyValue, KeyValueError.StoreSetupError>> = [
            far.pipe(PassthroughCache.wrap({ cache: other() })),
            far.pipe(Replicate.wrap({ replicas: [other()] }))
          ]
          const expected = (integers === "bigint" ? exact : rounded) as never
          for (const stack of stacks) {
            yield* Effect.gen(function* () {
              const kv = yield* KeyValue.KeyValue
              for (let i = 0; i < 3; i++) assert.deepStrictEqual(yield* kv.get("k"), expected)
              assert.deepStrictEqual((yield* kv.ttl("k"))?.value, expected)
            }).pipe(Effect.provide(stack))
          }
        })
      )
    }
  }
})
