/** The wrappers that the page offers, and the options that it lets you change. */
import type { Wrapper, WrapperName } from "../model.ts"

/** An option of a wrapper, with the range of its input. */
export interface Option {
  readonly name: string
  readonly label: string
  readonly kind: "integer" | "number" | "millis" | "boolean" | "choice"
  /** For `integer`, `number` and `millis`. */
  readonly min?: number
  readonly max?: number
  readonly step?: number
  /** For `choice`. */
  readonly choices?: ReadonlyArray<string>
  /** The value that the page begins with. */
  readonly default: number | boolean | string
  /** The default of effect-kv, if it has one of the same form. `code.ts` leaves out options that have it. */
  readonly usual?: number | boolean | string
  readonly unit?: string
}

export interface WrapperInfo {
  /** What the wrapper does, in one sentence. */
  readonly summary: string
  /** How this page differs from a program, as a sentence for the reader. */
  readonly note?: string
  readonly options: ReadonlyArray<Option>
}

const millis = (name: string, label: string, min: number, max: number, initial: number, usual?: number): Option => ({
  name,
  label,
  kind: "millis",
  min,
  max,
  step: min >= 50 ? 50 : 10,
  default: initial,
  ...(usual !== undefined && { usual }),
  unit: "ms"
})

const integer = (
  name: string,
  label: string,
  min: number,
  max: number,
  initial: number,
  usual?: number,
  unit?: string
): Option => ({
  name,
  label,
  kind: "integer",
  min,
  max,
  step: 1,
  default: initial,
  ...(usual !== undefined && { usual }),
  ...(unit !== undefined && { unit })
})

const number = (
  name: string,
  label: string,
  [min, max, step]: readonly [min: number, max: number, step: number],
  initial: number,
  usual?: number
): Option => ({ name, label, kind: "number", min, max, step, default: initial, ...(usual !== undefined && { usual }) })

const flag = (name: string, label: string, initial: boolean, usual?: boolean): Option => ({
  name,
  label,
  kind: "boolean",
  default: initial,
  ...(usual !== undefined && { usual })
})

const choice = (
  name: string,
  label: string,
  choices: ReadonlyArray<string>,
  initial: string,
  usual?: string
): Option => ({
  name,
  label,
  kind: "choice",
  choices,
  default: initial,
  ...(usual !== undefined && { usual })
})

export const wrappers: Readonly<Record<WrapperName, WrapperInfo>> = {
  Timeout: {
    summary: "Fails a call that takes too long with TimeoutError.",
    options: [millis("duration", "Limit on each call", 10, 10_000, 300, 5000)]
  },
  Hedge: {
    summary: "Sends a second attempt for a slow read and returns whichever answers first.",
    options: [
      choice("after", "When to send it", ["percentile", "fixed time"], "percentile", "percentile"),
      number("percentile", "Percentile of the last reads", [0.5, 0.99, 0.01], 0.95, 0.95),
      millis("afterMillis", "Fixed time", 10, 2000, 50),
      number("maxExtra", "Most second attempts per read", [0, 1, 0.01], 0.05, 0.05)
    ]
  },
  Retry: {
    summary: "Repeats a call that failed with a retryable error, after a pause that grows.",
    options: [
      integer("maxRetries", "Attempts after the first", 0, 10, 3, 3),
      millis("initialDelay", "First pause", 10, 2000, 100, 100),
      number("factor", "Growth of the pause", [1, 5, 0.5], 2, 2),
      millis("maxDelay", "Longest pause", 10, 30_000, 10_000, 10_000),
      flag("jitter", "Vary the pauses", true, true),
      flag("budget", "Limit the retries of all callers", true, true),
      number("ratio", "Retries per call in the budget", [0, 1, 0.05], 0.2, 0.2),
      integer("minPerSecond", "Retries per second at least", 0, 100, 10, 10)
    ]
  },
  CircuitBreaker: {
    summary: "Fails calls at once with CircuitOpenError while the store is down.",
    options: [
      choice(
        "trip",
        "What opens the circuit",
        ["failure rate", "consecutive failures"],
        "failure rate",
        "failure rate"
      ),
      number("failureRate", "Failure rate", [0.05, 1, 0.05], 0.5, 0.5),
      integer("minCalls", "Calls before the rate counts", 1, 100, 20, 20),
      integer("window", "Calls that the rate is computed from", 1, 1000, 100, 100),
      integer("consecutive", "Consecutive failures", 1, 100, 5),
      millis("openFor", "How long it stays open at first", 100, 30_000, 2000, 5000),
      number("factor", "Growth of this time", [1, 5, 0.5], 2, 2),
      integer("probes", "Calls that test the store", 1, 10, 1, 1)
    ]
  },
  Bulkhead: {
    summary: "Limits how many calls run at the same time. Others wait in a queue.",
    options: [
      integer("maxConcurrent", "Calls at a time", 1, 500, 20, 100),
      integer("maxQueue", "Calls in the queue", 0, 5000, 100, 1000),
      millis("maxWait", "Longest wait in the queue", 10, 10_000, 500, 1000)
    ]
  },
  RateLimit: {
    summary: "Limits how many calls may start per second.",
    options: [
      integer("limit", "Calls per window", 1, 1000, 80),
      millis("window", "Window", 100, 10_000, 1000, 1000),
      integer("burst", "Calls at once after a pause", 1, 1000, 80),
      choice("onExceeded", "What happens to further calls", ["fail", "wait"], "fail", "fail"),
      millis("maxWait", "Longest wait", 10, 10_000, 1000, 1000)
    ]
  },
  Deadline: {
    summary: "Limits the time of all attempts, pauses and queues of a call together.",
    options: [millis("duration", "Limit on the whole call", 50, 20_000, 1000)]
  },
  Aead: {
    summary: "Encrypts values, and binds each value to its key.",
    note: "This page encrypts with XChaCha20-Poly1305, because browsers encrypt with the default, AES-256-GCM, only asynchronously.",
    options: []
  },
  Compression: {
    summary: "Compresses values.",
    note: "This page compresses with fflate, so that the sizes are the same in all browsers.",
    options: [
      choice("algorithm", "Algorithm", ["gzip", "deflate"], "gzip", "gzip"),
      integer("minSize", "Size from which values are compressed", 0, 8192, 1024, 1024, "bytes"),
      choice("envelope", "Stored as", ["json", "binary"], "binary", "json")
    ]
  },
  LimitSize: {
    summary: "Rejects values that are too large.",
    options: [
      integer("maxSize", "Largest value", 256, 65_536, 3072, undefined, "bytes"),
      choice("onTooLarge", "A value that is too large", ["fail", "ignore", "delete"], "fail", "fail")
    ]
  },
  Fallback: {
    summary: "Uses a second store while the first is unavailable.",
    options: [
      flag("recovery", "Keep writes in a journal and replay them", true),
      flag("writeToFallback", "Write to the second store (without a journal)", false, false),
      millis("initialDelay", "First pause before the store is tried again", 10, 10_000, 100, 100),
      millis("maxDelay", "Longest such pause", 100, 60_000, 1000, 10_000),
      millis("settleTime", "How long an unknown write may still be applied", 100, 60_000, 2000, 30_000)
    ]
  },
  PassthroughCache: {
    summary: "Answers reads from memory, and asks the store only for what it does not have.",
    options: [
      integer("maxEntries", "Entries in memory", 1, 100_000, 10_000),
      millis("maxTtl", "How long a copy is fresh", 100, 3_600_000, 5000, 1_800_000),
      flag("refreshAhead", "Refresh copies before they become stale", false, false),
      millis("maxStale", "How long a stale copy may be served when the store fails", 0, 3_600_000, 0, 0),
      flag("staleWhileRevalidate", "Serve a stale copy at once", false, false),
      millis("settleTime", "How long an unknown write may still be applied", 100, 60_000, 5000, 30_000)
    ]
  }
}

export const wrapperNames = Object.keys(wrappers) as ReadonlyArray<WrapperName>

/** Makes a wrapper with the defaults of the page. */
export const wrapperOf = (name: WrapperName, options: Wrapper["options"] = {}): Wrapper => ({ name, options })

/**
 * All options of a wrapper. Options that are missing or not valid have the default of the page, and numbers beyond their
 * range are the nearest number that is allowed.
 */
export const optionsOf = ({ name, options }: Wrapper): Readonly<Record<string, number | string | boolean>> =>
  Object.fromEntries(wrappers[name].options.map((option) => [option.name, valid(option, options[option.name])]))

const valid = (option: Option, value: unknown): number | string | boolean => {
  switch (option.kind) {
    case "boolean":
      return typeof value === "boolean" ? value : option.default
    case "choice":
      return typeof value === "string" && option.choices!.includes(value) ? value : option.default
    default: {
      if (typeof value !== "number" || Number.isNaN(value)) return option.default
      const inRange = Math.min(option.max!, Math.max(option.min!, value))
      return option.kind === "integer" ? Math.round(inRange) : inRange
    }
  }
}
