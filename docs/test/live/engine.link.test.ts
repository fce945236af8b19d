import { assert, describe, it } from "@effect/vitest"
import { decode, encode } from "../../live/engine/link.ts"
import { defaultScenario, presets } from "../../live/engine/presets.ts"
import { optionsOf } from "../../live/engine/wrappers.ts"
import type { Scenario } from "../../live/model.ts"
import { Choices, randomScenario } from "./engine.scenarios.ts"

/** A link leaves out options that have their default. */
const complete = (scenario: Scenario): Scenario => ({
  ...scenario,
  stack: scenario.stack.map((wrapper) => ({ name: wrapper.name, options: optionsOf(wrapper) }))
})

describe("a link", () => {
  it("gives back each preset", () => {
    for (const { id, scenario } of presets) {
      const { scenario: decoded, problem } = decode(encode(scenario))
      assert.isUndefined(problem, id)
      assert.deepStrictEqual(complete(decoded), complete(scenario), id)
    }
  })

  it("gives back 2,000 random scenarios, and is the same text again", () => {
    for (let seed = 0; seed < 2000; seed++) {
      const scenario = randomScenario(seed, 12)
      const text = encode(scenario)
      const { scenario: decoded, problem } = decode(`#${text}`)
      assert.isUndefined(problem, text)
      assert.deepStrictEqual(complete(decoded), complete(scenario), text)
      assert.strictEqual(encode(decoded), text)
    }
  })

  it("needs no escaping in a URL, and is short", () => {
    for (const { scenario } of presets) {
      const text = encode(scenario)
      assert.match(text, /^[\w~.,-]+\d$/)
      assert.strictEqual(new URL(`https://example.org/live#${text}`).hash, `#${text}`)
      assert.isBelow(text.length, 200)
    }
  })

  it("is the default scenario without a message if it is empty", () => {
    assert.deepStrictEqual(decode(""), { scenario: defaultScenario, problem: undefined })
    assert.deepStrictEqual(decode("#"), { scenario: defaultScenario, problem: undefined })
  })

  it("is the default scenario with a message if it is of another version", () => {
    const { scenario, problem } = decode(encode(defaultScenario).replace(/^1/, "2"))
    assert.strictEqual(scenario, defaultScenario)
    assert.strictEqual(
      problem,
      "The link comes from another version of this page. Here is the default scenario instead."
    )
  })

  it("is a valid scenario or the default one with a message after any damage", () => {
    const choices = new Choices(7)
    const characters = "0123456789~_.,-e#%&AZ /\u00e9\u{1f600}"
    let damaged = 0
    for (let i = 0; i < 5000; i++) {
      const text = encode(choices.pick(presets).scenario)
      const at = choices.integer(0, text.length)
      const inserted = Array.from({ length: choices.integer(0, 3) }, () => choices.pick([...characters])).join("")
      const { scenario, problem } = decode(text.slice(0, at) + inserted + text.slice(at + choices.integer(0, 4)))
      if (problem === undefined) {
        // What is accepted is a scenario that a link can hold.
        const again = decode(encode(scenario))
        assert.isUndefined(again.problem)
        assert.deepStrictEqual(complete(again.scenario), complete(scenario))
      } else {
        damaged++
        assert.strictEqual(scenario, defaultScenario)
      }
    }
    assert.isAbove(damaged, 1000)
  })

  it("cannot ask for more than the page can run", () => {
    const with_ = (change: Partial<Scenario>) => decode(encode({ ...defaultScenario, ...change })).problem
    const load = (change: Partial<Scenario["load"]>) => with_({ load: { ...defaultScenario.load, ...change } })
    const tooMuch = [
      with_({ seconds: 1e9 }),
      with_({ seconds: 0 }),
      with_({ seed: 0.5 }),
      load({ rate: 1e6 }),
      load({ keys: 1e9 }),
      load({ hot: 2 }),
      load({ ttl: -1 }),
      with_({ latency: { p50: Number.NaN, p99: 1 } }),
      with_({ latency: { p50: 1, p99: Number.POSITIVE_INFINITY } }),
      with_({ faults: [{ kind: "errors", from: 0, until: 1, amount: 2 }] }),
      with_({ faults: [{ kind: "slow", from: -1, until: 1, amount: 2 }] }),
      with_({ stack: Array.from({ length: 100 }, () => ({ name: "Retry", options: {} })) })
    ]
    for (const problem of tooMuch) assert.isString(problem)
    for (const prototype of [
      "1~1~30~50_0_1_0_constructor_0~8_40~~",
      "1~1~30~50_0_1_0_0_0~8_40~toString~",
      "__proto__"
    ]) {
      assert.isString(decode(prototype).problem)
    }
    assert.isUndefined(decode("1~~~50_0_1_0_0_0~8_40~30~1").problem)
  })
})
