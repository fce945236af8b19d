/** Combinations of two layers for the same Redis, which are refused. */
import { assert, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Fallback, KeyValue, type KeyValueError, Memory, PassthroughCache, Replicate } from "../../../src/index.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { describeWithRedis } from "../../servers/redis.ts"
import { connect, uniquePrefix } from "./support.ts"

type Store = ReturnType<typeof Redis.layer>

type Built = Layer.Layer<KeyValue.KeyValue, KeyValueError.StoreSetupError>

const outcome = (layer: Built): Effect.Effect<string> =>
  Effect.provide(Effect.as(KeyValue.KeyValue, "built"), layer).pipe(
    Effect.catch(({ reason }) =>
      Effect.succeed(reason.startsWith("the same store is used in two places") ? "refused" : reason)
    )
  )

describeWithRedis("two layers for one Redis", (server) => {
  const combinations: Readonly<Record<string, (first: Store, second: Store) => Built>> = {
    PassthroughCache: (first, second) => first.pipe(PassthroughCache.wrap({ cache: second })),
    Fallback: (first, second) => first.pipe(Fallback.wrap({ fallback: second })),
    Replicate: (first, second) => first.pipe(Replicate.wrap({ replicas: [second] }))
  }
  const at = (prefix: string, more: object = {}) => Redis.layer({ url: server().url, prefix, ...more })

  for (const [name, combine] of Object.entries(combinations)) {
    it.effect(`are refused by ${name} unless they differ in prefix or database`, () =>
      Effect.gen(function* () {
        const prefix = uniquePrefix()
        const port = new URL(server().url).port
        const client = yield* connect(server().url)
        assert.strictEqual(yield* outcome(combine(at(prefix), at(prefix))), "refused")
        assert.strictEqual(yield* outcome(combine(at(prefix), Redis.layer({ client, prefix }))), "refused")
        const sameHost = Redis.layer({ options: { host: "LOCALHOST", port: Number(port) }, prefix })
        assert.strictEqual(yield* outcome(combine(at(prefix), sameHost)), "refused")
        assert.strictEqual(yield* outcome(combine(at(prefix), at(uniquePrefix()))), "built")
        const other = Redis.layer({ url: `${server().url}/1`, prefix })
        assert.strictEqual(yield* outcome(combine(at(prefix), other)), "built")
      })
    )
  }

  it.effect("are refused as one cache of two different stores", () =>
    Effect.gen(function* () {
      class A extends Context.Service<A, KeyValue.Service>()("test/A") {}
      class B extends Context.Service<B, KeyValue.Service>()("test/B") {}
      const [prefix, url] = [uniquePrefix(), server().url]
      const cache = Redis.layerConfig({ url: Config.succeed(url), prefix: Config.succeed(prefix) })
      const cached = (value: string) =>
        Memory.layer({ seed: { default_collection: { k: value } } }).pipe(PassthroughCache.wrap({ cache }))
      const both = Layer.merge(
        Layer.effect(A, KeyValue.KeyValue).pipe(Layer.provide(cached("a"))),
        Layer.effect(B, KeyValue.KeyValue).pipe(Layer.provide(cached("b")))
      )
      const error = yield* Effect.flip(Effect.scoped(Layer.build(both)))
      assert.include(error.message, "the cache is that of another store already")
    })
  )
})
