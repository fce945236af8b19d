/**
 * A second attempt of a read that takes longer than usual.
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
 * Sends a read a second time when it takes long, and answers what comes first.
 *
 * **When to use**
 *
 * Use it where some reads are slow by chance: behind a load balancer, with replicas, in a cluster of which one node is
 * busy. It belongs outside of `Timeout`, so that each attempt has its limit, and inside of `Retry`.
 *
 * **Details**
 *
 * Only reads of keys are hedged: `get`, `getMany`, `ttl`, `ttlMany` and the reading half of `Atomic`. Writes, whose
 * second attempt would be a second write, and enumerations are not.
 *
 * The first success is the answer, and the other attempt is interrupted. If one fails, the other one is waited for; if
 * both do, the error is the first attempt's. A read that fails before its time has no second attempt: that is `Retry`'s.
 *
 * Reads earn second attempts (`maxExtra`), of which ten are kept at most: so a store of which all reads have become slow
 * is not loaded twice.
 *
 * A percentile is that of the last 1,750 to 3,500 reads that succeeded, of which one in seven is timed. There are no
 * second attempts until there were 175.
 *
 * Metrics: `effect_kv.hedge.sent` counts second attempts, `effect_kv.hedge.won` those that answered first.
 *
 * **Gotchas**
 *
 * - An attempt that is interrupted may still be answered: it is load for the store all the same.
 * - Two commands of one connection are answered in their order. Over a single connection to a single server a second
 *   attempt cannot overtake the first.
 *
 * Fails to build with `StoreSetupError` when an option is out of range.
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
export const wrap = (config: Options = {}): Wrapper<never, StoreSetupError> =>
  metered(Effect.map(described.read(config), policyOf), (policy, { counter }) =>
    hedging({
      ...policy,
      onSent: counter("hedge.sent", "Second attempts of reads"),
      onWon: counter("hedge.won", "Second attempts that answered first")
    })
  )

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

/** After how many milliseconds there is a second attempt, and what it is to be told of each read. */
interface Delay {
  readonly millis: number | undefined
  readonly add?: (nanos: number) => void
}

const delayOf = (after: number | { readonly percentile: number } = { percentile: 0.95 }): Delay =>
  typeof after === "number" ? { millis: after } : new Observed(after.percentile)

const policyOf = ({ after, maxExtra, store }: options.Values<typeof described>) => ({
  delay: delayOf(after),
  maxExtra,
  store
})

interface Policy {
  readonly delay: Delay
  readonly maxExtra: number
  readonly onSent: () => void
  readonly onWon: () => void
}

/** How many second attempts are kept for later. */
const burst = 10

/** One read in so many is timed: a prime, which does not keep step with callers that go in rounds. */
const timedOneIn = 7

const hedging = ({ delay, maxExtra, onSent, onWon }: Policy): Filter => {
  let credit = 0
  let reads = 0
  const may = () => {
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
          const answer = millis === undefined ? attempt : race(attempt, fiber, call, { millis, may, onWon })
          const timed = delay.add !== undefined && ++reads % timedOneIn === 0
          return timed ? observing(answer, fiber.getRef(Clock.Clock), delay) : answer
        })
}

const observing = <A, E>(answer: Effect.Effect<A, E>, clock: Clock.Clock, delay: Delay): Effect.Effect<A, E> => {
  const start = monotonicMillis(clock)
  return Effect.onExitPrimitive(answer, (exit) => {
    if (Exit.isSuccess(exit)) delay.add?.((monotonicMillis(clock) - start) * 1e6)
    return undefined
  })
}
