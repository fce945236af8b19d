/** What the heads of the columns say at a time. */
import type { Layer, Run } from "../model.ts"
import { count, percent } from "./format.ts"
import { isFailure } from "./outcomes.ts"
import { callers } from "./tracks.ts"

/** What each wrapper counts: calls that it answered with these errors. */
const counted: Readonly<Record<string, { readonly tag: string; readonly name: string }>> = {
  Timeout: { tag: "TimeoutError", name: "timed out" },
  Deadline: { tag: "TimeoutError", name: "timed out" },
  RateLimit: { tag: "RateLimitedError", name: "rejected" },
  Bulkhead: { tag: "BulkheadFullError", name: "rejected" },
  CircuitBreaker: { tag: "CircuitOpenError", name: "rejected" },
  LimitSize: { tag: "EntryTooLargeError", name: "rejected" }
}

/** Returns a function that reads the heads of all columns, by place, at a sample. */
export const gaugesOf = (run: Run) => {
  const size = run.samples.length
  const perLayer = () => run.layers.map(() => new Uint32Array(size))
  const entered = perLayer()
  const tagged = perLayer()
  const tags = run.layers.map(({ name }) => run.steps.outcomes.indexOf(counted[name]?.tag ?? "") + 1)
  const { length, time, layer, outcome } = run.steps
  for (let i = 0; i < length; i++) {
    const at = Math.min(size - 1, Math.floor(time[i]! / 250))
    if (outcome[i] === 0) entered[layer[i]!]![at]!++
    else if (outcome[i] === tags[layer[i]!]) tagged[layer[i]!]![at]!++
  }
  const succeeded = new Uint32Array(size)
  const failed = new Uint32Array(size)
  const retried = new Uint32Array(size)
  run.samples.forEach(({ ended, retries }, at) => {
    retried[at] = retries
    for (const [name, n] of Object.entries(ended)) {
      if (isFailure(name)) failed[at]! += n
      else succeeded[at]! += n
    }
  })
  for (const all of [...entered, ...tagged, succeeded, failed, retried]) accumulate(all)

  const ofWrapper = (name: string, place: number, at: number): ReadonlyArray<string> => {
    const sample = run.samples[at]!
    const tag = counted[name]
    const errors = tagged[place]![at]!
    const refused = tag === undefined || errors === 0 ? [] : [`${count(errors)} ${tag.name}`]
    switch (name) {
      case "Retry":
        return [plural(retried[at]!, "retry", "retries")]
      case "CircuitBreaker":
        return [sample.circuit ?? "closed", ...refused]
      case "Bulkhead":
        return [`${count(sample.queue)} waiting`, ...refused]
      case "PassthroughCache":
        return sample.hitRate === undefined ? [] : [`${percent(sample.hitRate)} hits`]
      case "Hedge":
        return [`${count(Math.max(0, entered[place + 1]![at]! - entered[place]![at]!))} sent again`]
      default:
        return refused
    }
  }

  return (place: number, at: number): ReadonlyArray<string> => {
    if (size === 0) return []
    if (place === callers) return [`✓ ${count(succeeded[at]!)}`, `✗ ${count(failed[at]!)}`]
    const { kind, name } = run.layers[place]!
    switch (kind) {
      case "wrapper":
        return ofWrapper(name, place, at)
      case "origin":
        return [plural(entered[place]![at]!, "load", "loads")]
      default:
        return [plural(entered[place]![at]!, "call", "calls")]
    }
  }
}

const plural = (n: number, one: string, many: string): string => `${count(n)} ${n === 1 ? one : many}`

const accumulate = (all: Uint32Array): void => {
  for (let i = 1; i < all.length; i++) all[i]! += all[i - 1]!
}

/** The state of each CircuitBreaker at a time in milliseconds. */
export const circuitsAt = (run: Run, time: number) => {
  const state = new Map<number, Run["circuit"][number]["state"]>()
  run.layers.forEach((layer: Layer, place) => {
    if (layer.name === "CircuitBreaker") state.set(place, "closed")
  })
  for (const change of run.circuit) {
    if (change.time > time) break
    state.set(
      run.layers.findIndex(({ kind, wrapper }) => kind === "wrapper" && wrapper === change.wrapper),
      change.state
    )
  }
  return [...state].map(([place, state]) => ({ place, state }))
}
