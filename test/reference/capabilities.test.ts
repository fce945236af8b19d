/** Tests that the pages name the capabilities that layers really have. */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Atomic, Enumeration, Maintenance, Memory, Null, ReadOnly, Statistics } from "effect-kv"
import { everyWrapper } from "../support/everyWrapper.ts"
import { all, type Capability, effectsOf, provided } from "./capabilities.ts"
import { moduleOf, modules } from "./modules.ts"

const tags: Readonly<Record<Capability, Context.Key<any, any>>> = {
  Enumeration: Enumeration.Enumeration,
  Maintenance: Maintenance.Maintenance,
  Atomic: Atomic.Atomic
}

const built = (layer: Layer.Layer<any, any>) =>
  Effect.scoped(
    Effect.map(Layer.build(layer), (context) =>
      all.filter((name) => Context.getOrUndefined(context, tags[name] as never))
    )
  )

describe("the capabilities on the pages", () => {
  const layers = { ...everyWrapper(), ReadOnly: Memory.layer().pipe(ReadOnly.wrap()) }
  const wrappers = modules.filter(({ folder }) => folder === "wrappers")

  for (const module of wrappers) {
    it.effect(`are those that a store in ${module.name} has`, () =>
      Effect.gen(function* () {
        const layer = layers[module.name as keyof typeof layers] as Layer.Layer<any, any>
        const { removed } = effectsOf(module)
        assert.deepStrictEqual(
          yield* built(layer),
          all.filter((name) => !removed.includes(name))
        )
      })
    )
  }

  it.effect("are those that stores have", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* built(Memory.layer()), provided(moduleOf("Memory")!))
      assert.deepStrictEqual(yield* built(Null.layer()), provided(moduleOf("Null")!))
    })
  )

  it.effect("include the service that a wrapper adds", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(effectsOf(moduleOf("Statistics")!).added, ["Statistics"])
      const context = yield* Layer.build(layers.Statistics)
      assert.isDefined(Context.getOrUndefined(context, Statistics.Statistics))
    }).pipe(Effect.scoped)
  )
})
