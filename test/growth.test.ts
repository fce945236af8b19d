/**
 * What n times as much costs: every operation of every wrapper takes time that grows no
 * faster than the work. The limit has a wide margin: quadratic growth costs 64 times as much.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Enumeration, KeyValue, Maintenance } from "effect-kv"
import { everyWrapper } from "./support/everyWrapper.ts"

const few = 1000
const many = 8 * few
/** Eight times the work may cost so many times as much: 2.4 for each doubling, and a margin for a machine that is busy. */
const limit = 32

interface Bench {
  readonly kv: KeyValue.Service
  readonly enumeration: Enumeration.Service | undefined
  readonly maintenance: Maintenance.Service | undefined
}

type Operation = (bench: Bench, keys: ReadonlyArray<string>) => Effect.Effect<unknown, unknown>

const operations: Record<string, { readonly filled: boolean; readonly run: Operation }> = {
  "putMany of new keys": {
    filled: false,
    run: ({ kv }, keys) => kv.putMany(keys.map((key) => [key, { key }] as const))
  },
  "putMany over old ones": {
    filled: true,
    run: ({ kv }, keys) => kv.putMany(keys.map((key) => [key, { key }] as const))
  },
  "getMany of what is there": { filled: true, run: ({ kv }, keys) => kv.getMany(keys) },
  "getMany of what is not": { filled: false, run: ({ kv }, keys) => kv.getMany(keys) },
  "getMany of one key again and again": { filled: false, run: ({ kv }, keys) => kv.getMany(keys.map(() => "same")) },
  ttlMany: { filled: true, run: ({ kv }, keys) => kv.ttlMany(keys) },
  deleteMany: { filled: true, run: ({ kv }, keys) => kv.deleteMany(keys) },
  "single puts side by side": {
    filled: false,
    run: ({ kv }, keys) => Effect.forEach(keys, (key) => kv.put(key, 1), { concurrency: "unbounded", discard: true })
  },
  "single gets side by side": {
    filled: true,
    run: ({ kv }, keys) => Effect.forEach(keys, (key) => kv.get(key), { concurrency: "unbounded", discard: true })
  },
  "gets of one key side by side": {
    filled: true,
    run: ({ kv }, keys) => Effect.forEach(keys, () => kv.get("1"), { concurrency: "unbounded", discard: true })
  },
  "puts of one key side by side": {
    filled: false,
    run: ({ kv }, keys) => Effect.forEach(keys, () => kv.put("same", 1), { concurrency: "unbounded", discard: true })
  },
  "getOrSet side by side": {
    filled: false,
    run: ({ kv }, keys) =>
      Effect.forEach(keys, (key) => kv.getOrSet(key, Effect.as(Effect.yieldNow, 1)), {
        concurrency: "unbounded",
        discard: true
      })
  },
  "listing keys": {
    filled: true,
    run: ({ enumeration }) => (enumeration ? Stream.runDrain(enumeration.keys()) : Effect.void)
  },
  "listing collections": {
    filled: true,
    run: ({ enumeration }) => (enumeration ? Stream.runDrain(enumeration.collections()) : Effect.void)
  },
  clear: { filled: true, run: ({ maintenance }) => (maintenance ? maintenance.clear : Effect.void) },
  removeExpired: { filled: true, run: ({ maintenance }) => (maintenance ? maintenance.removeExpired : Effect.void) }
}

const keysUpTo = (count: number) => Array.from({ length: count }, (_, i) => String(i))

/** CPU time of an operation with so many keys, in milliseconds: the least of some rounds. */
const cost = (
  layer: Layer.Layer<KeyValue.KeyValue, unknown>,
  operation: (typeof operations)[string],
  count: number,
  rounds: number
) =>
  Effect.gen(function* () {
    const keys = keysUpTo(count)
    let least = Number.POSITIVE_INFINITY
    for (let round = 0; round < rounds; round++) {
      const used = yield* Effect.scoped(
        Effect.gen(function* () {
          const context = (yield* Layer.build(Layer.fresh(layer))) as Context.Context<any>
          const bench: Bench = {
            kv: Context.get(context, KeyValue.KeyValue),
            enumeration: Context.getOrUndefined(context, Enumeration.Enumeration),
            maintenance: Context.getOrUndefined(context, Maintenance.Maintenance)
          }
          if (operation.filled) yield* bench.kv.putMany(keys.map((key) => [key, { key }] as const))
          const before = process.cpuUsage()
          yield* Effect.provide(operation.run(bench, keys), context)
          const { user, system } = process.cpuUsage(before)
          return (user + system) / 1000
        })
      )
      least = Math.min(least, used)
    }
    return least
  })

const grows = (name: string, layer: Layer.Layer<KeyValue.KeyValue, any>) =>
  describe(name, () => {
    for (const [operationName, operation] of Object.entries(operations)) {
      it.live(
        `${operationName}: eight times as many keys cost at most ${limit} times as much`,
        () =>
          Effect.gen(function* () {
            const small = Math.max(2, yield* cost(layer, operation, few, 3))
            const large = yield* cost(layer, operation, many, 1)
            assert.isAtMost(large / small, limit, `${small.toFixed(1)} ms and ${large.toFixed(1)} ms`)
          }),
        { retry: 2 }
      )
    }
  })

/** What changes names and entries is measured in wrappers/growth.test.ts, and stores have tests of their own. */
const elsewhere = [
  "no wrapper",
  "LimitSize",
  "TtlClamp",
  "Compression",
  "DefaultValue",
  "Statistics",
  "PrefixKeys",
  "PrefixCollections",
  "SingleCollection",
  "Routing",
  "CollectionRouting"
]

for (const [name, layer] of Object.entries(everyWrapper())) {
  if (!elsewhere.includes(name)) grows(name, layer as Layer.Layer<KeyValue.KeyValue, any>)
}
