/**
 * A second attempt for slow reads.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import type { Wrapper } from "../Driver.ts"
import type { Filter } from "../driver/around.ts"
import * as options from "../driver/options.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import type { Meter } from "../telemetry/metrics.ts"
import { monotonicMillis } from "../time/clock.ts"
import { metered } from "./common/metered.ts"
import { Observed } from "./hedge/Observed.ts"
import { race } from "./hedge/race.ts"

/**
 * Options of {@link wrap}.
 *
 * @since 0.1.0
 */
export interface Options {
  /**
   * When a second attempt is sent: after a fixed time, or after the time within which a fraction of the last reads
   * succeeded. Default: `{ percentile: 0.95 }`.
   */
  readonly after?:
    | Duration.Input
    | {
        /** Fraction of the last reads, above 0 and below 1. */
        readonly percentile: number
      }
    | undefined
  /** Maximum number of second attempts per read. 0.05 means at most 5 % more reads. Default: 0.05. */
  readonly maxExtra?: number | undefined
  /** Name of this store, the attribute `db.namespace` of its metrics. Default: none. */
  readonly store?: string | undefined
}

/**
 * Sends a second attempt for slow reads and returns whichever succeeds first.
 *
 * **When to use**
 *
 * Use it where some reads are slow by chance: behind a load balancer, with replicas, in a cluster with one busy node.
 * Put `Hedge` outside `Timeout`, so that each attempt has its limit, and inside `Retry`.
 *
 * **Details**
 *
 * Only reads of keys are hedged: `get`, `getMany`, `ttl`, `ttlMany` and the reads of `Atomic`. Writes are not, because a
 * second attempt would write twice; enumerations are not either.
 *
 * The first success is returned, and the other attempt is interrupted. If one attempt fails, Hedge waits for the other one;
 * if both fail, it fails with the first attempt's error. A read that fails before the second attempt is sent fails at once:
 * use `Retry` for that.
 *
 * Each read adds `maxExtra` to a credit, and a second attempt takes 1 from it. The credit is at most 10, so a store
 * whose reads have all become slow does not get twice the load.
 *
 * The percentile is that of the last 1,750 to 3,500 successful reads, one in seven of which is timed. No second attempt
 * is sent until 25 successful reads have been timed, which takes at least 175 reads.
 *
 * **Errors**
 *
 * Adds no errors to operations. If both attempts fail, the first error is returned. Fails to build with
 * `StoreSetupError` when an option is out of range.
 *
 * **Metrics**
 *
 * `effect_kv.hedge.sent` counts second attempts, `effect_kv.hedge.won` those that succeeded first.
 *
 * **Gotchas**
 *
 * - The store may still do the work of an interrupted attempt, so every second attempt adds load.
 * - A connection returns replies in order. Over a single connection to a single server, the second attempt cannot overtake
 *   the first.
 *
 * **Example**
 *
 * ```ts
 * import { Hedge, Retry, Timeout } from "effect-kv"
 * import * as Redis from "effect-kv/Redis"
 *
 * const Store = Redis.layer({ cluster: { nodes: [{ host: "localhost", port: 7000 }] } }).pipe(
 *   Timeout.wrap("1 second"),
 *   Hedge.wrap({ after: "20 millis" }),
 *   Retry.wrap()
 * )
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (config: Options = {}): Wrapper<never, StoreSetupError> => metered(described.read(config), hedging)

/** @internal */
export const described = options.of<Options>()("Hedge", {
  after: options.union(
    (input) => Predicate.hasProperty(input, "percentile"),
    options.group<{ readonly percentile: number }>()({
      percentile: options.required(options.number({ above: 0, below: 1 }))
    }),
    options.duration({ otherwise: "{ percentile: 0.95 }" })
  ),
  maxExtra: options.number({ min: 0, max: 1, default: 0.05 }),
  store: options.text()
})

/** When to send the second attempt. A percentile is computed from the durations that `add` is given. */
interface Delay {
  /** `undefined` until enough reads were timed. */
  readonly millis: number | undefined
  readonly add?: (nanos: number) => void
}

/** How many unused second attempts are kept. */
const burst = 10

/**
 * One of this many reads is timed. The number is a prime, so that callers which repeat a sequence of reads do not
 * always have the same one timed.
 */
const timedOneIn = 7

const hedging = (
  { after = { percentile: 0.95 }, maxExtra }: options.Values<typeof described>,
  { counter }: Meter
): Filter => {
  const delay: Delay = typeof after === "number" ? { millis: after } : new Observed(after.percentile)
  const onSent = counter("hedge.sent", "Second attempts of reads")
  const onWon = counter("hedge.won", "Second attempts that answered first")
  let credit = 0
  let reads = 0
  const maySend = () => {
    if (credit < 1) return false
    credit--
    onSent()
    return true
  }
  return (call, next) =>
    call._tag !== "get"
      ? next(call)
      : Effect.withFiber((fiber) => {
          credit = Math.min(burst, credit + maxExtra)
          const { millis } = delay
          const attempt = Effect.suspend(() => next(call))
          const hedged = millis === undefined ? attempt : race(attempt, fiber, call, { millis, maySend, onWon })
          const timed = delay.add !== undefined && ++reads % timedOneIn === 0
          return timed ? observing(hedged, fiber.getRef(Clock.Clock), delay) : hedged
        })
}

const observing = <A, E>(read: Effect.Effect<A, E>, clock: Clock.Clock, delay: Delay): Effect.Effect<A, E> => {
  const start = monotonicMillis(clock)
  return Effect.onExitPrimitive(read, (exit) => {
    if (Exit.isSuccess(exit)) delay.add?.((monotonicMillis(clock) - start) * 1e6)
    return undefined
  })
}
