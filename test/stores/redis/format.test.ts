/** The format of entries in Redis, and py-key-value's. */
import { assert, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import * as Atomic from "../../../src/Atomic.ts"
import * as boundary from "../../../src/driver/boundary.ts"
import * as Calls from "../../../src/driver/Calls.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { type Json, Payload } from "../../../src/Value.ts"
import * as Aead from "../../../src/wrappers/Aead.ts"
import * as Compression from "../../../src/wrappers/Compression.ts"
import * as FernetEncryption from "../../../src/wrappers/FernetEncryption.ts"
import { describeWithRedis } from "../../servers/redis.ts"
import { buildError } from "../../support/faults.ts"
import { pyKeyValue } from "../../vectors/pyKeyValue.ts"
import { connect, uniquePrefix } from "./support.ts"

describeWithRedis("stored entries", (server) => {
  const open = Effect.gen(function* () {
    const prefix = uniquePrefix()
    const client = yield* connect(server().url)
    return { prefix, client, layer: Redis.layer({ url: server().url, prefix }) }
  })

  it.effect("are py-key-value's documents with a TTL in milliseconds", () =>
    Effect.gen(function* () {
      const { prefix, client, layer } = yield* open
      yield* TestClock.setTime(Date.parse("2099-01-01T00:00:00Z"))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("a", { b: 1 }, { collection: "users" })
        yield* kv.put("b", "x", { collection: "users", ttl: 10_500 })
        yield* kv.putMany(
          [
            ["c", 1],
            ["d", 2]
          ],
          { collection: "users", ttl: "10 seconds" }
        )
        yield* kv.put("e", Uint8Array.of(0, 255), { collection: "a:b" })
      }).pipe(Effect.provide(layer))
      assert.strictEqual(
        yield* Effect.promise(() => client.get(`${prefix}users::a`)),
        '{"collection":"users","created_at":"2099-01-01T00:00:00+00:00","key":"a","value":{"b":1},"version":1}'
      )
      assert.strictEqual(
        yield* Effect.promise(() => client.get(`${prefix}users::b`)),
        '{"collection":"users","created_at":"2099-01-01T00:00:00+00:00",' +
          '"expires_at":"2099-01-01T00:00:10.500000+00:00","key":"b","value":"x","version":2}'
      )
      for (const [name, least, most] of [
        ["a", -1, -1],
        ["b", 10_001, 10_500],
        ["c", 9_001, 10_000],
        ["d", 9_001, 10_000]
      ] as const) {
        const pttl = yield* Effect.promise(() => client.pttl(`${prefix}users::${name}`))
        assert.isTrue(pttl >= least && pttl <= most, `${name}: ${pttl}`)
      }
      const bytes = yield* Effect.promise(() => client.getBuffer(`${prefix}a%3Ab::e`))
      assert.deepStrictEqual([...bytes!.subarray(0, 3)], [0xeb, 0x4b, 0x56])
      assert.deepStrictEqual([...bytes!.subarray(-2)], [0, 255])
    })
  )

  it.effect("live for at least a millisecond, and never longer than their TTL", () =>
    Effect.gen(function* () {
      const { prefix, client, layer } = yield* open
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const place = { operation: "put", collection: "c", keys: ["late"] } as const
        const [entry] = yield* boundary.encode(kv.driver, place, [1], "1 second")
        yield* TestClock.adjust("999.4 millis")
        yield* kv.driver.put(Calls.put(place, [entry!]))
        yield* TestClock.adjust("1 minute")
        yield* kv.driver.put(Calls.put(place, [entry!]))
      }).pipe(Effect.provide(layer))
      const left = yield* Effect.promise(() => client.pttl(`${prefix}c::late`))
      assert.isTrue(left === -2 || left === 0 || left === 1, String(left))
    })
  )

  it.effect("expire by the server's TTL where they have one", () =>
    Effect.gen(function* () {
      const { prefix, client, layer } = yield* open
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const past = '"version":2,"created_at":"1960-01-01T00:00:00+00:00","expires_at":"1960-01-01T00:01:00+00:00"'
        const future = '"version":2,"expires_at":"2099-01-01T00:00:00+00:00"'
        yield* Effect.promise(() =>
          client
            .pipeline()
            .set(`${prefix}c::skewed`, `{"value":1,${past}}`, "PX", 60_000)
            .set(`${prefix}c::stale`, `{"value":2,${past}}`)
            .set(`${prefix}c::loaded`, `{"value":3,${future}}`)
            .set(`${prefix}c::shorter`, `{"value":4,${future}}`, "PX", 60_000)
            .set(`${prefix}c::eternal`, '{"value":5,"version":2}')
            .exec()
        )
        const keys = ["stale", "skewed", "loaded", "missing", "shorter", "eternal", "skewed"]
        const at = { collection: "c" }
        assert.deepStrictEqual(yield* kv.getMany(keys, at), [undefined, 1, 3, undefined, 4, 5, 1])
        for (const [key, value] of [
          ["skewed", 1],
          ["stale", undefined],
          ["shorter", 4]
        ] as const) {
          assert.deepStrictEqual(yield* kv.get(key, at), value)
        }
        const ttls = (yield* kv.ttlMany(keys, at)).map(
          (found) => found?.ttl && Math.round(Duration.toSeconds(found.ttl))
        )
        const until2099 = Date.parse("2099-01-01T00:00:00Z") / 1000
        assert.deepStrictEqual(ttls, [undefined, 60, until2099, undefined, 60, undefined, 60])

        const atomic = yield* Atomic.Atomic
        assert.isFalse(yield* atomic.putIfAbsent("skewed", 0, at))
        assert.isTrue(yield* atomic.putIfAbsent("stale", 6, at))
        assert.strictEqual(yield* kv.get("stale", at), 6)
        assert.isFalse(yield* atomic.putIfAbsent("stale", 7, at))
        yield* atomic.update("shorter", () => 8, at)
        const left = yield* Effect.promise(() => client.pttl(`${prefix}c::shorter`))
        assert.isTrue(left > 50_000 && left <= 60_000, String(left))
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("fail with an error that names the key when they are not valid", () =>
    Effect.gen(function* () {
      const { prefix, client, layer } = yield* open
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("good", 1)
        yield* Effect.promise(() => client.set(`${prefix}default_collection::bad`, "?"))
        yield* Effect.promise(() => client.lpush(`${prefix}default_collection::list`, "?"))
        const one = yield* Effect.flip(kv.get("bad"))
        assert.deepStrictEqual([one._tag, one.keys], ["DeserializationError", ["bad"]])
        const many = yield* Effect.flip(kv.getMany(["good", "bad"]))
        assert.deepStrictEqual([many._tag, many.keys], ["DeserializationError", ["bad"]])
        const list = yield* Effect.flip(kv.get("list"))
        assert.deepStrictEqual([list._tag, list.retryable], ["StoreError", false])
        const batch = yield* Effect.flip(Effect.flatMap(Atomic.Atomic, (atomic) => atomic.update("list", () => 1)))
        assert.strictEqual(batch._tag, "StoreError")
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("are exactly what py-key-value writes when the format is py-key-value", () =>
    Effect.gen(function* () {
      const { prefix, client } = yield* open
      yield* TestClock.setTime(Date.parse("2099-01-01T00:00:00Z"))
      const value = { b: 1, a: "é", "～": [1e22, 1e-7], "😀": { z: null, y: true } }
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("ключ", value, { collection: "users", ttl: "10 seconds" })
        assert.deepStrictEqual(yield* kv.get("ключ", { collection: "users" }), value)
      }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix, format: "py-key-value" })))
      assert.strictEqual(
        yield* Effect.promise(() => client.get(`${prefix}users::ключ`)),
        '{"collection": "users", "created_at": "2099-01-01T00:00:00+00:00", "expires_at": "2099-01-01T00:00:10+00:00", ' +
          '"key": "\\u043a\\u043b\\u044e\\u0447", "value": {"a": "\\u00e9", "b": 1, "\\uff5e": [1e+22, 1e-07], ' +
          '"\\ud83d\\ude00": {"y": true, "z": null}}, "version": 1}'
      )
    })
  )

  it.effect("keep large integers exact through every codec when integers is bigint", () =>
    Effect.gen(function* () {
      const { prefix } = yield* open
      const base = Redis.layer({ url: server().url, prefix, integers: "bigint" })
      const keys = [Redacted.make("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")] as const
      const value = { id: 9007199254740993n, list: [-(2n ** 70n), 5, 1e18, 0.5] } as unknown as Json
      for (const envelope of ["json", "binary"] as const) {
        for (const layer of [
          base,
          base.pipe(Compression.wrap({ minSize: 0, envelope })),
          base.pipe(FernetEncryption.wrap({ keys, envelope })),
          base.pipe(Aead.wrap({ keys: [{ id: "1", key: keys[0] }] }), Compression.wrap({ minSize: 0, envelope }))
        ]) {
          yield* Effect.gen(function* () {
            const kv = yield* KeyValue.KeyValue
            yield* kv.putMany([["k", value]])
            assert.deepStrictEqual(yield* kv.get("k"), value)
            assert.deepStrictEqual((yield* kv.ttl("k"))?.value, value)
            yield* kv.delete("k")
            assert.deepStrictEqual(yield* kv.getOrSet("k", Effect.succeed(value)), value)
            const atomic = yield* Atomic.Atomic
            assert.deepStrictEqual(yield* atomic.update("k", (it) => [it, it] as Json), [value, value])
            assert.deepStrictEqual(yield* kv.get("k"), [value, value])
          }).pipe(Effect.provide(layer))
        }
      }
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        assert.strictEqual((yield* Effect.flip(kv.put("k", value)))._tag, "SerializationError")
      }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix })))
    })
  )

  it.effect("cannot have an unknown format, which fails with StoreSetupError", () =>
    Effect.gen(function* () {
      const { url } = server()
      for (const options of [{ format: "yaml" as "compact" }, { integers: "float" as "number" }]) {
        assert.strictEqual((yield* buildError(Redis.layer({ url, ...options })))._tag, "StoreSetupError")
      }
    })
  )

  it.effect("are read as py-key-value wrote them", () =>
    Effect.gen(function* () {
      const { client } = yield* open
      const space = uniquePrefix()
      const plain = pyKeyValue.vectors.filter(({ stack }) => stack.length === 1)
      assert.isAbove(plain.length, 30)
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        for (const { id, stack, collection, key, redis, value_json } of plain) {
          const name = Buffer.concat([Buffer.from(space), Buffer.from(redis.key_base64, "base64")])
          yield* Effect.promise(() => client.set(name, Buffer.from(redis.value_base64, "base64"), "PX", 60_000))
          const found = yield* Effect.result(
            kv.get(key, { collection: collection ?? stack[0]?.default_collection ?? undefined })
          )
          assert.deepStrictEqual(found, Result.succeed(Result.getOrThrow(Payload.parse(value_json)).value), id)
        }
      }).pipe(Effect.provide(Redis.layer({ url: server().url, options: { keyPrefix: space }, names: "py-key-value" })))
    })
  )
})
