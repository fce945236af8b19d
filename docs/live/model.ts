/** What the live page shows: a scenario that a link reproduces, and what happened in it. */

/** A wrapper in the stack of a scenario, with the options that the page lets you change. */
export interface Wrapper {
  /** The name of the module, such as `"Retry"`. */
  readonly name: WrapperName
  /** The options of `wrappers.ts`. Options that are missing have their defaults. */
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

/** Something that happens to the store for some time. Times are seconds from the start. */
export interface Fault {
  readonly kind: "slow" | "errors" | "lost-replies" | "silent" | "outage"
  readonly from: number
  readonly until: number
  /** Milliseconds of latency added by `slow`, or the fraction (0 to 1) of calls that `errors` and `lost-replies` strike. */
  readonly amount: number
}

/**
 * How callers read.
 *
 * - `"get"`: the store has all values from the start.
 * - `"get-then-load"`: the store is empty. A caller that finds nothing loads the value from the origin, and puts it.
 * - `"getOrSet"`: the same with `KeyValue.getOrSet`, so that callers of one key share a load.
 */
export type Reads = "get" | "get-then-load" | "getOrSet"

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
    readonly reads: Reads
    /** How many seconds a written or loaded value lives. 0 is for ever. */
    readonly ttl: number
  }
  /** The usual latency of the store: median and 99th percentile in milliseconds. */
  readonly latency: { readonly p50: number; readonly p99: number }
  readonly faults: ReadonlyArray<Fault>
}

/** How a call ended at a layer, or a request at its caller: `"ok"`, `"hit"`, `"stale"`, `"miss"`, `"interrupted"`, `"defect"` or the tag of an error. */
export type Outcome = string

/**
 * A place where calls are seen. `wrapper` is a wrapper of the stack, with its index in `scenario.stack`. `store` is the
 * store. After the store may follow the fallback of a `Fallback`, and the origin that values are loaded from.
 */
export interface Layer {
  readonly name: string
  readonly kind: "wrapper" | "store" | "fallback" | "origin"
  /** Index in `scenario.stack`: of the wrapper itself, or of the `Fallback` that the store belongs to. */
  readonly wrapper: number | undefined
}

/** A call entering or leaving a layer. */
export interface Step {
  /** Milliseconds of virtual time. */
  readonly time: number
  /** The id of the request, or -1 for work that a wrapper does in the background (such as a replay of `Fallback`). */
  readonly request: number
  /** Index in `Run.layers`. 0 is the outermost wrapper. */
  readonly layer: number
  readonly kind: "enter" | "leave"
  /** Counts the calls of one request at one layer: 0 for the first. The `leave` has the number of its `enter`. */
  readonly attempt: number
  /** Set for `leave`. */
  readonly outcome: Outcome | undefined
}

/** All steps in the order in which they happened, as columns. `engine/steps.ts` reads them. */
export interface Steps {
  readonly length: number
  readonly time: Float64Array
  readonly request: Int32Array
  readonly layer: Uint8Array
  readonly attempt: Uint16Array
  /** 0 for `enter`, otherwise 1 + the index of the outcome in `outcomes`. */
  readonly outcome: Uint8Array
  readonly outcomes: ReadonlyArray<Outcome>
}

export interface Request {
  /** Index in `Run.requests`, which are in the order of `start`. */
  readonly id: number
  readonly start: number
  /** The time of the answer, or `undefined` if the run ended before. */
  readonly end: number | undefined
  readonly write: boolean
  readonly key: string
  /** Whether a write was applied, as its caller knows it from the answer. `undefined` for reads. */
  readonly applied: "applied" | "not-applied" | "unknown" | undefined
  /** `"ok"`, `"miss"` or the tag of an error. */
  readonly outcome: Outcome | undefined
  /** Whether the value was older than the latest acknowledged write of its key. */
  readonly stale: boolean
}

export type Circuit = "closed" | "open" | "half-open"

/** One point of the charts, each 250 milliseconds of virtual time. */
export interface Sample {
  /** The end of the interval, in milliseconds. */
  readonly time: number
  /** Requests that ended in the interval, by outcome. */
  readonly ended: Readonly<Record<Outcome, number>>
  /** Latencies of these requests in milliseconds. */
  readonly p50: number | undefined
  readonly p99: number | undefined
  /** Calls that reached the store in the interval. */
  readonly storeCalls: number
  /** Fraction of reads that a cache answered, if there is one and it was asked. */
  readonly hitRate: number | undefined
  readonly retries: number
  /** Calls in the queue of Bulkhead. */
  readonly queue: number
  readonly inFlight: number
  /** `undefined` without CircuitBreaker. */
  readonly circuit: Circuit | undefined
}

/** What is wrong with an order of wrappers, in one or two sentences, and which wrappers it is about. */
export interface Advice {
  readonly outer: WrapperName
  readonly inner: WrapperName
  /** Indices in `scenario.stack`. */
  readonly outerIndex: number
  readonly innerIndex: number
  readonly text: string
}

export interface Summary {
  readonly requests: number
  readonly succeeded: number
  readonly failed: Readonly<Record<Outcome, number>>
  /** Latencies of all requests that ended, in milliseconds; 0 if none did. */
  readonly p50: number
  readonly p99: number
  readonly storeCalls: number
  /** Runs of the origin. */
  readonly loads: number
  readonly hitRate: number | undefined
  readonly retries: number
  /** Second attempts of Hedge. */
  readonly hedges: number
  /** Writes whose caller does not know whether they were applied. */
  readonly unknownWrites: number
  readonly staleReads: number
  /** Bytes of the values in the store at the end. */
  readonly storedBytes: number
}

export interface Run {
  readonly scenario: Scenario
  /**
   * The time in milliseconds at which the run was stopped because it had too many calls, or `undefined`. Nothing is known
   * about the time after it, and the last sample may be shorter than the others.
   */
  readonly stoppedAt?: number | undefined
  readonly layers: ReadonlyArray<Layer>
  readonly steps: Steps
  readonly requests: ReadonlyArray<Request>
  readonly samples: ReadonlyArray<Sample>
  /** Each change of the circuit of a CircuitBreaker, with its time in milliseconds. `wrapper` is an index in `scenario.stack`. */
  readonly circuit: ReadonlyArray<{ readonly time: number; readonly wrapper: number; readonly state: Circuit }>
  readonly summary: Summary
  readonly advice: ReadonlyArray<Advice>
  /** The same scenario with the wrappers in the recommended order, if the order is another. */
  readonly recommended: { readonly stack: ReadonlyArray<Wrapper>; readonly summary: Summary } | undefined
}
