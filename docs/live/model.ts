/** What the live page shows: a scenario that a link reproduces, and what happened in it. */

/** A wrapper in the stack of a scenario, with the options that the page lets you change. */
export interface Wrapper {
  /** The name of the module, such as `"Retry"`. */
  readonly name: WrapperName
  readonly options: Readonly<Record<string, number | string | boolean>>
}

export type WrapperName =
  | "Timeout"
  | "Hedge"
  | "Retry"
  | "CircuitBreaker"
  | "Bulkhead"
  | "RateLimit"
  | "Deadline"
  | "Aead"
  | "Compression"
  | "LimitSize"
  | "Fallback"
  | "PassthroughCache"
  | "LoadingCache"

/** Something that happens to the store for some time. Times are seconds from the start. */
export interface Fault {
  readonly kind: "slow" | "errors" | "lost-replies" | "silent" | "outage"
  readonly from: number
  readonly until: number
  /** Milliseconds of latency added by `slow`, or the fraction (0 to 1) of calls that `errors` and `lost-replies` strike. */
  readonly amount: number
}

/** All that a link reproduces. */
export interface Scenario {
  readonly seed: number
  /** Length in seconds of virtual time. */
  readonly seconds: number
  /** From the store outward, as a program pipes them. */
  readonly stack: ReadonlyArray<Wrapper>
  readonly load: {
    /** Requests per second. */
    readonly rate: number
    /** Fraction of requests that write. */
    readonly writes: number
    /** Number of different keys. */
    readonly keys: number
    /** Fraction of requests that go to one hot key. */
    readonly hot: number
    /** Whether callers read with `getOrSet`, which loads missing values from a slow origin. */
    readonly loads: boolean
  }
  /** The usual latency of the store: median and 99th percentile in milliseconds. */
  readonly latency: { readonly p50: number; readonly p99: number }
  readonly faults: ReadonlyArray<Fault>
}

/** How a call ended at a layer, or a request at its caller: `"ok"`, `"hit"`, `"miss"`, `"interrupted"` or the tag of an error. */
export type Outcome = string

/** A call entering or leaving a layer. Layer 0 is the outermost, the last one is the store. */
export interface Step {
  /** Milliseconds of virtual time. */
  readonly time: number
  readonly request: number
  readonly layer: number
  readonly kind: "enter" | "leave"
  /** Counts the calls of one request at one layer: 0 for the first attempt. */
  readonly attempt: number
  /** Set for `leave`. */
  readonly outcome?: Outcome
}

export interface Request {
  readonly id: number
  readonly start: number
  /** The time of the answer, or `undefined` if the run ended before. */
  readonly end: number | undefined
  readonly write: boolean
  readonly key: string
  /** `outcome` of the error of a failed write: whether it may have been applied. */
  readonly applied: "applied" | "not-applied" | "unknown" | undefined
  readonly outcome: Outcome | undefined
  /** Whether the value was older than the latest acknowledged write of its key. */
  readonly stale: boolean
}

/** One point of the charts, each 250 milliseconds of virtual time. */
export interface Sample {
  readonly time: number
  /** Requests that ended since the last sample, by outcome. */
  readonly ended: Readonly<Record<Outcome, number>>
  /** Latencies of these requests in milliseconds. */
  readonly p50: number | undefined
  readonly p99: number | undefined
  /** Calls that reached the store since the last sample. */
  readonly storeCalls: number
  /** Fraction of reads answered by a cache, if there is one. */
  readonly hitRate: number | undefined
  readonly retries: number
  /** Calls in the queue of Bulkhead. */
  readonly queue: number
  readonly inFlight: number
  readonly circuit: "closed" | "open" | "half-open" | undefined
}

/** What is wrong with an order of wrappers, in one sentence, and which wrappers it is about. */
export interface Advice {
  readonly outer: WrapperName
  readonly inner: WrapperName
  readonly text: string
}

export interface Summary {
  readonly requests: number
  readonly succeeded: number
  readonly failed: Readonly<Record<Outcome, number>>
  readonly p50: number
  readonly p99: number
  readonly storeCalls: number
  readonly loads: number
  readonly hitRate: number | undefined
  readonly retries: number
  /** Writes whose caller does not know whether they were applied. */
  readonly unknownWrites: number
  readonly staleReads: number
  /** Bytes in the store at the end. */
  readonly storedBytes: number
}

export interface Run {
  readonly scenario: Scenario
  /** The names of the layers, from the outermost to the store. */
  readonly layers: ReadonlyArray<string>
  readonly steps: ReadonlyArray<Step>
  readonly requests: ReadonlyArray<Request>
  readonly samples: ReadonlyArray<Sample>
  readonly summary: Summary
  readonly advice: ReadonlyArray<Advice>
  /** The same scenario with the wrappers in the recommended order, if the order is another. */
  readonly recommended: { readonly stack: ReadonlyArray<Wrapper>; readonly summary: Summary } | undefined
}
