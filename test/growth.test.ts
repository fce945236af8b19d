/**
 * What n times as much costs: every operation of every wrapper, and of the stores in this process, takes time that grows no
 * faster than the work. The limit has a wide margin: quadratic growth is four times over it.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { KeyValueStore } from "effect/persistence"
import * as Stream from "effect/Stream"
import { Enumeration, KeyValue, Maintenance } from "effect-kv"
import * as EffectStore from "effect-kv/EffectStore"
import * as Sqlite from "effect-kv/Sqlite"
import { everyWrapper } from "./support/everyWrapper.ts"

const few = 1000
const many = 4 * few
/** Four times the work may cost so many times as much: 2.4 for each doubling, and a margin for a machine that is busy. */
const limit = 10

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

/** CPU time of an operation with so many keys, in milliseconds: the least of three. */
const cost = (layer: Layer.Layer<KeyValue.KeyValue, unknown>, operation: (typeof operations)[string], count: number) =>
  Effect.gen(function* () {
    const keys = keysUpTo(count)
    let least = Number.POSITIVE_INFINITY
    for (let round = 0; round < 3; round++) {
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
      it.live(`${operationName}: four times as many keys cost at most ${limit} times as much`, () =>
        Effect.gen(function* () {
          const small = Math.max(1, yield* cost(layer, operation, few))
          const large = yield* cost(layer, operation, many)
          assert.isAtMost(large / small, limit, `${small.toFixed(1)} ms and ${large.toFixed(1)} ms`)
        })
      )
    }
  })

for (const [name, layer] of Object.entries(everyWrapper())) grows(name, layer as Layer.Layer<KeyValue.KeyValue, any>)
grows("Sqlite", Sqlite.layer({ filename: ":memory:" }))
grows("EffectStore", EffectStore.layer().pipe(Layer.provide(KeyValueStore.layerMemory)))
