/** Scenarios that each show one thing. */
import type { Fault, Scenario, Wrapper, WrapperName } from "../model.ts"

export interface Preset {
  readonly id: string
  readonly title: string
  /** What to look at, in one sentence. */
  readonly watch: string
  /** What the scenario teaches. `engine.presets.test.ts` checks the numbers against the run, and against that of `versus`. */
  readonly lesson: string
  readonly scenario: Scenario
  /** The scenario that the lesson compares with. */
  readonly versus?: Scenario
}

const w = (name: WrapperName, options: Wrapper["options"] = {}): Wrapper => ({ name, options })

interface Parts extends Partial<Omit<Scenario, "load">> {
  readonly load?: Partial<Scenario["load"]>
}

const scenario = ({ load, ...parts }: Parts): Scenario => ({
  seed: 1,
  seconds: 30,
  stack: [],
  latency: { p50: 8, p99: 40 },
  faults: [],
  ...parts,
  load: { rate: 50, writes: 0.2, keys: 500, hot: 0.1, reads: "get", ttl: 0, ...load }
})

const during = (kind: Fault["kind"], from: number, until: number, amount = 0): Fault => ({ kind, from, until, amount })

const flaky = [during("errors", 8, 18, 0.15)]
const allFail = [during("errors", 8, 18, 1)]
const hangs = [during("silent", 8, 18)]
const isDown = [during("outage", 8, 18)]
const tail = { p50: 10, p99: 400 }
const hotKey = { rate: 80, writes: 0, keys: 1, hot: 1, ttl: 2 }

const policies = [w("Timeout"), w("Retry")]
const patient = [w("Timeout", { duration: 500 }), w("Retry", { maxRetries: 1 })]
const breaker = w("CircuitBreaker", { trip: "consecutive failures", openFor: 2000, factor: 1 })
const stale = { maxTtl: 2000, maxStale: 60_000 }

const production = [
  w("Timeout"),
  w("Hedge"),
  w("Retry"),
  w("CircuitBreaker"),
  w("Fallback"),
  w("Bulkhead"),
  w("RateLimit", { limit: 200, burst: 200 }),
  w("Deadline"),
  w("Aead"),
  w("Compression"),
  w("LimitSize", { maxSize: 8192 }),
  w("PassthroughCache", { maxStale: 60_000 })
]

export const presets: ReadonlyArray<Preset> = [
  {
    id: "bare",
    title: "A store without wrappers",
    watch: "From second 8 to 18, the store fails 15 % of its calls, and each failure reaches a caller.",
    lesson: "76 of 1,438 requests fail: without wrappers, callers see every failure of the store.",
    scenario: scenario({ faults: flaky })
  },
  {
    id: "retry",
    title: "Retry",
    watch: "A call that failed goes back to the store after a pause.",
    lesson: "Callers see 76 errors without Retry and 0 with it. This costs 93 further calls of the store.",
    scenario: scenario({ stack: policies, faults: flaky }),
    versus: scenario({ faults: flaky })
  },
  {
    id: "storm",
    title: "A retry storm",
    watch: "All calls fail for ten seconds, and each of them is tried four times.",
    lesson:
      "Without a budget, 957 requests become 3,702 calls of a store that is already in trouble. With the default budget of Retry, there are 1,482.",
    scenario: scenario({ stack: [w("Timeout"), w("Retry", { budget: false })], faults: allFail, load: { rate: 100 } }),
    versus: scenario({ stack: policies, faults: allFail, load: { rate: 100 } })
  },
  {
    id: "timeout-outside",
    title: "Wrong order: Timeout outside Retry",
    watch: "A slow attempt uses up the time of all attempts, so that Retry never gets to work.",
    lesson: "24 requests fail after 0 retries. With Timeout inside Retry, 0 fail after 24 retries.",
    scenario: scenario({ stack: [w("Retry"), w("Timeout")], latency: tail })
  },
  {
    id: "outage",
    title: "A store that does not answer",
    watch: "For ten seconds, callers wait for all attempts of their calls.",
    lesson:
      "A call that fails takes 1,095 ms in the median, because it waits for the timeout of each attempt. Up to 74 callers wait at the same time.",
    scenario: scenario({ stack: patient, faults: hangs })
  },
  {
    id: "circuit-breaker",
    title: "CircuitBreaker",
    watch: "The circuit opens, calls fail at once, and a few calls test whether the store is back.",
    lesson: "389 calls fail at once. While the store hangs, it gets 157 calls instead of 792.",
    scenario: scenario({ stack: [...patient, breaker], faults: hangs }),
    versus: scenario({ stack: patient, faults: hangs })
  },
  {
    id: "stale-cache",
    title: "A cache that survives an outage",
    watch: "While the store is down, the cache answers with copies that are no longer fresh.",
    lesson:
      "466 reads fail without stale copies, and 1 with them. These asked for keys of which the cache had no copy. Writes still fail: 13 of them.",
    scenario: scenario({
      stack: [...policies, breaker, w("PassthroughCache", stale)],
      faults: isDown,
      load: { keys: 40, writes: 0.02 }
    }),
    versus: scenario({
      stack: [...policies, breaker, w("PassthroughCache", { ...stale, maxStale: 0 })],
      faults: isDown,
      load: { keys: 40, writes: 0.02 }
    })
  },
  {
    id: "stampede",
    title: "A stampede on one key",
    watch: "Each time that the hot key expires, all its callers load it from the origin.",
    lesson: "The origin loads 113 times, although the hot key expires only every two seconds.",
    scenario: scenario({ load: { ...hotKey, reads: "get-then-load" } })
  },
  {
    id: "single-flight",
    title: "One load for all callers",
    watch: "When the hot key expires, one caller loads it, and the others wait for the same load.",
    lesson: "The origin loads 15 times instead of 113.",
    scenario: scenario({ load: { ...hotKey, reads: "getOrSet" } }),
    versus: scenario({ load: { ...hotKey, reads: "get-then-load" } })
  },
  {
    id: "bulkhead",
    title: "Bulkhead in front of a slow store",
    watch: "The store becomes slow, calls wait in the queue, and those that would wait too long are rejected.",
    lesson:
      "The slow store has at most 20 calls at a time, instead of 47. In exchange, 191 calls are rejected before they reach the store.",
    scenario: scenario({
      stack: [w("Timeout", { duration: 2000 }), w("Bulkhead", { maxConcurrent: 20, maxQueue: 50, maxWait: 500 })],
      faults: [during("slow", 8, 18, 400)],
      load: { rate: 80 }
    }),
    versus: scenario({
      stack: [w("Timeout", { duration: 2000 })],
      faults: [during("slow", 8, 18, 400)],
      load: { rate: 80 }
    })
  },
  {
    id: "hedge",
    title: "Hedge against slow reads",
    watch: "A read that takes long gets a second attempt, and the first answer wins.",
    lesson: "99 % of the requests take at most 174 ms, instead of 343 ms, for 85 further reads.",
    scenario: scenario({ stack: [w("Timeout", { duration: 2000 }), w("Hedge", { maxExtra: 0.1 })], latency: tail }),
    versus: scenario({ stack: [w("Timeout", { duration: 2000 })], latency: tail })
  },
  {
    id: "lost-replies",
    title: "Lost replies",
    watch: "The store applies writes, but their replies are lost.",
    lesson:
      '134 writes fail, although the store has applied them. Their callers cannot know that: the outcome of each error is "unknown".',
    scenario: scenario({ stack: [w("Timeout")], faults: [during("lost-replies", 8, 18, 0.5)], load: { writes: 0.5 } })
  },
  {
    id: "fallback",
    title: "Fallback with replay",
    watch: "While the store is down, writes go to the second store, and are replayed when the store is back.",
    lesson:
      "0 writes fail, and 0 reads are stale. 81 reads fail, because the second store has only what was written in the outage. With writeToFallback and no journal, 85 reads are stale, because the first store has missed these writes.",
    scenario: scenario({
      stack: [...policies, breaker, w("Fallback")],
      faults: isDown,
      load: { keys: 50, writes: 0.4 }
    }),
    versus: scenario({
      stack: [...policies, breaker, w("Fallback", { recovery: false, writeToFallback: true })],
      faults: isDown,
      load: { keys: 50, writes: 0.4 }
    })
  },
  {
    id: "compression-inside",
    title: "Wrong order: Compression inside encryption",
    watch: "Values are encrypted before Compression gets them.",
    lesson: "The store holds 909 KB. With Compression outside Aead, it holds 430 KB.",
    scenario: scenario({ stack: [w("Compression"), w("Aead")] })
  },
  {
    id: "rate-limit",
    title: "RateLimit",
    watch: "The store may get 40 calls per second, and further calls are rejected.",
    lesson: "200 of 1,438 calls are rejected, and the store gets 1,238.",
    scenario: scenario({ stack: [w("RateLimit", { limit: 40, burst: 40 })] }),
    versus: scenario({})
  },
  {
    id: "production",
    title: "All of them, in the recommended order",
    watch: "The store is flaky, then slow, then down.",
    lesson:
      "116 of 1,438 requests fail, instead of 421 without wrappers. The store gets 1,109 calls instead of 1,438, and holds 365 KB instead of 730 KB.",
    scenario: scenario({
      stack: production,
      faults: [during("errors", 4, 9, 0.2), during("slow", 11, 16, 200), during("outage", 18, 26)]
    }),
    versus: scenario({
      faults: [during("errors", 4, 9, 0.2), during("slow", 11, 16, 200), during("outage", 18, 26)]
    })
  }
]

/** The scenario that the page begins with. */
export const defaultScenario: Scenario = presets.find(({ id }) => id === "retry")!.scenario
