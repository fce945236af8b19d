import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { defaultScenario, presets } from "../../live/engine/presets.ts"
import { maxCalls } from "../../live/engine/recorder.ts"
import { run } from "../../live/engine/run.ts"
import { firstStepAt, stepAt, stepsOf } from "../../live/engine/steps.ts"
import { wrapperNames } from "../../live/engine/wrappers.ts"
import type { Run, Scenario } from "../../live/model.ts"
import { Choices, randomScenario, randomWrapper } from "./engine.scenarios.ts"

/** A hash of everything in a run. */
const hash = (result: Run): string => createHash("sha256").update(JSON.stringify(result)).digest("hex")

/** Checks what holds for every run. */
const check = ({ requests, steps, layers, samples, summary, scenario, circuit }: Run): void => {
  const end = scenario.seconds * 1000
  const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0)

  // Every request ends or is still in flight.
  const ended = requests.filter((request) => request.end !== undefined)
  assert.strictEqual(summary.succeeded + sum(summary.failed), ended.length)
  assert.strictEqual(samples.at(-1)!.inFlight, requests.length - ended.length)
  assert.strictEqual(
    samples.reduce((all, sample) => all + sum(sample.ended), 0),
    ended.length
  )
  assert.strictEqual(samples.length, scenario.seconds * 4)
  assert.notProperty(summary.failed, "defect")
  for (const [i, { id, start, end: endedAt, write, applied, outcome }] of requests.entries()) {
    assert.strictEqual(id, i)
    assert.isTrue(start >= 0 && start <= end && (i === 0 || start >= requests[i - 1]!.start))
    assert.isTrue(endedAt === undefined || (endedAt >= start && endedAt <= end))
    assert.strictEqual(outcome === undefined, endedAt === undefined)
    assert.strictEqual(applied !== undefined, write && outcome !== undefined)
  }

  // Every leave has one enter before it, and time never goes back.
  const open = new Set<string>()
  const seen = new Set<string>()
  let last = 0
  for (let i = 0; i < steps.length; i++) {
    const { time, request, layer, kind, attempt, outcome } = stepAt(steps, i)
    assert.isTrue(time >= last && time <= end, "times never decrease")
    last = time
    assert.isTrue(layer < layers.length && request >= -1 && request < requests.length)
    const call = `${request} ${layer} ${attempt}`
    if (kind === "enter") {
      assert.isFalse(seen.has(call), `${call} enters once`)
      seen.add(call)
      open.add(call)
    } else {
      assert.isTrue(open.delete(call), `${call} leaves once, after it has entered`)
      assert.notStrictEqual(outcome, "defect")
    }
  }

  // The counts are those of the steps.
  const entered = (kind: string) => {
    const places = layers.flatMap((layer, i) => (layer.kind === kind ? [i] : []))
    let count = 0
    for (let i = 0; i < steps.length; i++) {
      if (steps.outcome[i] === 0 && places.includes(steps.layer[i]!)) count++
    }
    return count
  }
  assert.strictEqual(summary.storeCalls, entered("store"))
  assert.strictEqual(summary.loads, entered("origin"))
  assert.strictEqual(
    samples.reduce((all, sample) => all + sample.storeCalls, 0),
    summary.storeCalls
  )
  assert.strictEqual(
    samples.reduce((all, sample) => all + sample.retries, 0),
    summary.retries
  )
  assert.strictEqual(requests.filter(({ stale }) => stale).length, summary.staleReads)
  assert.strictEqual(requests.filter(({ applied }) => applied === "unknown").length, summary.unknownWrites)
  for (const { queue } of samples) assert.isAtLeast(queue, 0)
  for (const { time } of circuit) assert.isTrue(time >= 0 && time <= end)
}

const short = (scenario: Scenario): Scenario => ({ ...scenario, seconds: 12 })

describe("a run", () => {
  it("is the same each time, for each preset", () => {
    for (const { id, scenario } of presets) {
      const one = run(short(scenario))
      assert.strictEqual(hash(one), hash(run(short(scenario))), id)
      check(one)
    }
  })

  it("differs from seed to seed", () => {
    const hashes = [1, 2, 3, 4].map((seed) => hash(run({ ...short(defaultScenario), seed })))
    assert.strictEqual(new Set(hashes).size, 4)
  })

  it("has the same requests in every stack", () => {
    const asked = (scenario: Scenario) =>
      run(short(scenario)).requests.map(({ start, key, write }) => [start, key, write])
    const bare = asked({ ...defaultScenario, stack: [] })
    for (const name of wrapperNames) {
      assert.deepStrictEqual(asked({ ...defaultScenario, stack: [{ name, options: {} }] }), bare, name)
    }
  })

  it("stays the same until a fault begins", () => {
    const from = 9
    const before = run(defaultScenario)
    const after = run({
      ...defaultScenario,
      faults: [...defaultScenario.faults, { kind: "outage", from, until: 12, amount: 1 }]
    })
    const index = firstStepAt(before.steps, from * 1000)
    assert.isAbove(index, 100)
    assert.strictEqual(firstStepAt(after.steps, from * 1000), index)
    for (let i = 0; i < index; i++) assert.deepStrictEqual(stepAt(after.steps, i), stepAt(before.steps, i))
    assert.notStrictEqual(hash(before), hash(after))
  })

  it("fails with a typed error or succeeds, and loses no request, with each wrapper alone", () => {
    for (const name of wrapperNames) {
      for (let seed = 0; seed < 6; seed++) {
        const scenario = randomScenario(seed, 0)
        check(run({ ...scenario, stack: [randomWrapper(new Choices(seed), name)] }))
      }
    }
  })

  it("fails with a typed error or succeeds, and loses no request, in 50 random stacks of up to 8 wrappers", () => {
    for (let seed = 0; seed < 50; seed++) {
      const scenario = randomScenario(seed + 100)
      const result = run(scenario)
      check(result)
      assert.strictEqual(hash(result), hash(run(scenario)), `seed ${seed}`)
    }
  })

  it("runs an empty load and the shortest scenario", () => {
    const result = run({ ...defaultScenario, seconds: 1, load: { ...defaultScenario.load, rate: 0 } })
    assert.deepStrictEqual([result.requests.length, result.steps.length, result.samples.length], [0, 0, 4])
    check(result)
  })

  it("has options beyond their ranges set to the nearest that is allowed", () => {
    const options = { maxConcurrent: -5, maxQueue: Number.NaN, maxWait: "soon" }
    check(run({ ...short(defaultScenario), stack: [{ name: "Bulkhead", options }] }))
  })

  it("shows the steps of a request from the outermost wrapper to the store and back", () => {
    const { steps, layers } = run(presets.find(({ id }) => id === "retry")!.scenario)
    const path = stepsOf(steps, 0).map((i) => {
      const { layer, kind, attempt, outcome } = stepAt(steps, i)
      return [layers[layer]!.name, kind, attempt, outcome]
    })
    assert.deepStrictEqual(path, [
      ["Retry", "enter", 0, undefined],
      ["Timeout", "enter", 0, undefined],
      ["Store", "enter", 0, undefined],
      ["Store", "leave", 0, "ok"],
      ["Timeout", "leave", 0, "ok"],
      ["Retry", "leave", 0, "ok"]
    ])
  })

  it("stops when it has too many calls, such as those of six Retries without a budget", () => {
    const endless = { name: "Retry", options: { maxRetries: 10, initialDelay: 10, factor: 1, budget: false } } as const
    const faults = [{ kind: "outage", from: 2, until: 12, amount: 1 }] as const
    const scenario = {
      ...short(defaultScenario),
      stack: [endless, endless, endless, endless, endless, endless],
      faults
    }
    const result = run(scenario)
    assert.isTrue(result.stoppedAt! > 2000 && result.stoppedAt! < 12_000)
    assert.isAtMost(result.steps.length, 2 * maxCalls)
    assert.isAtMost(result.samples.at(-1)!.time, result.stoppedAt!)
    assert.isUndefined(run(short(defaultScenario)).stoppedAt)
    assert.deepStrictEqual(
      result.requests.filter(({ start }) => start > result.stoppedAt!),
      []
    )
  })

  it("takes time in proportion to its length", () => {
    const { scenario } = presets.find(({ id }) => id === "production")!
    const cpu = (seconds: number): number => {
      const before = process.cpuUsage()
      run({ ...scenario, seconds })
      const { user, system } = process.cpuUsage(before)
      return user + system
    }
    cpu(15)
    // Taken in turns, so that a slow moment of the machine strikes both. Quadratic growth is 4 times.
    const pairs = Array.from({ length: 5 }, () => [cpu(30), cpu(60)] as const)
    const least = (which: 0 | 1) => Math.min(...pairs.map((pair) => pair[which]))
    assert.isBelow(least(1) / least(0), 3)
  })
})
