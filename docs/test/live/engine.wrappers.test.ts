import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { millisOf } from "../../../src/time/duration.ts"
import { configOf } from "../../live/engine/config.ts"
import { recommendedOrder } from "../../live/engine/order.ts"
import { defaultScenario } from "../../live/engine/presets.ts"
import { run } from "../../live/engine/run.ts"
import { wrapperNames, wrappers } from "../../live/engine/wrappers.ts"
import type { Wrapper } from "../../live/model.ts"
import { docs } from "../../tools/paths.ts"

const builds = (wrapper: Wrapper): void => {
  const load = { ...defaultScenario.load, rate: 20 }
  run({ ...defaultScenario, seconds: 1, load, stack: [wrapper] })
}

/** Options that the page names differently, or that are parts of an option. */
const renamed: Readonly<Record<string, string | undefined>> = {
  "Hedge.percentile": "Hedge.after",
  "Retry.ratio": "Retry.budget.ratio",
  "Retry.minPerSecond": "Retry.budget.minPerSecond",
  "CircuitBreaker.failureRate": "CircuitBreaker.trip.failureRate",
  "CircuitBreaker.minCalls": "CircuitBreaker.trip.minCalls",
  "CircuitBreaker.window": "CircuitBreaker.trip.window",
  "Fallback.initialDelay": "Fallback.recovery.initialDelay",
  "Fallback.maxDelay": "Fallback.recovery.maxDelay",
  "Fallback.settleTime": "Fallback.recovery.settleTime"
}

/** Defaults that are not a single value in effect-kv: a kind of `after` and of `trip`, and options that are off. */
const written: Readonly<Record<string, string>> = {
  "Hedge.after": "{ percentile: 0.95 }",
  "Hedge.percentile": "{ percentile: 0.95 }",
  "Retry.budget": "{ ratio: 0.2, minPerSecond: 10 }",
  "CircuitBreaker.trip": "{ failureRate: 0.5, minCalls: 20, window: 100 }",
  "CircuitBreaker.minCalls": "20, or `window` if that is less",
  "PassthroughCache.refreshAhead": "none",
  "PassthroughCache.maxStale": "none"
}

/** The defaults of all options of effect-kv, by `Module.option`, as the reference shows them. */
const defaults = (): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  let module = ""
  for (const line of readFileSync(`${docs}reference/options.md`, "utf8").split("\n")) {
    module = /^### (\w+)$/.exec(line)?.[1] ?? module
    const [, name, , , value] = line.split(/(?<!\\)\|/).map((cell) => cell.trim())
    if (name?.startsWith("`")) found.set(`${module}.${name.slice(1, -1)}`, value!)
  }
  return found
}

describe("the wrappers of the page", () => {
  it("know the defaults of effect-kv", () => {
    const all = defaults()
    for (const name of wrapperNames) {
      for (const option of wrappers[name].options) {
        const id = `${name}.${option.name}`
        if (option.usual === undefined) continue
        const shown = all.get(renamed[id] ?? id)
        assert.isDefined(shown, id)
        const text = shown!.replace(/^`(.*)`$/, "$1")
        if (written[id] !== undefined) assert.strictEqual(text, written[id], id)
        else if (option.kind === "millis") assert.strictEqual(millisOf(JSON.parse(text)), option.usual, id)
        else if (option.unit === "bytes") assert.strictEqual(text, '"1 KiB"', id)
        else assert.deepStrictEqual(JSON.parse(text), option.usual, id)
      }
    }
  })

  it("can be built with each option at its limits, and with each choice", () => {
    for (const name of wrapperNames) {
      builds({ name, options: {} })
      for (const { name: option, kind, min, max, choices } of wrappers[name].options) {
        const values = kind === "boolean" ? [true, false] : (choices ?? [min!, max!])
        for (const value of values) builds({ name, options: { [option]: value } })
        // Options that another one switches on.
        if (name === "PassthroughCache") {
          for (const value of values) builds({ name, options: { maxStale: 1000, refreshAhead: true, [option]: value } })
        }
        if (name === "Fallback")
          for (const value of values) builds({ name, options: { recovery: false, [option]: value } })
      }
    }
  })

  it("have defaults within their ranges, and a summary", () => {
    for (const name of wrapperNames) {
      assert.match(wrappers[name].summary, /^[A-Z].*\.$/)
      for (const { kind, default: value, min, max, choices, label } of wrappers[name].options) {
        assert.notMatch(label, /\.$/)
        if (kind === "choice") assert.include(choices!, value)
        else if (kind !== "boolean") assert.isTrue(Number(value) >= min! && Number(value) <= max!)
      }
    }
  })

  it("are in the order that the presets of Stack use", () => {
    const source = readFileSync(`${docs}../src/Stack.ts`, "utf8")
    const order = /^ \* store → (\*?Timeout.*?(?:\n \* .*?)*)\n \*\n/m.exec(source)![1]!
    const names = [...order.matchAll(/[A-Z]\w+/g)].map(([name]) => name)
    const known = names.filter((name) => wrapperNames.some((it) => it === name))
    assert.isAbove(known.length, 7)
    assert.deepStrictEqual(
      recommendedOrder.filter((name) => known.includes(name)),
      known
    )
  })

  it("turn options of the page into options of effect-kv", () => {
    assert.deepStrictEqual(configOf({ name: "Retry", options: { budget: false } }).budget, false)
    assert.deepStrictEqual(configOf({ name: "Hedge", options: { after: "fixed time", afterMillis: 40 } }), {
      after: 40,
      maxExtra: 0.05
    })
    const trip = (options: Wrapper["options"]) => configOf({ name: "CircuitBreaker", options }).trip
    assert.deepStrictEqual(trip({ trip: "consecutive failures" }), { consecutive: 5 })
    assert.deepStrictEqual(trip({ window: 10 }), { failureRate: 0.5, minCalls: 10, window: 10 })
  })
})
