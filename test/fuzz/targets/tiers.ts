/** Stacks of two stores of which one is damaged. */
import { Context, Effect, type Layer } from "effect"
import { Fallback, KeyValue, PassthroughCache } from "effect-kv"
import { damaged } from "../mutations.ts"
import * as raw from "../raw.ts"
import { build, corpusOf, keyOf, otherKey, otherValue, ownValues, reading } from "../stack.ts"
import { type Instance, type Target, Violation, type Way } from "../target.ts"

/** The value in the store that is not damaged. */
const good = ownValues[0]!

interface Tiers {
  readonly first: ReturnType<typeof raw.memory>
  readonly second: ReturnType<typeof raw.memory>
}

const target = (
  name: string,
  layer: (tiers: Tiers) => Layer.Layer<KeyValue.KeyValue, unknown>,
  damage: (tiers: Tiers) => readonly [damaged: Tiers["first"], good: Tiers["first"]],
  change: (way: Way) => Way = (way) => way
): Target => ({
  name,
  weight: 4,
  make: Effect.gen(function* () {
    const tiers = { first: raw.memory(), second: raw.memory() }
    const context = yield* build(layer(tiers), (store) => store)
    const kv = Context.get(context, KeyValue.KeyValue)
    yield* kv.put(otherKey, otherValue)
    yield* tiers.second.write([[otherKey, yield* tiers.first.read(otherKey)]])
    const corpus = yield* corpusOf(kv, tiers.first)
    yield* kv.put(keyOf(0), good)
    const intact = yield* tiers.first.read(keyOf(0))
    const [bad, other] = damage(tiers)
    return {
      batch: 1,
      input: (dice) => damaged(dice, corpus),
      store: ([bytes]) =>
        Effect.all([
          // A write through the stack removes the copy in the cache.
          Effect.orDie(kv.delete(keyOf(0))),
          other.write([[keyOf(0), intact]]),
          bad.write([[keyOf(0), bytes!]])
        ]),
      ways: Object.fromEntries(Object.entries(reading(kv)).map(([name, way]) => [name, change(way)]))
    } satisfies Instance
  })
})

/** A failure of this store must never reach the caller. */
const never =
  (way: Way): Way =>
  (slot, input) =>
    Effect.mapError(
      way(slot, input),
      (error) => new Violation({ kind: "incomplete", detail: `the other tier has the value: ${String(error)}` })
    )

export const tiers: ReadonlyArray<Target> = [
  target(
    "Fallback",
    ({ first, second }) => first.layer.pipe(Fallback.wrap({ fallback: second.layer, fallbackOn: () => true })),
    ({ first, second }) => [first, second],
    never
  ),
  target(
    "Fallback, damaged",
    ({ first, second }) => first.layer.pipe(Fallback.wrap({ fallback: second.layer, fallbackOn: () => true })),
    ({ first, second }) => [second, first]
  ),
  target(
    "PassthroughCache, near",
    ({ first, second }) => first.layer.pipe(PassthroughCache.wrap({ cache: second.layer })),
    ({ first, second }) => [second, first],
    never
  ),
  target(
    "PassthroughCache, far",
    ({ first, second }) => first.layer.pipe(PassthroughCache.wrap({ cache: second.layer })),
    ({ first, second }) => [first, second]
  )
]
