/**
 * Simulates a stack under faults in virtual time, and checks its guarantees. The same seed gives the same run.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as options from "../driver/options.ts"
import type { KeyValue } from "../KeyValue.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { servicesOf } from "./simulation/Client.ts"
import type { Faults, Faulty } from "./simulation/faulty.ts"
import { hazards as allHazards, type Hazard } from "./simulation/hazards.ts"
import { planOf } from "./simulation/planning.ts"
import { merge, type Report } from "./simulation/Report.ts"
import { reportOf, type Simulation } from "./simulation/reportOf.ts"
import { run as runPlan } from "./simulation/run.ts"
import type { Throwing } from "./simulation/Thrown.ts"

export { defaultRates, type Faults, type Faulty } from "./simulation/faulty.ts"
export { type Hazard, hazards } from "./simulation/hazards.ts"
export { type Finding, merge, type Report } from "./simulation/Report.ts"
export type { Throwing } from "./simulation/Thrown.ts"
export type { Violation, ViolationKind } from "./simulation/Violation.ts"

/**
 * Options of {@link run}.
 *
 * @since 0.1.0
 */
export interface Options<E = never> {
  /**
   * Function that builds the stack. Stores that are wrapped with `faulty` have faults; give each store its own name.
   * Callbacks that are wrapped with `throwing`, such as predicates, sometimes throw, if `throws` is among the hazards.
   */
  readonly stack: (faulty: Faulty, throwing: Throwing) => Layer.Layer<KeyValue, E>
  /**
   * Further events, in addition to reads, writes and faults of stores: some of {@link hazards}, or `"all"`.
   * Default: none.
   */
  readonly hazards?: "all" | ReadonlyArray<Hazard> | undefined
  /**
   * Longest time that an operation may take, if a `Timeout` or `Deadline` is outermost in the stack. A longer operation
   * is a `hang`. Without a limit, only an operation that never ends, or that waits for no store, is a `hang`.
   * Default: no limit.
   */
  readonly limit?: Duration.Input | undefined
  /** Whether the stack has a `Deadline`, so that the time budget of a caller is also a limit. Default: false. */
  readonly budgets?: boolean | undefined
  /** How long an operation on the closed stack may take to fail: the pauses of its `Retry`. Default: 0. */
  readonly failsAfterCloseWithin?: Duration.Input | undefined
  /**
   * Whether the stores keep their entries, or are empty, after the stack was closed and built again. Default: `"kept"`.
   */
  readonly afterRestart?: "kept" | "empty" | undefined
  /** Names of stores that must have the same contents at the end. Default: none. */
  readonly alike?: ReadonlyArray<string> | undefined
  /** Number of runs. Each run has its own seed. Default: 100. */
  readonly seeds?: number | undefined
  /** Seed of the first run. The others follow it. Default: 0. */
  readonly firstSeed?: number | undefined
  /** Number of operations per run. Default: 50. */
  readonly operations?: number | undefined
  /** Number of concurrent clients. Default: 5. */
  readonly clients?: number | undefined
  /** Number of keys that the clients share. Default: 3. */
  readonly keys?: number | undefined
  /** How long a client waits for a result before it gives up. Default: 10 seconds. */
  readonly patience?: Duration.Input | undefined
  /** How long after the last fault the stack must have recovered. Default: 1 minute. */
  readonly recovery?: Duration.Input | undefined
  /** How stale `get` and `getMany` may be. Default: none. */
  readonly staleness?:
    | {
        /** How long ago the value that is read may have been replaced. */
        readonly bound: Duration.Input
        /**
         * Whether reads may be stale at any time (`"always"`), or only during a write of the key and for the time of
         * `bound` after it (`"unsettled"`). That time counts from when the write succeeded or, if it had failed, from when
         * it was applied.
         */
        readonly when: "always" | "unsettled"
      }
    | undefined
  /** Whether a `delete` that returns `false` certainly found nothing. Default: true. */
  readonly countsDeletes?: boolean | undefined
  /** How many violations are shrunk to the shortest history that shows them. Default: 1. */
  readonly shrinks?: number | undefined
}

/**
 * Runs a stack under faults, once for each seed, and checks what happened.
 *
 * **When to use**
 *
 * Use it to test your own store, wrapper or stack: with a few seeds in each test run, and with many before a release.
 *
 * **Details**
 *
 * In each run, several clients read, write and delete a few keys concurrently, in virtual time. Meanwhile, the stores
 * that `faulty` wraps fail, stall, reply late, apply calls late, and are down (see {@link defaultRates} and `Chaos`).
 * With {@link hazards}, the workload also has `getOrSet`, interruptions, clock jumps, restarts and others. There are no
 * faults, and no time passes, while the stack is built for the first time.
 *
 * At the end, all faults stop. After `recovery`, every key must be readable; with hazards, it must also be writable.
 * The seed determines which operations run, when, and with which faults. The same seed gives the same history.
 *
 * Each key must be a linearizable register: every operation takes effect at one moment between its call and its reply,
 * and a read returns the value of that moment. The rules for writes and TTLs are:
 *
 * - A write that failed with the outcome `"not-applied"` never takes effect.
 * - A write that failed with `"unknown"`, or whose client gave up, may take effect at any time or never.
 * - A write that reached a store several times (it was retried, or went on after a timeout) may take effect several
 *   times. No wrapper can prevent that.
 * - TTLs are exact to the millisecond.
 * - Batches are checked key by key.
 *
 * An operation hangs if one of these is true, all in virtual time:
 *
 * - It has not ended, and nothing is left that could still happen.
 * - Its client gave up after `patience`, and no store had a call to reply to.
 * - It took longer than the `limit` of the stack.
 *
 * An operation in flight when the stack is closed must end with its result or a typed error. An operation that starts
 * later must fail at once.
 *
 * A violation comes with its seed and a history. The first `shrinks` violations are shrunk: their histories have only
 * the operations and faults that show the violation.
 *
 * **Errors**
 *
 * Fails with the error of the stack when the stack cannot be built, and with `StoreSetupError` when an option is not
 * valid. Options with which a run would do nothing, such as `operations: 0`, are not valid.
 *
 * **Gotchas**
 *
 * - With `restarts`, the stores keep their entries when the stack is closed, except stores with `copies`. Set
 *   `afterRestart: "empty"` if the stack guarantees nothing about entries from before a restart.
 * - Time is virtual. Stores that work outside the process or in another thread cannot take part, nor can compression
 *   of more than 64 KiB.
 * - Give each store its own name, and build new layers inside `stack`, so that no run sees the entries of another.
 *
 * **Example** (In a test)
 *
 * ```ts
 * import { assert, it } from "@effect/vitest"
 * import { Effect } from "effect"
 * import { Memory, Retry, Timeout } from "effect-kv"
 * import { Simulation } from "effect-kv/testing"
 *
 * it.live("my stack keeps its guarantees", () =>
 *   Effect.gen(function* () {
 *     const report = yield* Simulation.run({
 *       stack: (faulty) => faulty("primary", Memory.layer()).pipe(Timeout.wrap("300 millis"), Retry.wrap())
 *     })
 *     assert.deepStrictEqual(report.findings, [])
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 */
export const run = Effect.fnUntraced(function* <E>(config: Options<E>): Effect.fn.Return<Report, E | StoreSetupError> {
  const read = yield* described.read(config)
  const simulation = yield* prepare(read.stack as Options<E>["stack"], read)
  const reports: Array<Report> = []
  let { shrinks } = read
  for (let seed = read.firstSeed; seed < read.firstSeed + read.seeds; seed++) {
    const plan = simulation.planOf(seed)
    const run = yield* runPlan(simulation.subject, plan)
    const report = yield* reportOf(simulation, plan, run, shrinks)
    reports.push(report)
    shrinks -= report.findings.length
    yield* Effect.yieldNow
  }
  return merge(reports)
})

/** Builds the stack once, to find out which capabilities and stores it has. */
const prepare = Effect.fnUntraced(function* <E>(
  stack: Options<E>["stack"],
  options: options.Values<typeof described>
): Effect.fn.Return<Simulation<E>, E> {
  const { operations, clients, keys, patience, recovery, alike, staleness, countsDeletes } = options
  const stores = new Map<string, Faults>()
  const scope = yield* Scope.make()
  const remember = (name: string, store: unknown, faults: Faults = {}) => {
    stores.set(name, faults)
    return store as ReturnType<Faulty> as any
  }
  const layer = stack(remember, (callback) => callback)
  const services = servicesOf(yield* Layer.buildWithMemoMap(layer, Layer.makeMemoMapUnsafe(), scope))
  yield* Scope.close(scope, Exit.void)
  const atomic = services.atomic !== undefined
  const setting = {
    operations,
    clients,
    keys,
    atomic,
    lists: services.enumeration !== undefined,
    removes: services.maintenance !== undefined,
    stores: [...stores].flatMap(([name, { outages = true }]) => (outages ? [name] : [])),
    hazards: new Set(options.hazards === "all" ? allHazards : options.hazards)
  }
  const fresh = options.afterRestart === "empty"
  return {
    subject: { stack, patience, recovery, alike, fresh },
    expected: {
      staleness: staleness === undefined ? { _tag: "never" } : { _tag: staleness.when, millis: staleness.bound },
      countsDeletes,
      atomic,
      fresh,
      limits: { millis: options.limit, budgets: options.budgets, afterClose: options.failsAfterCloseWithin }
    },
    planOf: (seed) => planOf({ ...setting, seed })
  }
})

/** @internal */
export const described = options.of<Options<any>>()("Simulation", {
  stack: options.required(options.callback<Options<any>["stack"]>()),
  hazards: options.either(["all"], options.list(options.oneOf(allHazards))),
  limit: options.duration({ default: Number.POSITIVE_INFINITY, infinite: true, otherwise: "no limit" }),
  budgets: options.boolean({ default: false }),
  failsAfterCloseWithin: options.duration({ zero: true, default: 0 }),
  afterRestart: options.oneOf(["kept", "empty"], { default: "kept" }),
  alike: options.list(options.text()),
  seeds: options.integer({ min: 1, default: 100 }),
  firstSeed: options.integer({ min: 0, default: 0 }),
  operations: options.integer({ min: 1, max: 1_000_000, default: 50 }),
  clients: options.integer({ min: 1, max: 1_000_000, default: 5 }),
  keys: options.integer({ min: 1, max: 1_000_000, default: 3 }),
  patience: options.duration({ default: "10 seconds" }),
  recovery: options.duration({ default: "1 minute" }),
  staleness: options.optional(
    options.group<NonNullable<Options["staleness"]>>()({
      bound: options.required(options.duration({ zero: true })),
      when: options.required(options.oneOf(["always", "unsettled"]))
    })
  ),
  countsDeletes: options.boolean({ default: true }),
  shrinks: options.integer({ min: 0, default: 1 })
})
