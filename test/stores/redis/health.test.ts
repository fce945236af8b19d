/** How a Redis store tells that its connection is lost and restored, and how it starts while its server is down. */
import { type AddressInfo, createServer, type Server } from "node:net"
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, Stream } from "effect"
import { Health, KeyValue } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import { Redis as Client } from "ioredis"
import { logged } from "../../health/support.ts"
import { freePort } from "../../servers/process.ts"
import { cluster, command, describeRedis, server } from "../../servers/redis.ts"
import { eventually } from "./support.ts"

const statusOf = (context: Context.Context<Health.Health>) =>
  Effect.map(Context.get(context, Health.Health).snapshot, ({ status }) => status)

const open = (options: Redis.Options) => Layer.build(Redis.layer(options))

describeRedis("Redis and Health", () => {
  it.live("logs once that the connection is lost and restored, and streams both", () =>
    Effect.gen(function* () {
      const { url, kill, start } = yield* server()
      const seen: Array<Health.Status> = []
      const lines = yield* logged(() =>
        Effect.gen(function* () {
          const context = yield* open({ url, store: "sessions" })
          const { changes } = Context.get(context, Health.Health)
          yield* Effect.forkChild(Stream.runForEach(changes, ({ status }) => Effect.sync(() => seen.push(status))))
          assert.strictEqual(yield* statusOf(context), "up")
          yield* kill
          yield* eventually(statusOf(context), (status) => status === "down")
          yield* Effect.sleep("500 millis")
          yield* start
          yield* eventually(statusOf(context), (status) => status === "up")
          yield* Effect.sleep("20 millis")
        }).pipe(Effect.scoped)
      )
      assert.deepStrictEqual(seen, ["up", "down", "up"])
      assert.lengthOf(lines, 2, lines.join("\n"))
      assert.match(
        lines[0]!,
        /^Error Redis "sessions" is down\. The connection is lost( \(.+\))?\. Operations fail until it is restored\.$/
      )
      assert.match(lines[1]!, /^Info Redis "sessions" is up again after \d+ ms\. The connection is restored\.$/)
    })
  )

  it.live("is built while the server is down with startup: degraded, and connects later", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const url = `redis://127.0.0.1:${port}`
      const context = yield* open({ url, startup: "degraded" })
      const kv = Context.get(context, KeyValue.KeyValue)
      const { status, reason } = yield* Context.get(context, Health.Health).snapshot
      assert.strictEqual(status, "down")
      const cannot = `Cannot connect (connect ECONNREFUSED 127.0.0.1:${port}). Operations fail until there is a connection.`
      assert.strictEqual(reason, cannot)
      assert.strictEqual((yield* Effect.flip(kv.get("a")))._tag, "StoreUnavailableError")
      yield* server([], port)
      yield* eventually(statusOf(context), (status) => status === "up")
      yield* kv.put("a", 1)
      assert.strictEqual(yield* kv.get("a"), 1)
    })
  )

  it.live("reports at its first operation that it cannot connect with startup: lazy", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const lines = yield* logged(() =>
        Effect.gen(function* () {
          const context = yield* open({ url: `redis://127.0.0.1:${port}`, startup: "lazy" })
          assert.strictEqual(yield* statusOf(context), "up")
          yield* Effect.flip(Context.get(context, KeyValue.KeyValue).get("a"))
          assert.strictEqual(yield* statusOf(context), "down")
          yield* server([], port)
          yield* eventually(statusOf(context), (status) => status === "up")
        }).pipe(Effect.scoped)
      )
      assert.include(lines[0], `Redis is down. Cannot connect (connect ECONNREFUSED 127.0.0.1:${port}).`)
      assert.match(lines[1]!, /^Info Redis is up again after \d+ ms\. The connection is established\.$/)
    })
  )

  it.live("is down when the first operation finds a server that does not answer with startup: lazy", () =>
    Effect.gen(function* () {
      const silent = yield* Effect.acquireRelease(
        Effect.callback<Server>((resume) => {
          const server = createServer((socket) => void socket.on("error", () => {}))
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close())
      )
      const { port } = silent.address() as AddressInfo
      const url = `redis://127.0.0.1:${port}`
      const context = yield* open({ url, startup: "lazy", connectTimeout: "200 millis" })
      const failure = yield* Effect.flip(Context.get(context, KeyValue.KeyValue).get("a"))
      assert.include(failure.message, "no connection within 200 ms")
      const { status, reason } = yield* Context.get(context, Health.Health).snapshot
      assert.strictEqual(status, "down")
      assert.strictEqual(
        reason,
        "Cannot connect (no connection within 200 ms). Operations fail until there is a connection."
      )
    })
  )

  it.live("fails to build while the server is down with startup: fail, and when a password is refused", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const error = yield* Effect.flip(open({ url: `redis://127.0.0.1:${port}`, startup: "fail" }))
      assert.strictEqual(error._tag, "StoreSetupError")
      const { url, port: own } = yield* server()
      yield* command(own, "config", "set", "requirepass", "right")
      const password = Redacted.make("wrong")
      const refused = yield* Effect.flip(open({ url, password, startup: "degraded" }))
      assert.include(refused.message, "WRONGPASS")
      const both = yield* Effect.flip(open({ url, lazyConnect: true, startup: "degraded" }))
      assert.include(both.message, "lazyConnect cannot be combined")
    })
  )

  it.live("is down when the server begins to refuse the password", () =>
    Effect.gen(function* () {
      const { url, port } = yield* server()
      const context = yield* open({ url })
      yield* command(port, "config", "set", "requirepass", "right")
      yield* Effect.ignore(command(port, "client", "kill", "type", "normal"))
      yield* Effect.tryPromise(() => {
        const client = new Client({ port, password: "right", lazyConnect: true })
        return client
          .connect()
          .then(() => client.call("client", "kill", "type", "normal", "skipme", "yes"))
          .finally(() => client.disconnect())
      })
      yield* eventually(statusOf(context), (status) => status === "down")
    })
  )

  it.live("watches a client of the application, and leaves no listener on it", () =>
    Effect.gen(function* () {
      const { url, kill } = yield* server()
      const client = new Client(url, { retryStrategy: () => 50 })
      client.on("error", () => {})
      yield* Effect.addFinalizer(() => Effect.sync(() => client.disconnect()))
      yield* Effect.promise(() => client.ping())
      const listeners = () => ["ready", "close", "end"].map((event) => client.listenerCount(event))
      const before = listeners()
      yield* Effect.gen(function* () {
        const context = yield* open({ client })
        assert.strictEqual(yield* statusOf(context), "up")
        yield* kill
        yield* eventually(statusOf(context), (status) => status === "down")
      }).pipe(Effect.scoped)
      assert.deepStrictEqual(listeners(), before)
    })
  )
})

describeRedis("a Redis cluster and Health", () => {
  it.live("is degraded while a master is lost, down while all are, and up again", () =>
    Effect.gen(function* () {
      const nodes = yield* cluster
      const options = { cluster: { nodes: nodes.map(({ port }) => ({ host: "127.0.0.1", port })) } }
      const context = yield* open(options)
      assert.strictEqual(yield* statusOf(context), "up")
      yield* nodes[0].kill
      yield* eventually(statusOf(context), (status) => status === "degraded")
      yield* nodes[0].start
      const { get } = Context.get(context, KeyValue.KeyValue)
      const keys = Array.from({ length: 30 }, (_, i) => Effect.ignore(get(`${i}`)))
      yield* eventually(Effect.andThen(Effect.all(keys), statusOf(context)), (status) => status === "up")
      yield* nodes[0].kill
      yield* Effect.all([nodes[1].kill, nodes[2].kill])
      yield* eventually(statusOf(context), (status) => status === "down")
    })
  )

  it.live("is built while all nodes are down with startup: degraded", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const nodes = [{ host: "127.0.0.1", port }]
      const context = yield* open({ cluster: { nodes }, startup: "degraded", connectTimeout: "1 second" })
      assert.strictEqual(yield* statusOf(context), "down")
      yield* server(
        ["--cluster-enabled", "yes", "--cluster-config-file", "own", "--cluster-announce-ip", "127.0.0.1"],
        port
      )
      yield* command(port, "cluster", "addslotsrange", "0", "16383")
      yield* eventually(statusOf(context), (status) => status === "up")
    })
  )
})
