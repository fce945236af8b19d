import { assert, describe, it } from "@effect/vitest"
import { advice } from "../../live/engine/advice.ts"
import { recommended, recommendedOrder } from "../../live/engine/order.ts"
import { wrapperNames } from "../../live/engine/wrappers.ts"
import type { WrapperName } from "../../live/model.ts"
import { randomScenario } from "./engine.scenarios.ts"

const stack = (...names: ReadonlyArray<WrapperName>) => names.map((name) => ({ name, options: {} }))

/** The pairs in a wrong order: the first is outside. */
const wrong: ReadonlyArray<readonly [outer: WrapperName, inner: WrapperName]> = [
  ["Timeout", "Retry"],
  ["Timeout", "Hedge"],
  ["Timeout", "Fallback"],
  ["Hedge", "Retry"],
  ["Hedge", "Bulkhead"],
  ["Retry", "CircuitBreaker"],
  ["Retry", "Fallback"],
  ["Retry", "Bulkhead"],
  ["Retry", "Deadline"],
  ["Retry", "PassthroughCache"],
  ["CircuitBreaker", "Fallback"],
  ["CircuitBreaker", "Bulkhead"],
  ["CircuitBreaker", "PassthroughCache"],
  ["Fallback", "Bulkhead"],
  ["Fallback", "RateLimit"],
  ["Fallback", "Deadline"],
  ["Fallback", "Aead"],
  ["Bulkhead", "RateLimit"],
  ["Bulkhead", "Deadline"],
  ["Bulkhead", "PassthroughCache"],
  ["RateLimit", "Deadline"],
  ["RateLimit", "PassthroughCache"],
  ["Aead", "Compression"],
  ["Aead", "PassthroughCache"],
  ["Compression", "PassthroughCache"],
  ["Compression", "LimitSize"]
]

describe("advice", () => {
  for (const [outer, inner] of wrong) {
    it(`warns of ${outer} outside ${inner}, and not of the other order`, () => {
      const [found, ...more] = advice(stack(inner, outer))
      assert.deepStrictEqual(more, [])
      assert.deepInclude(found, { outer, inner, outerIndex: 1, innerIndex: 0 })
      assert.include(found!.text, outer)
      assert.include(found!.text, inner)
      assert.deepStrictEqual(advice(stack(outer, inner)), [])
    })
  }

  it("is given for no other pair", () => {
    const pairs = wrapperNames.flatMap((outer) => wrapperNames.map((inner) => [outer, inner] as const))
    const warned = pairs.filter(([outer, inner]) => outer !== inner && advice(stack(inner, outer)).length > 0)
    assert.sameDeepMembers(warned.map(String), wrong.map(String))
  })

  it("is given for no stack in the recommended order", () => {
    assert.sameMembers([...recommendedOrder], [...wrapperNames])
    assert.deepStrictEqual(advice(stack(...recommendedOrder)), [])
    for (let seed = 0; seed < 500; seed++) {
      const { stack } = randomScenario(seed, 12)
      const texts = advice(recommended(stack)).filter(({ outer, inner }) => outer !== inner)
      assert.deepStrictEqual(texts, [], JSON.stringify(stack))
    }
  })

  it("accepts a second Timeout outside of Retry, if each attempt has one", () => {
    assert.deepStrictEqual(advice(stack("Timeout", "Retry", "Timeout")), [])
  })

  it("warns of two Retries in any order, with the number of attempts", () => {
    const [found] = advice([
      { name: "Timeout", options: {} },
      { name: "Retry", options: { maxRetries: 2 } },
      { name: "LimitSize", options: {} },
      { name: "Retry", options: {} }
    ])
    assert.deepInclude(found, { outer: "Retry", inner: "Retry", outerIndex: 3, innerIndex: 1 })
    assert.include(found!.text, "12 times")
  })
})
