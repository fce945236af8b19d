import type { Wrapper } from "../model.ts"
import { optionsOf } from "./wrappers.ts"

/** The value of an option in a program. A number of milliseconds is written as a duration. */
export type ConfigValue = number | string | boolean | { readonly [name: string]: ConfigValue }

export type Config = { readonly [name: string]: ConfigValue }

/** The options that effect-kv gets for a wrapper of the page, without keys and stores. Times are in milliseconds. */
export const configOf = (wrapper: Wrapper): Config => {
  const options = optionsOf(wrapper)
  const number = (name: string): number => Number(options[name])
  const pick = (...names: ReadonlyArray<string>): Config =>
    Object.fromEntries(names.map((name) => [name, options[name]!]))
  switch (wrapper.name) {
    case "Timeout":
    case "Deadline":
    case "Aead":
    case "LimitSize":
    case "Compression":
    case "Bulkhead":
      return options
    case "RateLimit":
      return {
        ...pick("limit", "window"),
        ...(options.burst !== options.limit && pick("burst")),
        ...(options.onExceeded === "wait" && pick("onExceeded", "maxWait"))
      }
    case "Hedge":
      return {
        after: options.after === "percentile" ? { percentile: number("percentile") } : number("afterMillis"),
        maxExtra: number("maxExtra")
      }
    case "Retry":
      return {
        ...pick("maxRetries", "initialDelay", "factor", "maxDelay", "jitter"),
        budget: options.budget === true ? pick("ratio", "minPerSecond") : false
      }
    case "CircuitBreaker": {
      const window = number("window")
      return {
        trip:
          options.trip === "consecutive failures"
            ? pick("consecutive")
            : { failureRate: number("failureRate"), minCalls: Math.min(number("minCalls"), window), window },
        ...pick("openFor", "factor", "probes")
      }
    }
    case "Fallback":
      return options.recovery === true
        ? { recovery: pick("initialDelay", "maxDelay", "settleTime") }
        : pick("writeToFallback")
    case "PassthroughCache": {
      const isStaleServed = number("maxStale") > 0
      return {
        maxTtl: number("maxTtl"),
        missingTtl: number("maxTtl"),
        ...(options.refreshAhead === true && { refreshAhead: { fraction: 0.2 } }),
        ...(isStaleServed && pick("maxStale", "staleWhileRevalidate")),
        settleTime: number("settleTime")
      }
    }
  }
}
