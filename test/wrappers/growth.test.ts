/** Tests that the cost of operations grows in proportion to the number of keys. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import {
  type Atomic,
  Compression,
  DefaultValue,
  Driver,
  Enumeration,
  KeyValue,
  LimitSize,
  Maintenance,
  Memory,
  PrefixCollections,
  PrefixKeys,
  Routing,
  SingleCollection,
  Statistics,
  TtlClamp
} from "../../src/index.ts"

type Services = KeyValue.KeyValue | Atomic.Atomic | Enumeration.Enumeration | Maintenance.Maintenance

const hiding = Driver.wrapper(Driver.mapEntries({ decode: Effect.succeed }))

const layers: Readonly<Record<string, () => Layer.Layer<Services, unknown>>> = {
  Memory: () => Memory.layer(),
  "Memory that evicts": () => Memory.layer({ maxEntries: 1000 }),
  "Memory that evicts per collection": () => Memory.layer({ maxSize: "8 KiB", limitsPer: "collection" }),
  PrefixKeys: () => Memory.layer().pipe(PrefixKeys.wrap("a")),
  PrefixCollections: () => Memory.layer().pipe(PrefixCollections.wrap("a")),
  SingleCollection: () => Memory.layer().pipe(SingleCollection.wrap("a")),
  LimitSize: () => Memory.layer().pipe(LimitSize.wrap({ maxSize: 3, onTooLarge: "delete" })),
  "TtlClamp, Compression, Statistics and DefaultValue": () =>
    Memory.layer().pipe(
      TtlClamp.wrap({ maxTtl: "1 hour" }),
      Compression.wrap(),
      Statistics.wrap(),
      DefaultValue.wrap({ value: 0 })
    ),
  Routing: () =>
    Memory.layer().pipe(
      Routing.wrap({ stores: { a: Memory.layer() }, route: (name) => (name.length % 2 ? "a" : undefined) })
    ),
  "a decode that may hide": () => Memory.layer().pipe(hiding)
}

/** The measured operations on `n` keys in their order, each with its name. */
const steps = (n: number): ReadonlyArray<readonly [name: string, Effect.Effect<unknown, unknown, Services>]> => {
  const keys = Array.from({ length: n }, (_, i) => `k${i}`)
  const put = KeyValue.KeyValue.use((kv) =>
    kv.putMany(
      keys.map((key, i) => [key, i] as const),
      { ttl: "1 hour" }
    )
  )
  const collections = Effect.flatMap(Enumeration.Enumeration, (it) => Stream.runDrain(it.collections()))
  return [
    ["putMany", put],
    ["putMany again", put],
    ["getMany", KeyValue.KeyValue.use((kv) => kv.getMany(keys))],
    ["keys", Effect.flatMap(Enumeration.Enumeration, (it) => Stream.runDrain(it.keys({ pageSize: 100 })))],
    ["collections", collections],
    ["deleteMany", KeyValue.KeyValue.use((kv) => kv.deleteMany(keys))],
    [
      "put, one by one, in as many collections",
      KeyValue.KeyValue.use((kv) =>
        Effect.forEach(keys, (collection) => kv.put("k", 1, { collection }), { discard: true })
      )
    ],
    ["collections of one key", collections],
    ["clear", Effect.flatMap(Maintenance.Maintenance, (it) => it.clear)],
    ["putMany of what expires", put],
    ["a clock that goes on", TestClock.adjust("2 hours")],
    ["collections of expired keys", collections],
    ["removeExpired", Effect.flatMap(Maintenance.Maintenance, (it) => it.removeExpired)]
  ]
}

/** The CPU milliseconds of each step, which other processes do not change. */
const measured = (layer: Layer.Layer<Services, unknown>, n: number) =>
  Effect.forEach(steps(n), ([name, step]) =>
    Effect.suspend(() => {
      const before = process.cpuUsage()
      return Effect.map(step, () => {
        const { user, system } = process.cpuUsage(before)
        return [name, (user + system) / 1000] as const
      })
    })
  ).pipe(Effect.provide(layer))

const least = (runs: ReadonlyArray<ReadonlyArray<readonly [string, number]>>) =>
  runs[0]!.map(([name], i) => [name, Math.min(...runs.map((run) => run[i]![1]))] as const)

describe("operations on eight times the keys", () => {
  for (const [name, layer] of Object.entries(layers)) {
    it.effect(
      `take at most 20 times as long, where quadratic work would take 64 times: ${name}`,
      () =>
        Effect.gen(function* () {
          const few = least(yield* Effect.replicateEffect(measured(layer(), 2000), 2))
          const many: Array<ReadonlyArray<readonly [string, number]>> = []
          let grown: ReadonlyArray<string>
          // Measures again only if something else, such as garbage collection or other load, may have made a step slow.
          do {
            many.push(yield* measured(layer(), 16_000))
            grown = few.flatMap(([step, before], i) => {
              const after = least(many)[i]![1]
              return after > 20 * Math.max(before, 2) + 10 ? [`${step}: ${before} and ${after} ms`] : []
            })
          } while (grown.length > 0 && many.length < 8)
          assert.deepStrictEqual(grown, [])
        }),
      120_000
    )
  }
})
