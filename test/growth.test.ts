/**
 * Tests that the CPU time of every operation of every wrapper grows no faster than the work.
 * The limit has a wide margin: with quadratic growth, eight times the work costs 64 times as much.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Batching, Enumeration, KeyValue, Maintenance } from "effect-kv"
import { everyWrapper } from "./support/everyWrapper.ts"

const factor = 8
/** Single operations cost far more than keys of a batch, so that fewer show how their cost grows. */
const fewKeys = 600
const fewCalls = 300
/** How many times as much eight times the work may cost: 2.4 for each doubling, and a margin for a busy machine. */
const limit = 32
/** The shortest time in milliseconds that is compared with a longer one. */
const shortest = 2

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
  "putMany of stored keys": {
    filled: true,
    run: ({ kv }, keys) => kv.putMany(keys.map((key) => [key, { key }] as const))
  },
  "getMany of stored keys": { filled: true, run: ({ kv }, keys) => kv.getMany(keys) },
  "getMany of missing keys": { filled: false, run: ({ kv }, keys) => kv.getMany(keys) },
  "getMany of one key many times": { filled: false, run: ({ kv }, keys) => kv.getMany(keys.map(() => "same")) },
  ttlMany: { filled: true, run: ({ kv }, keys) => kv.ttlMany(keys) },
  deleteMany: { filled: true, run: ({ kv }, keys) => kv.deleteMany(keys) },
  "concurrent single puts": {
    filled: false,
    run: ({ kv }, keys) => Effect.forEach(keys, (key) => kv.put(key, 1), { concurrency: "unbounded", discard: true })
  },
  "concurrent single gets": {
    filled: true,
    run: ({ kv }, keys) => Effect.forEach(keys, (key) => kv.get(key), { concurrency: "unbounded", discard: true })
  },
  "concurrent gets of one key": {
    filled: true,
    run: ({ kv }, keys) => Effect.forEach(keys, () => kv.get("1"), { concurrency: "unbounded", discard: true })
  },
  "concurrent batched gets": {
    filled: true,
    run: ({ kv }, keys) =>
      Effect.forEach(keys, (key) => Batching.get(key), { concurrency: "unbounded", discard: true }).pipe(
        Effect.provideService(KeyValue.KeyValue, kv)
      )
  },
  "concurrent puts of one key": {
    filled: false,
    run: ({ kv }, keys) => Effect.forEach(keys, () => kv.put("same", 1), { concurrency: "unbounded", discard: true })
  },
  "concurrent getOrSet": {
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

/** CPU time of an operation with `count` keys, in milliseconds: the least of all rounds. */
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
        `costs at most ${limit} times as much CPU time for eight times as many keys: ${operationName}`,
        () =>
          Effect.gen(function* () {
            const few = operationName.startsWith("concurrent") ? fewCalls : fewKeys
            let large = yield* cost(layer, operation, factor * few, 1)
            // Less than `shortest` is too short to compare.
            if (large <= limit * shortest) return
            const small = Math.max(shortest, yield* cost(layer, operation, few, 3))
            // A garbage collection may have fallen into the only measurement.
            if (large / small > limit) large = Math.min(large, yield* cost(layer, operation, factor * few, 2))
            assert.isAtMost(large / small, limit, `${small.toFixed(1)} ms and ${large.toFixed(1)} ms`)
          }),
        { retry: 4 }
      )
    }
  })

/** Measured in `wrappers/growth.test.ts`, or in the tests of the stores. */
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
