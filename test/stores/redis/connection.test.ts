/** Redis connections: how they are configured, fail, close, get lost and come back. */
import { createServer, type Server, type Socket } from "node:net"
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { freePort } from "../../servers/process.ts"
import { command, describeWithCluster, describeWithOwnRedis, describeWithSentinel } from "../../servers/redis.ts"
import { connect, eventually, uniquePrefix } from "./support.ts"

const build = (options: Redis.Options) => Effect.scoped(Layer.build(Redis.layer(options)))

const getA = KeyValue.KeyValue.use((kv) => kv.get("a"))

/** A server that accepts connections and never replies; returns its port and how many connections it holds. */
const blackHole = Effect.map(
  Effect.acquireRelease(
    Effect.callback<{ readonly server: Server; readonly sockets: Set<Socket> }>((resume) => {
      const sockets = new Set<Socket>()
      const server = createServer((socket) => {
        sockets.add(socket)
        socket
          .on("error", () => {})
          .on("close", () => sockets.delete(socket))
          .resume()
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, sockets })))
    }),
    ({ server, sockets }) =>
      Effect.sync(() => {
        for (const socket of sockets) socket.destroy()
        server.close()
      })
  ),
  ({ server, sockets }) => ({ port: (server.address() as { port: number }).port, open: () => sockets.size })
)

describe("a Redis layer that cannot be built", () => {
  it.live("fails at once when no server listens", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      for (const url of [`redis://127.0.0.1:${port}`, `redis://localhost:${port}`]) {
        const error = yield* Effect.flip(build({ url, connectTimeout: "10 seconds" })).pipe(Effect.timeout("2 seconds"))
        assert.strictEqual(error._tag, "StoreSetupError")
        assert.include(error.message, "ECONNREFUSED")
      }
      const cluster = { nodes: [{ host: "127.0.0.1", port }] }
      const error = yield* Effect.flip(build({ cluster, connectTimeout: "5 seconds" })).pipe(
        Effect.timeout("2 seconds")
      )
      assert.strictEqual(error._tag, "StoreSetupError")
    })
  )

  it.live("fails within connectTimeout when the server does not respond, and holds no connection", () =>
    Effect.gen(function* () {
      const hole = yield* blackHole
      const ways: ReadonlyArray<Redis.Options> = [
        { url: `redis://127.0.0.1:${hole.port}` },
        { cluster: { nodes: [{ host: "127.0.0.1", port: hole.port }] } },
        { options: { sentinels: [{ host: "127.0.0.1", port: hole.port }], name: "mymaster" } }
      ]
      for (const way of ways) {
        const error = yield* Effect.flip(build({ ...way, connectTimeout: "100 millis" } as Redis.Options)).pipe(
          Effect.timeout("2 seconds")
        )
        assert.strictEqual(error._tag, "StoreSetupError")
        yield* eventually(Effect.sync(hole.open), (open) => open === 0)
      }
    })
  )

  const wrong: ReadonlyArray<readonly [what: string, options: Redis.Options]> = [
    ["a prefix without a colon at its end", { prefix: "app" }],
    ["a prefix with py-key-value's names", { prefix: "app:", names: "py-key-value" }],
    ["a connectTimeout of 0", { connectTimeout: 0 }],
    ["an infinite responseTimeout", { responseTimeout: "Infinity" }],
    ["a malformed URL", { url: "redis://user:hunter2@[:1" }],
    ["a URL with an unknown scheme", { url: "edis://user:hunter2@127.0.0.1:1" }],
    ["a URL with one slash", { url: "redis:/user:hunter2@127.0.0.1:1" }],
    ["a redacted URL with an unknown scheme", { url: Redacted.make("rediss//://user:hunter2@127.0.0.1:1") }],
    ["a database of a cluster", { cluster: { nodes: [], options: { redisOptions: { db: 1 } } } }],
    ["a database in the URL of a cluster's node", { cluster: { nodes: ["redis://localhost:1/1"] } }],
    ["a Sentinel set-up without a name", { options: { sentinels: [{ host: "localhost" }] } }]
  ]
  for (const [what, options] of wrong) {
    it.effect(`fails with StoreSetupError for ${what}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(build(options))
        assert.strictEqual(error._tag, "StoreSetupError")
        assert.notInclude(inspect(error, { depth: 10 }), "hunter2")
      })
    )
  }
})

describeWithOwnRedis("a connection to Redis", (server) => {
  const at = (path: string) => `${server().url}${path}`

  it.live("uses the password, user and database of the URL, the options or Config", () =>
    Effect.gen(function* () {
      yield* command(server().port, "acl", "setuser", "me", "on", ">p@ss word", "~*", "+@all")
      const client = yield* connect(server().url, { db: 3 })
      const prefix = uniquePrefix()
      const host = `127.0.0.1:${server().port}`
      const password = Redacted.make("p@ss word")
      const layers = [
        Redis.layer({ url: `redis://me:p%40ss%20word@${host}/3`, prefix }),
        Redis.layer({ url: Redacted.make(`redis://me@${host}/3`), password, prefix }),
        Redis.layer({ options: { port: server().port, host: "127.0.0.1", username: "me", db: 3 }, password, prefix }),
        Redis.layerConfig({ url: Config.Redacted("URL"), prefix: Config.String("PREFIX") }).pipe(
          Layer.provide(
            ConfigProvider.layer(
              ConfigProvider.fromUnknown({ URL: `redis://me:p%40ss%20word@${host}/3`, PREFIX: prefix })
            )
          )
        )
      ]
      for (const [i, layer] of layers.entries()) {
        yield* KeyValue.KeyValue.use((kv) => kv.put("a", i)).pipe(Effect.provide(layer))
        assert.include(yield* Effect.promise(() => client.get(`${prefix}default_collection::a`)), `"value":${i}`)
      }
    })
  )

  it.live("fails the layer with the server's reason and without the password", () =>
    Effect.gen(function* () {
      yield* command(server().port, "acl", "setuser", "you", "on", ">right", "~*", "+@all")
      const host = `127.0.0.1:${server().port}`
      const error = yield* Effect.flip(build({ url: `redis://you:hunter2@${host}` }))
      assert.include(error.message, "WRONGPASS")
      assert.notInclude(inspect(error, { depth: 10 }), "hunter2")
      assert.include((yield* Effect.flip(build({ url: at("/99") }))).message, "DB index is out of range")
      const late = Redis.layer({ url: at("/99"), lazyConnect: true })
      const failure = yield* Effect.flip(Effect.provide(getA, late))
      assert.strictEqual(failure._tag, "StoreUnavailableError")
      assert.include(failure.message, "DB index is out of range")
    })
  )

  it.live("is closed with the layer", () =>
    Effect.gen(function* () {
      const name = "closed-with-the-layer"
      const clients = Effect.map(command(server().port, "client", "list"), (list) => String(list).includes(name))
      const layer = Redis.layer({ url: server().url, options: { connectionName: name } })
      assert.isTrue(yield* Effect.provide(Effect.andThen(getA, clients), layer))
      yield* eventually(clients, (isOpen) => !isOpen)
    })
  )

  it.live("is opened by the first operation when it is lazy", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const nobody = Redis.layer({ url: `redis://127.0.0.1:${port}`, lazyConnect: true })
      const failure = yield* Effect.flip(Effect.provide(getA, nobody)).pipe(Effect.timeout("2 seconds"))
      assert.strictEqual(failure._tag, "StoreUnavailableError")
      assert.include(failure.message, "ECONNREFUSED")
      const all = Effect.all([getA, getA, getA], { concurrency: 3 })
      assert.deepStrictEqual(
        yield* Effect.provide(all, Redis.layer({ url: server().url, prefix: uniquePrefix(), lazyConnect: true })),
        [undefined, undefined, undefined]
      )
    })
  )

  it.live("is dropped when the server does not reply, and opened again", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("a", 1)
      yield* command(server().port, "client", "pause", "600", "ALL")
      const errors = yield* Effect.all([Effect.flip(kv.get("a")), Effect.flip(kv.put("a", 2))], {
        concurrency: 2
      }).pipe(Effect.timeout("500 millis"))
      assert.deepStrictEqual(
        errors.map((error) => [error._tag, "outcome" in error && error.outcome]),
        [
          ["StoreUnavailableError", undefined],
          ["StoreUnavailableError", "unknown"]
        ]
      )
      for (const error of errors) assert.include(error.message, "no reply within 200 ms")
      yield* eventually(Effect.result(kv.get("a")), (result) => result._tag === "Success")
    }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix: uniquePrefix(), responseTimeout: "200 millis" })))
  )

  it.live("fails calls at once when the server is gone, and works again when it is back", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.put("a", 1)
      // Writes that come next are sent and not answered.
      yield* command(server().port, "client", "pause", "5000", "WRITE")
      const underWay = yield* Effect.forkChild(
        Effect.flip(
          kv.putMany([
            ["a", 2],
            ["b", 2]
          ])
        )
      )
      yield* eventually(command(server().port, "client", "list"), (list) => /flags=\w*b/.test(String(list)))
      yield* server().kill
      const lost = yield* Fiber.join(underWay).pipe(Effect.timeout("1 second"))
      assert.strictEqual(lost._tag, "StoreUnavailableError")
      assert.strictEqual(lost.outcome, "unknown")
      assert.match(lost.message, /the connection was lost before the reply arrived(: read ECONNRESET)?\)/)
      yield* eventually(Effect.flip(kv.put("a", 3)), (error) => error.message.includes("ECONNREFUSED"))
      const refused = yield* Effect.all([
        Effect.flip(kv.put("a", 3)),
        Effect.flip(
          kv.putMany([
            ["a", 1],
            ["b", 2]
          ])
        )
      ]).pipe(Effect.timeout("50 millis"))
      for (const error of refused) {
        assert.strictEqual(error._tag, "StoreUnavailableError")
        assert.strictEqual(error.outcome, "not-applied")
        assert.isTrue(error.retryable)
      }
      yield* server().start
      yield* eventually(Effect.result(kv.put("a", 4)), (result) => result._tag === "Success")
      assert.strictEqual(yield* kv.get("a"), 4)
    }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix: uniquePrefix() })))
  )

  it.live("stays usable when a call is interrupted", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* command(server().port, "client", "pause", "200", "ALL")
      const fiber = yield* Effect.forkChild(kv.put("a", 1), { startImmediately: true })
      yield* Fiber.interrupt(fiber).pipe(Effect.timeout("100 millis"))
      assert.isTrue(yield* kv.put("b", 2).pipe(Effect.as(true)))
    }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix: uniquePrefix() })))
  )

  it.live("fails with StoreError when the server refuses a write", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* command(server().port, "config", "set", "maxmemory", "1")
      const error = yield* Effect.flip(kv.put("a", "hunter2"))
      assert.deepStrictEqual([error._tag, "outcome" in error && error.outcome], ["StoreError", "not-applied"])
      assert.notInclude(inspect(error, { depth: 10 }), "hunter2")
      const batch = yield* Effect.flip(
        kv.putMany([
          ["a", 1],
          ["b", 2]
        ])
      )
      assert.deepStrictEqual([batch._tag, "outcome" in batch && batch.outcome], ["StoreError", "not-applied"])
      yield* command(server().port, "config", "set", "maxmemory", "0")
    }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix: uniquePrefix() })))
  )
})

describeWithSentinel("Redis by Sentinel", (running) => {
  it.live("connects to the master", () =>
    Effect.gen(function* () {
      const { master, port } = running()
      const options = { sentinels: [{ host: "127.0.0.1", port }], name: "mymaster" }
      const prefix = uniquePrefix()
      yield* KeyValue.KeyValue.use((kv) => kv.put("a", 1)).pipe(Effect.provide(Redis.layer({ options, prefix })))
      assert.strictEqual(yield* command(master.port, "exists", `${prefix}default_collection::a`), 1)
    })
  )
})

describeWithCluster("a cluster that changes", (nodes) => {
  it.live("follows moved slots in batches", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const [first, second, third] = nodes()
      const ids = yield* Effect.forEach(nodes(), ({ port }) => command(port, "cluster", "myid"))
      const entries = Array.from({ length: 2000 }, (_, i) => [`k${i}`, i] as const)
      // Empty slots can be reassigned without migrating keys.
      for (let slot = 0; slot < 200; slot++) {
        for (const { port } of [second, first, third]) {
          yield* command(port, "cluster", "setslot", String(slot), "node", String(ids[1]))
        }
      }
      yield* kv.putMany(entries)
      assert.deepStrictEqual(
        yield* kv.getMany(entries.map(([key]) => key)),
        entries.map(([, value]) => value)
      )
      yield* kv.deleteMany(entries.map(([key]) => key))
    }).pipe(
      Effect.provide(
        Redis.layer({
          cluster: { nodes: nodes().map(({ port }) => ({ host: "127.0.0.1", port })) },
          prefix: uniquePrefix()
        })
      )
    )
  )

  it.live("fails calls for the keys of a lost node", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const keys = Array.from({ length: 100 }, (_, i) => `k${i}`)
      yield* kv.putMany(keys.map((key) => [key, 1] as const))
      yield* nodes()[2]!.kill
      const results = yield* Effect.forEach(keys, (key) => Effect.result(kv.get(key)), { concurrency: 10 }).pipe(
        Effect.timeout("5 seconds")
      )
      const failures = results.flatMap((result) => (result._tag === "Failure" ? [result.failure] : []))
      assert.isAbove(failures.length, 0)
      for (const failure of failures) assert.strictEqual(failure._tag, "StoreUnavailableError")
      const batch = yield* Effect.flip(kv.putMany(keys.map((key) => [key, 2] as const))).pipe(
        Effect.timeout("5 seconds")
      )
      assert.strictEqual(batch._tag, "StoreUnavailableError")
    }).pipe(
      Effect.provide(
        Redis.layer({
          cluster: { nodes: nodes().map(({ port }) => ({ host: "127.0.0.1", port })) },
          prefix: uniquePrefix()
        })
      )
    )
  )
})
