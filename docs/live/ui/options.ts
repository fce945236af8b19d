/** Which options of a wrapper matter, given its other options. The page hides the others. */
import { optionsOf } from "../engine/wrappers.ts"
import type { Wrapper } from "../model.ts"

type Values = Readonly<Record<string, number | string | boolean>>

const conditions: Readonly<Record<string, Readonly<Record<string, (values: Values) => boolean>>>> = {
  Hedge: {
    percentile: ({ after }) => after === "percentile",
    afterMillis: ({ after }) => after === "fixed time"
  },
  Retry: {
    ratio: ({ budget }) => budget === true,
    minPerSecond: ({ budget }) => budget === true
  },
  CircuitBreaker: {
    failureRate: ({ trip }) => trip === "failure rate",
    minCalls: ({ trip }) => trip === "failure rate",
    window: ({ trip }) => trip === "failure rate",
    consecutive: ({ trip }) => trip === "consecutive failures"
  },
  RateLimit: {
    maxWait: ({ onExceeded }) => onExceeded === "wait"
  },
  Fallback: {
    writeToFallback: ({ recovery }) => recovery === false,
    initialDelay: ({ recovery }) => recovery === true,
    maxDelay: ({ recovery }) => recovery === true,
    settleTime: ({ recovery }) => recovery === true
  },
  PassthroughCache: {
    staleWhileRevalidate: ({ maxStale }) => Number(maxStale) > 0
  }
}

export const isUsed = (wrapper: Wrapper, option: string): boolean =>
  conditions[wrapper.name]?.[option]?.(optionsOf(wrapper)) ?? true
