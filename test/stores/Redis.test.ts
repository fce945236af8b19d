/** The store contract on a Redis server and a Redis Cluster, and expiry by the server's clock. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as KeyValue from "../../src/KeyValue.ts"
import * as Redis from "../../src/stores/Redis.ts"
import * as StoreContract from "../../src/testing/StoreContract.ts"
import { describeWithCluster, describeWithRedis } from "../servers/redis.ts"
import { advance, uniquePrefix } from "./redis/support.ts"

const contract = (
  urls: () => ReadonlyArray<string>,
  layerOf: (prefix: string) => ReturnType<typeof Redis.layer>
): void => {
  const prefix = uniquePrefix()
  const capabilities = StoreContract.allCapabilities
  const cases = StoreContract.cases({ capabilities, advance: (duration) => advance(urls(), prefix)(duration) })
  for (const { name, run } of cases) {
    it.effect(name, () => Effect.provide(run, layerOf(prefix)))
  }
}

describeWithRedis("Redis", (server) => {
  describe("the contract", () => {
    contract(
      () => [server().url],
      (prefix) => Redis.layer({ url: server().url, prefix })
    )
  })

  describe("the contract, with reads coalesced", () => {
    contract(
      () => [server().url],
      (prefix) => Redis.layer({ url: server().url, prefix, coalesceReads: true })
    )
  })

  it.live("expires an entry by the server's clock", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("a", 1, { ttl: "50 millis" })
      const { ttl } = (yield* kv.ttl("a"))!
      assert.isAtMost(Duration.toMillis(ttl!), 50)
      const gone = yield* kv
        .get("a")
        .pipe(
          Effect.repeat({ until: (value) => value === undefined, schedule: Schedule.spaced("10 millis") }),
          Effect.timeout("5 seconds")
        )
      assert.isUndefined(gone)
    }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix: uniquePrefix() })))
  )
})

describeWithCluster("Redis Cluster", (nodes) => {
  const nodeUrls = () => nodes().map(({ url }) => url)

  describe("the contract", () => {
    contract(nodeUrls, (prefix) => Redis.layer({ cluster: { nodes: nodeUrls() }, prefix }))
  })
})
