/** Expiry in Redis: by the server's TTL, and by the time in the entry when the server has no TTL. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { Cluster } from "ioredis"
import * as Atomic from "../../../src/Atomic.ts"
import * as Calls from "../../../src/driver/Calls.ts"
import { Enumeration } from "../../../src/Enumeration.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import { Maintenance } from "../../../src/Maintenance.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { withTime } from "../../../src/stores/redis/entries.ts"
import { Payload } from "../../../src/Value.ts"
import * as Aead from "../../../src/wrappers/Aead.ts"
import { command, describeWithCluster, describeWithOwnRedis, describeWithRedis } from "../../servers/redis.ts"
import { connect, uniquePrefix } from "./support.ts"

const key = Redacted.make("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")

const encrypted = Aead.wrap({ keys: [{ id: "1", key }] })

const increment = Effect.flatMap(Atomic.Atomic, (atomic) => atomic.update("n", (n) => Number(n) + 1))

describe("expiry of a read entry", () => {
  const entry = { payload: Payload.json(1), createdAt: undefined, expiresAt: 10_000 }

  it("is the time in the entry when the server's TTL agrees with it, and the server's otherwise", () => {
    const at = (pttl: number, before: number, after: number) => withTime(entry, pttl, { before, after })?.expiresAt
    assert.strictEqual(at(4000, 5990, 6020), 10_000)
    assert.strictEqual(at(4000, 6000, 6000), 10_000)
    assert.strictEqual(at(3999, 6000, 6000), 10_000)
    assert.strictEqual(at(3998, 6000, 6000), 9998)
    assert.strictEqual(at(4001, 6000, 6000), 10_001)
    assert.strictEqual(at(-1, 6000, 6000), 10_000)
    assert.strictEqual(at(-1, 10_000, 10_000), undefined)
    assert.strictEqual(at(-2, 6000, 6000), undefined)
  })
})

describeWithRedis("the expiry of an entry", (server) => {
  const expiryOf = (client: { readonly call: (...args: [string, string]) => Promise<unknown> }, name: string) =>
    Effect.promise(() => client.call("pexpiretime", `${name}default_collection::n`))

  for (const [what, wrap] of [
    ["", (store: ReturnType<typeof Redis.layer>) => store],
    [" under Aead", (store: ReturnType<typeof Redis.layer>) => store.pipe(encrypted)]
  ] as const) {
    it.live(`is the same to the millisecond after 300 updates${what}`, () => {
      const prefix = uniquePrefix()
      return Effect.gen(function* () {
        const client = yield* connect(server().url)
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("n", 0, { ttl: "1 minute" })
        const expiry = yield* expiryOf(client, prefix)
        yield* Effect.replicateEffect(increment, 300, { discard: true })
        assert.strictEqual(yield* kv.get("n"), 300)
        assert.strictEqual(yield* expiryOf(client, prefix), expiry)
      }).pipe(Effect.provide(wrap(Redis.layer({ url: server().url, prefix }))))
    })

    it.effect(`is kept by updates from machines with different clocks${what}`, () => {
      const prefix = uniquePrefix()
      return Effect.gen(function* () {
        const client = yield* connect(server().url)
        const kv = yield* KeyValue.KeyValue
        const start = Date.now()
        yield* TestClock.setTime(start)
        yield* kv.put("n", 0, { ttl: "1 hour" })
        const expiry = yield* expiryOf(client, prefix)
        for (let i = 0; i < 20; i++) {
          yield* TestClock.setTime(start - (i % 2) * 10_000)
          yield* increment
        }
        assert.strictEqual(yield* expiryOf(client, prefix), expiry)
      }).pipe(Effect.provide(wrap(Redis.layer({ url: server().url, prefix }))))
    })
  }

  it.live("is replaced when an update gives a TTL, and removed when the TTL is infinite", () => {
    const prefix = uniquePrefix()
    return Effect.gen(function* () {
      const client = yield* connect(server().url)
      const kv = yield* KeyValue.KeyValue
      const atomic = yield* Atomic.Atomic
      const left = Effect.promise(() => client.pttl(`${prefix}default_collection::n`))
      yield* kv.put("n", 0, { ttl: "1 minute" })
      yield* atomic.update("n", () => 1, { ttl: "1 hour" })
      assert.isAbove(yield* left, 3_590_000)
      yield* atomic.update("n", () => 2, { ttl: "Infinity" })
      assert.strictEqual(yield* left, -1)
      assert.strictEqual(yield* increment, 3)
      assert.strictEqual(yield* left, -1)
    }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix })))
  })

  it.live("is set on the server when an entry without a server-side TTL is updated", () => {
    const prefix = uniquePrefix()
    return Effect.gen(function* () {
      const client = yield* connect(server().url)
      const name = `${prefix}default_collection::n`
      const expiresAt = new Date(Date.now() + 60_000).toISOString().replace("Z", "+00:00")
      yield* Effect.promise(() => client.set(name, `{"expires_at":"${expiresAt}","value":1,"version":2}`))
      yield* increment
      const left = yield* Effect.promise(() => client.pttl(name))
      assert.isTrue(left > 58_000 && left <= 60_000, String(left))
    }).pipe(Effect.provide(Redis.layer({ url: server().url, prefix })))
  })
})

const past = "2020-01-01T00:00:00+00:00"
const future = "2099-01-01T00:00:00+00:00"

/** An entry's frame, with its expiry. */
const frame = (expiresAt: number) => {
  const bytes = Buffer.from([0xeb, 0x4b, 0x56, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 7])
  bytes.writeDoubleBE(expiresAt, 5)
  return bytes
}

type Write = (name: string, value: string | Buffer, ...ttl: ReadonlyArray<"PX" | 60_000>) => Promise<unknown>

/** Asserts that all operations agree whether an entry is expired that has no TTL on the server. */
const agree = Effect.fnUntraced(function* (prefix: string, write: Write) {
  const kv = yield* KeyValue.KeyValue
  const atomic = yield* Atomic.Atomic
  const { keys, collections } = yield* Enumeration
  const { clear, clearCollection } = yield* Maintenance
  const collection = 'c\n"é'
  const of = (key: string) => `${prefix}${collection}::${key}`
  const document = (expiresAt: string, value = "1") =>
    `{"collection":${JSON.stringify(collection)},"created_at":"${past}","expires_at":"${expiresAt}","key":"k","value":${value},"version":2}`
  const gone = ["document", "frame"]
  const there = ["loaded", "loaded frame", "skewed", "nested", "not an entry"]
  const load = Effect.promise(() =>
    Promise.all([
      write(of("document"), document(past)),
      write(of("frame"), frame(1)),
      write(of("loaded"), document(future)),
      write(of("loaded frame"), frame(4e12)),
      write(of("skewed"), document(past), "PX", 60_000),
      write(of("nested"), `{"value":{"expires_at":"${past}"},"version":1}`),
      write(of("not an entry"), '{"expires_at":"?'),
      write(`${prefix}old::k`, document(past))
    ])
  )
  yield* load
  const found = yield* kv.getMany([...gone, ...there.slice(0, -1)], { collection })
  assert.deepStrictEqual(
    found.map((value) => value === undefined),
    [true, true, false, false, false, false]
  )
  for (const name of gone) {
    assert.isUndefined(yield* kv.get(name, { collection }))
    assert.isUndefined(yield* kv.ttl(name, { collection }))
  }
  assert.deepStrictEqual((yield* Stream.runCollect(keys({ collection }))).toSorted(), there.toSorted())
  assert.deepStrictEqual(yield* Stream.runCollect(collections()), [collection])
  for (const name of gone) assert.isUndefined(yield* atomic.getAndDelete(name, { collection }))
  const compare = (name: string) =>
    kv.driver.atomic!.compareAndPut(
      Calls.compareAndPut({ operation: "update", collection, keys: [name] }, { entry: undefined, expected: undefined })
    )
  assert.deepStrictEqual(yield* Effect.forEach([...gone, "loaded", "nobody"], compare), [true, true, false, true])
  assert.isFalse(yield* kv.delete("document", { collection }))
  assert.isTrue(yield* kv.delete("loaded", { collection }))
  assert.isFalse(yield* kv.delete("loaded", { collection }))
  assert.strictEqual(yield* kv.deleteMany([...gone, ...there, ...there], { collection }), there.length - 1)
  yield* load
  assert.strictEqual(yield* clearCollection({ collection: "old" }), 0)
  assert.strictEqual(yield* clear, there.length)
  yield* load
  assert.deepStrictEqual(
    yield* Effect.forEach([...gone, ...there], (name) => atomic.putIfAbsent(name, 7, { collection })),
    [true, true, false, false, false, false, false]
  )
  yield* load
  assert.strictEqual(yield* atomic.update("document", (value) => (value === undefined ? 8 : 9), { collection }), 8)
  yield* clear
})

const withPrefix = (
  options: (prefix: string) => Redis.Options,
  program: (
    prefix: string
  ) => Effect.Effect<void, unknown, KeyValue.KeyValue | Atomic.Atomic | Enumeration | Maintenance>
) =>
  Effect.suspend(() => {
    const prefix = uniquePrefix()
    return Effect.provide(program(prefix), Redis.layer({ ...options(prefix), prefix }))
  })

describeWithOwnRedis("an expired entry without a TTL on the server", (server) => {
  for (const coalesceReads of [false, true]) {
    it.live(`is missing for every operation${coalesceReads ? ", with coalesced reads" : ""}`, () =>
      withPrefix(
        () => ({ url: server().url, coalesceReads }),
        Effect.fnUntraced(function* (prefix) {
          const client = yield* connect(server().url)
          yield* Effect.promise(() => client.script("FLUSH"))
          yield* agree(prefix, client.set.bind(client) as unknown as Write)
        }, Effect.scoped)
      )
    )
  }

  it.live("is removed even when the server's memory is full", () =>
    withPrefix(
      () => ({ url: server().url }),
      Effect.fnUntraced(function* () {
        const kv = yield* KeyValue.KeyValue
        yield* kv.put("a", 1)
        yield* command(server().port, "config", "set", "maxmemory", "1")
        yield* command(server().port, "script", "flush")
        assert.isTrue(yield* kv.delete("a"))
        yield* command(server().port, "config", "set", "maxmemory", "0")
      })
    )
  )

  it.live("counts as present when the user may not run scripts", () =>
    withPrefix(
      () => ({ url: server().url.replace("//", "//plain:word@") }),
      Effect.fnUntraced(function* (prefix) {
        const client = yield* connect(server().url)
        const kv = yield* KeyValue.KeyValue
        yield* Effect.promise(() =>
          client.set(`${prefix}default_collection::old`, `{"expires_at":"${past}","value":{}}`)
        )
        yield* kv.putMany([
          ["a", 1],
          ["b", 2]
        ])
        const { keys } = yield* Enumeration
        assert.deepStrictEqual((yield* Stream.runCollect(keys())).toSorted(), ["a", "b", "old"])
        assert.isTrue(yield* kv.delete("a"))
        assert.strictEqual(yield* kv.deleteMany(["a", "b", "c"]), 1)
        assert.strictEqual(yield* Effect.flatMap(Maintenance, ({ clear }) => clear), 1)
      }, Effect.scoped)
    ).pipe((test) =>
      Effect.andThen(
        command(server().port, "acl", "setuser", "plain", "on", ">word", "~*", "+@all", "-@scripting"),
        test
      )
    )
  )
})

describeWithCluster("an expired entry of a cluster without a TTL on the server", (nodes) => {
  it.live("is missing for every operation", () => {
    const cluster = () => nodes().map(({ port }) => ({ host: "127.0.0.1", port }))
    return withPrefix(
      () => ({ cluster: { nodes: cluster() } }),
      Effect.fnUntraced(function* (prefix) {
        const client = yield* Effect.acquireRelease(
          Effect.sync(() => new Cluster(cluster())),
          (client) => Effect.promise(() => client.quit())
        )
        yield* agree(prefix, client.set.bind(client) as unknown as Write)
      }, Effect.scoped)
    )
  })
})
