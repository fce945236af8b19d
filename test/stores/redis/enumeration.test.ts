/** Listing and clearing in Redis: foreign keys, names with special characters, pages, and Cluster. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Cluster } from "ioredis"
import * as Atomic from "../../../src/Atomic.ts"
import * as Calls from "../../../src/driver/Calls.ts"
import * as Enumeration from "../../../src/Enumeration.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import type { Place } from "../../../src/KeyValueError.ts"
import * as Maintenance from "../../../src/Maintenance.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { describeWithCluster, describeWithRedis } from "../../servers/redis.ts"
import { connect, uniquePrefix } from "./support.ts"

const keysOf = (options?: Parameters<Enumeration.Service["keys"]>[0]) =>
  Effect.flatMap(Enumeration.Enumeration, (enumeration) => Stream.runCollect(enumeration.keys(options))).pipe(
    Effect.map((keys) => [...keys].sort())
  )

const collections = (options?: Enumeration.Options) =>
  Effect.flatMap(Enumeration.Enumeration, (enumeration) => Stream.runCollect(enumeration.collections(options))).pipe(
    Effect.map((names) => [...names].sort())
  )

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `k${String(i).padStart(4, "0")}`)

describeWithRedis("listing and clearing", (server) => {
  it.effect("finds 50 keys among 5,000 of other programs, and leaves those", () =>
    Effect.gen(function* () {
      const prefix = uniquePrefix()
      const client = yield* connect(server().url)
      const foreign = numbered(5000).map((key) => `other-${prefix}c::${key}`)
      yield* Effect.promise(() => client.mset(...foreign.flatMap((name) => [name, "x"])))
      yield* Effect.promise(() =>
        client
          .pipeline()
          .set(`${prefix}no separator`, "x")
          .set(`${prefix}a:b::nested`, "x")
          .set(Buffer.concat([Buffer.from(`${prefix}c::`), Buffer.of(0xff)]), "x")
          .lpush(`${prefix}c::list`, "x")
          .exec()
      )
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const keys = numbered(50)
        yield* kv.putMany(
          keys.map((key) => [key, key]),
          { collection: "c" }
        )
        yield* kv.put("é\u{1f600}", 1, { collection: "日本" })
        assert.deepStrictEqual(yield* keysOf({ collection: "c" }), keys)
        assert.deepStrictEqual(yield* keysOf({ collection: "c", pageSize: 1 }), keys)
        assert.strictEqual((yield* keysOf({ collection: "c", limit: 7 })).length, 7)
        assert.deepStrictEqual(yield* keysOf({ collection: "日本" }), ["é\u{1f600}"])
        yield* kv.put("\uFFFD", 1, { collection: "日本" })
        assert.deepStrictEqual((yield* keysOf({ collection: "日本" })).toSorted(), ["é\u{1f600}", "\uFFFD"].toSorted())
        yield* kv.delete("\uFFFD", { collection: "日本" })
        assert.deepStrictEqual(yield* collections(), ["c", "日本"])
        const { clear, clearCollection } = yield* Maintenance.Maintenance
        assert.strictEqual(yield* clearCollection({ collection: "日本" }), 1)
        assert.strictEqual(yield* clear, 50)
        assert.deepStrictEqual(yield* collections(), [])
      }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix })))
      assert.strictEqual(yield* Effect.promise(() => client.exists(...foreign)), foreign.length)
      const rest = yield* Effect.promise(() => client.keys(`${prefix}*`))
      assert.strictEqual(rest.length, 4)
      yield* Effect.promise(() => client.unlink(...foreign))
    })
  )

  it.effect("leaves the outcome unknown when a page after the first one fails", () =>
    Effect.gen(function* () {
      const prefix = uniquePrefix()
      const place: Place = { operation: "clear", collection: "c", keys: [] }
      const { driver, next } = yield* Effect.scoped(
        Effect.gen(function* () {
          const driver = yield* Redis.make({ url: server().url, prefix })
          const client = yield* connect(server().url)
          yield* Effect.promise(() => client.mset(...numbered(5000).flatMap((key) => [`${prefix}c::${key}`, "x"])))
          const { next } = yield* driver.maintenance.clear(Calls.clear(place))
          yield* Effect.promise(() => client.unlink(...numbered(5000).map((key) => `${prefix}c::${key}`)))
          return { driver, next }
        })
      )
      assert.isDefined(next)
      for (const [cursor, outcome] of [
        [undefined, "not-applied"],
        [next, "unknown"]
      ] as const) {
        const error = yield* Effect.flip(driver.maintenance.clear(Calls.clear(place, { cursor })))
        assert.strictEqual(error.outcome, outcome)
      }
    })
  )

  it.effect("does not treat names as patterns", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const { clearCollection } = yield* Maintenance.Maintenance
      const names = ["t[1]", "t1", "t*", "t?", "tx", "t\\x", "*", "[a-z]", "t:1", "t%3A1"]
      for (const collection of names) yield* kv.put("k", collection, { collection })
      yield* kv.put("*", 1, { collection: "keys" })
      yield* kv.put("x", 1, { collection: "keys" })
      assert.deepStrictEqual(yield* keysOf({ collection: "keys", prefix: "*" }), ["*"])
      assert.deepStrictEqual(yield* collections({ prefix: "t[" }), ["t[1]"])
      assert.deepStrictEqual(yield* collections({ prefix: "t:" }), ["t:1"])
      assert.deepStrictEqual(yield* collections(), [...names, "keys"].sort())
      for (const collection of names) assert.deepStrictEqual(yield* keysOf({ collection }), ["k"])
      for (const collection of ["*", "t*", "t?", "[a-z]"]) assert.strictEqual(yield* clearCollection({ collection }), 1)
      assert.strictEqual((yield* collections()).length, names.length - 3)
    }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix: `${uniquePrefix()}a*[b]:` })))
  )

  it.effect("lists each of 6,000 collections once", () =>
    Effect.gen(function* () {
      const prefix = uniquePrefix()
      const client = yield* connect(server().url)
      const names = numbered(6000)
      const entries = ["a", "b"].flatMap((key) => names.flatMap((name) => [`${prefix}${name}::${key}`, "{}"]))
      yield* Effect.promise(() => client.mset(...entries))
      const listed = yield* Effect.provide(collections(), Redis.layer({ url: server().url, prefix }))
      assert.deepStrictEqual(listed, names)
    })
  )

  it.effect("returns the same page for the same cursor", () =>
    Effect.gen(function* () {
      const { driver, putMany } = yield* KeyValue.KeyValue
      const keys = numbered(3000)
      yield* putMany(keys.map((key) => [key, 1]))
      const place = { operation: "keys", collection: "default_collection", keys: [] } as const
      const page = (cursor: unknown) => driver.listing!.keys(Calls.keys(place, { cursor }))
      const found: Array<string> = []
      let cursor: unknown
      do {
        const first = yield* page(cursor)
        const again = yield* page(cursor)
        assert.deepStrictEqual(again.names, first.names)
        found.push(...again.names)
        cursor = again.next
      } while (cursor !== undefined)
      assert.deepStrictEqual(found.sort(), keys)
    }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix: uniquePrefix() })))
  )

  it.effect("lists no name twice while the server resizes its table", () =>
    Effect.gen(function* () {
      const { driver, putMany, deleteMany } = yield* KeyValue.KeyValue
      const stay = numbered(2000)
      const go = numbered(9000).map((key) => `go-${key}`)
      yield* putMany([...stay, ...go].map((key) => [key, 1]))
      const place = { operation: "keys", collection: "default_collection", keys: [] } as const
      const found: Array<string> = []
      let cursor: unknown
      let pages = 0
      do {
        const page = yield* driver.listing!.keys(Calls.keys(place, { prefix: "k", cursor }))
        found.push(...page.names)
        cursor = page.next
        if (++pages === 3) yield* deleteMany(go)
      } while (cursor !== undefined)
      assert.isAbove(pages, 3)
      assert.deepStrictEqual(found.sort(), stay)
    }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix: uniquePrefix() })))
  )
})

describeWithCluster("a cluster", (nodes) => {
  const layer = (prefix = uniquePrefix()) =>
    Redis.layer({ cluster: { nodes: nodes().map(({ port }) => ({ host: "127.0.0.1", port })) }, prefix })

  it.effect("handles batches across all nodes, in order and with duplicate keys", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const keys = numbered(500)
      yield* kv.putMany([...keys.map((key) => [key, 0] as const), ...keys.map((key) => [key, { key }] as const)])
      const asked = [...keys].reverse().concat("missing", keys[0]!, keys[0]!)
      const expected = asked.map((key) => (key === "missing" ? undefined : { key }))
      assert.deepStrictEqual(yield* kv.getMany(asked), expected)
      assert.deepStrictEqual(
        (yield* kv.ttlMany(asked)).map((found) => found?.value),
        expected
      )
      assert.deepStrictEqual(yield* keysOf(), keys)
      assert.deepStrictEqual(yield* collections(), ["default_collection"])
      assert.strictEqual(yield* kv.deleteMany([...keys.slice(0, 100), "missing", keys[0]!]), 100)
      assert.strictEqual(yield* Effect.flatMap(Maintenance.Maintenance, ({ clear }) => clear), 400)
    }).pipe(Effect.provide(layer()))
  )

  it.effect("handles concurrent operations right after the connection was opened", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* Effect.forEach(numbered(200), (key) => kv.put(key, key), { concurrency: "unbounded", discard: true })
      const found = yield* Effect.forEach(numbered(200), (key) => kv.get(key), { concurrency: "unbounded" })
      assert.deepStrictEqual(found, numbered(200))
    }).pipe(Effect.provide(layer()))
  )

  for (const [what, own] of [
    ["that has a key prefix", { keyPrefix: "client*:" }],
    ["that pipelines automatically", { enableAutoPipelining: true }]
  ] as const) {
    it.effect(`works with a given client ${what}`, () =>
      Effect.gen(function* () {
        const client = yield* Effect.acquireRelease(
          Effect.sync(() => new Cluster([{ host: "127.0.0.1", port: nodes()[0].port }], own)),
          (client) => Effect.promise(() => client.quit())
        )
        yield* Effect.gen(function* () {
          const kv = yield* KeyValue.KeyValue
          const keys = numbered(50)
          yield* kv.putMany(keys.map((key) => [key, key]))
          assert.deepStrictEqual(yield* kv.getMany(keys), keys)
          assert.strictEqual(yield* Effect.flatMap(Atomic.Atomic, ({ update }) => update(keys[0]!, () => 1)), 1)
          assert.deepStrictEqual(yield* keysOf(), keys)
          assert.strictEqual(yield* Effect.flatMap(Maintenance.Maintenance, ({ clear }) => clear), 50)
        }).pipe(Effect.provide(Redis.layer({ client, prefix: uniquePrefix() })))
        assert.strictEqual(client.status, "ready")
      })
    )
  }
})
