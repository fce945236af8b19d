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

/** How the clock of a node differs from that of the test. */
export interface Drift {
  /** How far the wall clock is ahead, in milliseconds. Tests may change it. */
  wall: number
  /** How far the monotonic clock is ahead, in milliseconds. Tests may change it: it then stands for a pause. */
  monotonic: number
  /** How fast the monotonic clock runs. */
  readonly rate: number
}

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
    sleep: (duration) => clock.sleep(Duration.millis(Duration.toMillis(duration) / drift.rate))
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
      const drift = { wall: 0, monotonic: 0, rate: 1, ...options.drift }
      const clock = clockOf(yield* Clock.Clock, drift)
      const own = shared.pipe(Driver.wrapper((driver) => ({ ...driver })))
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
