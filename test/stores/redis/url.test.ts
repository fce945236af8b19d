/** How Redis reads URLs, cluster nodes and ioredis options. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { clientOptions } from "../../../src/stores/redis/clientOptions.ts"
import { type Address, parse } from "../../../src/stores/redis/url.ts"
import { describeWithOwnRedis } from "../../servers/redis.ts"

const addresses: ReadonlyArray<readonly [url: string, address: Address]> = [
  ["redis://h", { host: "h" }],
  ["redis://h:1/0", { host: "h", port: 1, db: 0 }],
  ["redis://h/", { host: "h" }],
  ["redis://h/15?db=3", { host: "h", db: 15 }],
  ["redis://h?db=3&family=6&connectionName=a%20b", { host: "h", db: 3, family: 6, connectionName: "a b" }],
  ["redis://me@h", { host: "h", username: "me", password: "" }],
  ["redis://me:p%40ss%3A%2F%20word@h", { host: "h", username: "me", password: "p@ss:/ word" }],
  ["redis://:p@h", { host: "h", username: "", password: "p" }],
  ["redis://h?username=me&password=p", { host: "h", username: "me", password: "p" }],
  ["redis://[::1]:7/2", { host: "::1", port: 7, db: 2 }],
  ["rediss://h", { host: "h", tls: {} }],
  ["REDISS://h", { host: "h", tls: {} }],
  ["//h:7/3", { host: "h", port: 7, db: 3 }],
  ["redis:///3", { db: 3 }],
  ["redis://", {}],
  ["7", { port: 7 }],
  ["h", { host: "h" }],
  ["h:7", { host: "h", port: 7 }],
  ["me:p@h:7?db=1", { host: "h", port: 7, username: "me", password: "p", db: 1 }],
  ["/run/redis.sock", { path: "/run/redis.sock" }],
  ["/run/my redis#1%.sock?db=2", { path: "/run/my redis#1%.sock", db: 2 }],
  ["redis:///run/redis/redis.sock", { path: "/run/redis/redis.sock" }],
  ["redis:///redis.sock?db=2", { path: "/redis.sock", db: 2 }],
  ["unix:///run/redis.sock", { path: "/run/redis.sock" }],
  ["redis+unix:///run/a%20b.sock?db=1&password=p", { path: "/run/a b.sock", db: 1, password: "p" }]
]

const refused = [
  "",
  "0",
  "65536",
  "redis://h:0",
  "redis://h:65536",
  "redis://h:x",
  "redis://h/app",
  "redis://h/3abc",
  "redis://h/1.5",
  "redis://h/-1",
  "redis://h/1e3",
  "redis://h/0x1",
  "redis://h/3/4",
  "redis://h/2147483648",
  "redis://h/99999999999999999999",
  "redis://h?db=x",
  "redis://h?db=",
  "redis://h/3?db=x",
  "redis://h?family=six",
  "redis://h?enableOfflineQueue=true",
  "redis://h?Connector=x",
  "redis:///app",
  "redis://%zz@h",
  "redis://user:%@h",
  "redis://[:1",
  "rediss:///run/redis.sock",
  "unix://h/run/redis.sock",
  "unix://",
  "redis:/h",
  "edis://h",
  "http://h",
  "redis://user:12#34@h",
  "redis://secret#@h",
  "h/3"
]

describe("a Redis URL", () => {
  for (const [url, address] of addresses) {
    it(`is parsed: ${JSON.stringify(url)}`, () => assert.deepStrictEqual(parse(url), Result.succeed(address)))
  }

  it("is refused, without being quoted, when it is ambiguous or malformed", () => {
    for (const url of refused) {
      const address = parse(url)
      assert.isTrue(Result.isFailure(address), `${url}: ${JSON.stringify(address)}`)
      assert.match(Result.isFailure(address) ? address.failure : "", /^(must|has|is)/)
    }
  })
})

describe("a node of a cluster", () => {
  const wrong: ReadonlyArray<unknown> = [
    "redis://h/1",
    "redis://h?db=1",
    "edis://h",
    "/run/redis.sock",
    0,
    1.5,
    "",
    null
  ]
  it.effect("is refused unless it has a host, a port and no database", () =>
    Effect.gen(function* () {
      for (const node of [...wrong, { host: 5 }, { port: "7000" }, { port: 70_000 }, { host: "h", db: 1 }]) {
        const layer = Redis.layer({ cluster: { nodes: [node as string] } })
        const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
        assert.strictEqual(error._tag, "StoreSetupError", String(node))
        assert.include(error.message, "cluster", String(node))
      }
    })
  )
})

describe("ioredis options", () => {
  it("have timeouts of at most the longest timer", () => {
    const read = clientOptions.read({ commandTimeout: 1e20, maxLoadingRetryTime: 2 ** 31, keepAlive: 5 }, "options")
    assert.deepInclude(Result.getOrThrow(read), {
      commandTimeout: 2 ** 31 - 1,
      maxLoadingRetryTime: 2 ** 31 - 1,
      keepAlive: 5
    })
  })

  it("have strategies that neither throw nor return an invalid delay", () => {
    const strategyOf = (retryStrategy: () => unknown) =>
      Result.getOrThrow(clientOptions.read({ retryStrategy: retryStrategy as () => number }, "options")).retryStrategy!
    const thrown = strategyOf(() => {
      throw new Error("no")
    })(1)
    assert.isTrue(thrown! > 0 && thrown! < 100)
    for (const pause of [Number.NaN, -1]) assert.isAbove(strategyOf(() => pause)(1)!, 0)
    assert.strictEqual(strategyOf(() => Number.POSITIVE_INFINITY)(1), 2 ** 31 - 1)
    assert.strictEqual(strategyOf(() => 7)(1), 7)
    for (const none of [null, undefined, "7"]) assert.strictEqual(strategyOf(() => none)(1), null)
    const { reconnectOnError } = Result.getOrThrow(
      clientOptions.read(
        {
          reconnectOnError: () => {
            throw new Error("no")
          }
        },
        "options"
      )
    )
    assert.strictEqual(reconnectOnError!(new Error("READONLY")), false)
  })

  it("are passed on when effect-kv does not describe them", () => {
    const options = { sentinels: [{ host: "h" }], name: "mymaster" }
    assert.deepStrictEqual(Result.getOrThrow(clientOptions.read(options, "options")) as object, options)
  })
})

describeWithOwnRedis("a Redis database", (server) => {
  const put = KeyValue.KeyValue.use((kv) => kv.put("k", 1))
  const build = (options: Redis.Options) => Effect.provide(put, Redis.layer(options))

  it.live("is refused when it is not a whole number, and nothing is written", () =>
    Effect.gen(function* () {
      const { url } = server()
      const wrong: ReadonlyArray<Redis.Options> = [
        { url: `${url}/app` },
        { url: Redacted.make(`${url}/3abc`) },
        { url: `${url}?db=1.5` },
        ...[Number.NaN, -1, 1.5, 2 ** 31, 1e20, "3", null].map((db) => ({ url, options: { db: db as number } }))
      ]
      for (const options of wrong) {
        const error = yield* Effect.flip(build(options))
        assert.strictEqual(error._tag, "StoreSetupError")
      }
      const outOfRange = yield* Effect.flip(build({ url: `${url}/99` }))
      assert.strictEqual(outOfRange._tag, "StoreSetupError")
      assert.strictEqual(
        yield* Effect.provide(
          KeyValue.KeyValue.use((kv) => kv.get("k")),
          Redis.layer({ url })
        ),
        undefined
      )
    })
  )

  it.live("is connected to with timeouts beyond the longest timer", () =>
    Effect.gen(function* () {
      const { url } = server()
      for (const time of [2 ** 31, 1e20, Number.MAX_VALUE]) {
        yield* build({ url, connectTimeout: time, responseTimeout: time, options: { commandTimeout: time } })
      }
    })
  )
})
