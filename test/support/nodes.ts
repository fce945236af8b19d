import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Atomic from "../../src/Atomic.ts"
import * as Driver from "../../src/Driver.ts"
import type { KeyValue } from "../../src/KeyValue.ts"
import * as Memory from "../../src/stores/Memory.ts"
import { monotonicMillis } from "../../src/time/clock.ts"

/** How the clock of a node differs from that of the test. */
export interface Drift {
  /** How far the wall clock is ahead, in milliseconds. Tests may change it. */
  wall: number
  /** How far the monotonic clock is ahead, in milliseconds. Tests may change it: it then stands for a pause. */
  monotonic: number
  /** How fast the monotonic clock runs. */
  readonly rate: number
  /**
   * Until when the process stands still, by the monotonic clock of the test in milliseconds, which goes on meanwhile. Timers and
   * replies that are due come after that, all at once. Tests may change it.
   */
  pausedUntil: number
}

/** Waits while a process stands still. */
const awake = (clock: Clock.Clock, drift: Drift): Effect.Effect<void> =>
  Effect.suspend(() => {
    const left = drift.pausedUntil - monotonicMillis(clock)
    return left > 0 ? Effect.andThen(clock.sleep(Duration.millis(left)), awake(clock, drift)) : Effect.void
  })

const clockOf = (clock: Clock.Clock, drift: Drift): Clock.Clock => {
  const wallMillis = () => clock.currentTimeMillisUnsafe() + drift.wall
  const monotonicNanos = () =>
    BigInt(Math.round((Number(clock.monotonicTimeNanosUnsafe()) / 1e6) * drift.rate * 1000 + drift.monotonic * 1000)) *
    1000n
  return {
    currentTimeMillisUnsafe: wallMillis,
    currentTimeMillis: Effect.sync(wallMillis),
    currentTimeNanosUnsafe: () => BigInt(Math.round(wallMillis())) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(Math.round(wallMillis())) * 1_000_000n),
    monotonicTimeNanosUnsafe: monotonicNanos,
    monotonicTimeNanos: Effect.sync(monotonicNanos),
    sleep: (duration) =>
      Effect.andThen(clock.sleep(Duration.millis(Duration.toMillis(duration) / drift.rate)), awake(clock, drift))
  }
}

/** A process with a clock of its own, which shares a store with others. */
export interface Node {
  readonly drift: Drift
  readonly run: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, Exclude<R, KeyValue | Atomic.Atomic>>
}

/** Makes nodes over one store. Each node has its own driver, so they share nothing else. */
export const nodes = (
  store: Layer.Layer<KeyValue | Atomic.Atomic, unknown> = Memory.layer()
): Effect.Effect<
  (options?: {
    readonly drift?: Partial<Drift>
    readonly wrap?: Driver.Wrapper
  }) => Effect.Effect<Node, never, Scope.Scope>,
  never,
  Scope.Scope
> =>
  Effect.gen(function* () {
    const shared = Layer.succeedContext(yield* Effect.orDie(Layer.build(store)))
    return Effect.fnUntraced(function* (options = {}) {
      const drift = { wall: 0, monotonic: 0, rate: 1, pausedUntil: 0, ...options.drift }
      const outer = yield* Clock.Clock
      const clock = clockOf(outer, drift)
      const own = shared.pipe(
        Driver.wrapper(
          Driver.around((call, next) =>
            Effect.flatMap(Effect.exit(next(call)), (exit) => Effect.andThen(awake(outer, drift), exit))
          )
        )
      )
      const context = yield* Layer.build(options.wrap === undefined ? own : options.wrap(own))
      return {
        drift,
        run: (effect) =>
          Effect.provideService(
            Effect.provide(effect, context as Context.Context<KeyValue | Atomic.Atomic>),
            Clock.Clock,
            clock
          )
      }
    })
  })
