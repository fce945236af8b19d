/** Redis on a Cluster whose slots move, whose masters are unreachable, or whose client was given. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Cluster } from "ioredis"
import * as Enumeration from "../../../src/Enumeration.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Maintenance from "../../../src/Maintenance.ts"
import * as Redis from "../../../src/stores/Redis.ts"
import { slotOf } from "../../../src/stores/redis/slots.ts"
import { command, describeWithCluster, server } from "../../servers/redis.ts"
import { connect, eventually, pageOf, uniquePrefix } from "./support.ts"

const keys = Array.from({ length: 3000 }, (_, i) => `k${i}`)

const fill = KeyValue.KeyValue.use((kv) => kv.putMany(keys.map((key) => [key, 1] as const)))

const keysOf = Effect.flatMap(Enumeration.Enumeration, (enumeration) => Stream.runCollect(enumeration.keys())).pipe(
  Effect.map((found) => found.toSorted())
)

type Capabilities = Enumeration.Enumeration | Maintenance.Maintenance

const clear = Effect.flatMap(Maintenance.Maintenance, (maintenance) => maintenance.clear)

/** Migrates slots one after the other. With `unfinished`, moves only so many keys and leaves out the last step. */
const move = (slots: ReadonlyArray<number>, from: number, to: number, unfinished?: { readonly keys: number }) =>
  Effect.scoped(
    Effect.gen(function* () {
      const [source, target] = yield* Effect.all([
        connect(`redis://127.0.0.1:${from}`),
        connect(`redis://127.0.0.1:${to}`)
      ])
      yield* Effect.promise(async () => {
        const [sourceId, targetId] = [await source.cluster("MYID"), await target.cluster("MYID")].map(String)
        for (const slot of slots) {
          await target.call("cluster", "setslot", slot, "importing", sourceId!)
          await source.call("cluster", "setslot", slot, "migrating", targetId!)
          const names = (await source.call("cluster", "getkeysinslot", slot, unfinished?.keys ?? 1_000_000)) as string[]
          if (names.length > 0) await source.call("migrate", "127.0.0.1", to, "", 0, 5000, "keys", ...names)
          if (unfinished !== undefined) continue
          for (const client of [target, source]) await client.call("cluster", "setslot", slot, "node", targetId!)
        }
      })
    })
  )

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

type Nodes = () => ReadonlyArray<{ readonly port: number }>

const portsOf = (nodes: Nodes) => () => nodes().map(({ port }) => port) as [number, number, number]

const layerOf = (nodes: Nodes) => (prefix: string) =>
  Redis.layer({ cluster: { nodes: nodes().map(({ port }) => ({ host: "127.0.0.1", port })) }, prefix })

describeWithCluster("keys of a cluster that has grown", (nodes) => {
  const [ports, layer] = [portsOf(nodes), layerOf(nodes)]

  it.live("are listed and removed when the client does not know their master", () =>
    Effect.gen(function* () {
      const [first] = ports()
      const prefix = uniquePrefix()
      const added = yield* server(["--cluster-enabled", "yes", "--cluster-config-file", "4"])
      yield* Effect.gen(function* () {
        yield* fill
        yield* command(added.port, "cluster", "meet", "127.0.0.1", `${first}`)
        for (const port of [...ports(), added.port]) {
          yield* eventually(command(port, "cluster", "info"), (info) =>
            /cluster_state:ok[\s\S]*cluster_known_nodes:4/.test(`${info}`)
          )
        }
        yield* move(range(0, 299), first, added.port)
        for (const port of ports()) {
          yield* eventually(command(port, "cluster", "nodes"), (told) =>
            new RegExp(`:${added.port}@.* 0-299$`, "m").test(`${told}`)
          )
        }
        assert.deepStrictEqual(yield* keysOf, keys.toSorted())
        yield* move(range(100, 299), added.port, first)
        assert.strictEqual(yield* clear, keys.length)
        assert.deepStrictEqual(yield* Effect.provide(keysOf, Layer.fresh(layer(prefix))), [])
      }).pipe(Effect.provide(layer(prefix)))
    })
  )
})

describeWithCluster("keys of a cluster", (nodes) => {
  const [ports, layer] = [portsOf(nodes), layerOf(nodes)]

  it.live("are in the same slots as on the server", () =>
    Effect.gen(function* () {
      for (const name of ["k", "é{", "{日本}a", "a{}b", "{a}{b}", "}{x}", "\u{1f600}"]) {
        assert.strictEqual(yield* command(ports()[0], "cluster", "keyslot", name), slotOf(name), name)
      }
    })
  )

  const page = pageOf("default_collection")

  it.live("are all listed although their slots move meanwhile", () => {
    const prefix = uniquePrefix()
    return Effect.gen(function* () {
      const [first, second, third] = ports()
      yield* fill
      const found: Array<string> = []
      let { names, next } = yield* page(undefined)
      found.push(...names)
      // To the master that has been read by half, and to the one that will be read after it.
      const moves = [
        [range(16_300, 16_379), third, first],
        [range(10_000, 10_079), second, third],
        [range(100, 179), first, second]
      ] as const
      for (const [slots, from, to] of moves) yield* move(slots, from, to)
      while (next !== undefined) {
        ;({ names, next } = yield* page(next))
        found.push(...names)
      }
      assert.deepStrictEqual([...new Set(found)].toSorted(), keys.toSorted())
      for (const [slots, from, to] of moves) yield* move(slots, to, from)
      assert.strictEqual(yield* clear, keys.length)
    }).pipe(Effect.provide(layer(prefix)))
  })

  it.live("are listed and removed on both sides of a slot that is being migrated", () => {
    const prefix = uniquePrefix()
    return Effect.gen(function* () {
      const [first, second, third] = ports()
      const names = Array.from({ length: 20 }, (_, i) => `{tag}${i}`)
      const kv = yield* KeyValue.KeyValue
      yield* kv.putMany(names.map((name) => [name, 1] as const))
      const slot = slotOf("{tag}")
      const owner = slot < 5461 ? first : slot < 10_923 ? second : third
      const target = owner === first ? second : first
      yield* move([slot], owner, target, { keys: 8 })
      assert.deepStrictEqual(yield* keysOf, names.toSorted())
      assert.strictEqual(yield* clear, names.length)
      assert.deepStrictEqual(yield* keysOf, [])
      for (const port of [owner, target]) yield* command(port, "cluster", "setslot", `${slot}`, "stable")
    }).pipe(Effect.provide(layer(prefix)))
  })

  for (const [what, lazyConnect] of [
    ["was just created", false],
    ["connects lazily", true]
  ] as const) {
    it.live(`are all listed over a given client that ${what}`, () =>
      Effect.gen(function* () {
        const prefix = uniquePrefix()
        yield* Effect.provide(fill, layer(prefix))
        const runs: ReadonlyArray<Effect.Effect<number, unknown, Capabilities>> = [
          Effect.map(keysOf, (found) => found.length),
          clear
        ]
        for (const run of runs) {
          const client = yield* Effect.acquireRelease(
            Effect.sync(() => new Cluster([{ host: "127.0.0.1", port: ports()[0] }], { lazyConnect })),
            (client) => Effect.sync(() => client.disconnect())
          )
          assert.strictEqual(yield* Effect.provide(run, Layer.fresh(Redis.layer({ client, prefix }))), keys.length)
        }
      })
    )
  }

  it.live("fail over a given client that has ended or has no offline queue", () =>
    Effect.gen(function* () {
      const ended = new Cluster([{ host: "127.0.0.1", port: ports()[0] }], { lazyConnect: true })
      ended.disconnect()
      const impatient = new Cluster([{ host: "127.0.0.1", port: ports()[0] }], {
        lazyConnect: true,
        enableOfflineQueue: false
      })
      for (const client of [ended, impatient]) {
        const error = yield* Effect.flip(Effect.provide(keysOf, Redis.layer({ client }))).pipe(
          Effect.timeout("2 seconds")
        )
        assert.strictEqual(error._tag, "StoreUnavailableError")
      }
      impatient.disconnect()
    })
  )

  it.live("are served by the masters that respond when the layer is built, and fail at once on the others", () =>
    Effect.gen(function* () {
      const prefix = uniquePrefix()
      const [first, , third] = ports()
      yield* command(third, "client", "pause", "3000", "ALL")
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const results = yield* Effect.forEach(keys.slice(0, 100), (key) => Effect.result(kv.get(key)), {
          concurrency: "unbounded"
        }).pipe(Effect.timeout("1 second"))
        const served = results.map(({ _tag }) => _tag === "Success")
        const expected = keys.slice(0, 100).map((key) => slotOf(`${prefix}default_collection::${key}`) < 10_923)
        assert.deepStrictEqual(served, expected)
        for (const result of results) {
          if (result._tag === "Failure") assert.strictEqual(result.failure._tag, "StoreUnavailableError")
        }
      }).pipe(
        Effect.provide(
          Redis.layer({ cluster: { nodes: [{ host: "127.0.0.1", port: first }] }, connectTimeout: "1 second", prefix })
        ),
        Effect.timeout("2900 millis")
      )
      yield* Effect.ignore(command(third, "ping"))
    })
  )

  it.live("fail at once while their master is being reconnected", () =>
    Effect.gen(function* () {
      const third = ports()[2]
      const prefix = uniquePrefix()
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        const key = keys.find((key) => slotOf(`${prefix}default_collection::${key}`) >= 10_923)!
        yield* kv.put(key, 1)
        yield* command(third, "client", "pause", "1500", "ALL")
        assert.propertyVal(yield* Effect.flip(kv.get(key)), "_tag", "StoreUnavailableError")
        for (let i = 0; i < 20; i++) {
          const began = performance.now()
          assert.propertyVal(yield* Effect.flip(kv.get(key)), "_tag", "StoreUnavailableError")
          assert.isBelow(performance.now() - began, 500)
          yield* Effect.sleep("20 millis")
        }
        yield* eventually(Effect.result(kv.get(key)), ({ _tag }) => _tag === "Success")
      }).pipe(
        Effect.provide(
          Redis.layer({
            cluster: { nodes: ports().map((port) => ({ host: "127.0.0.1", port })) },
            responseTimeout: "200 millis",
            prefix
          })
        )
      )
    })
  )

  it.live("cannot be listed or cleared while a slot has no reachable master", () =>
    Effect.gen(function* () {
      yield* fill
      yield* nodes()[2]!.kill
      const runs: ReadonlyArray<Effect.Effect<unknown, { readonly outcome?: unknown }, Capabilities>> = [keysOf, clear]
      for (const run of runs) {
        const error = yield* Effect.flip(run).pipe(Effect.timeout("5 seconds"))
        assert.propertyVal(error, "_tag", "StoreUnavailableError")
        assert.strictEqual(error.outcome, run === clear ? "not-applied" : undefined)
      }
      yield* eventually(Effect.flip(keysOf), ({ message }) => message.includes("5461 of 16384 slots"))
    }).pipe(Effect.provide(layer(uniquePrefix())))
  )
})
