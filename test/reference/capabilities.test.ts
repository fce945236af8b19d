/** Tests that the pages name the capabilities that layers really have, and the order of wrappers that `Stack` has. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Atomic, Enumeration, Maintenance, Memory, Null, ReadOnly, Statistics } from "effect-kv"
import { everyWrapper } from "../support/everyWrapper.ts"
import { all, type Capability, effectsOf, provided } from "./capabilities.ts"
import { moduleOf, modules, order, unordered } from "./modules.ts"

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

describe("the recommended order", () => {
  it("has each wrapper once", () => {
    const names = modules.filter(({ folder }) => folder === "wrappers").map(({ name }) => name)
    assert.deepStrictEqual([...order.flat(), ...unordered].sort(), [...names].sort())
  })

  it("is the order of Stack.production", () => {
    const source = readFileSync("src/Stack.ts", "utf8")
    const [, described = ""] = /\* (store → Timeout[\s\S]*?)\n \*\n/.exec(source) ?? []
    const names = [...described.matchAll(/[A-Z]\w+/g)].map(([name]) => name)
    const places = names.map((name) => order.findIndex((group) => group.includes(name)))
    assert.isAbove(names.length, 10)
    assert.deepStrictEqual(
      places,
      [...places].sort((a, b) => a - b)
    )
  })
})
