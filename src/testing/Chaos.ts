/**
 * Fault injection: makes calls of a store fail, stall or return wrong data, by rate or by script. The same seed gives
 * the same faults.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Random from "effect/Random"
import { type Wrapper, wrapperContext } from "../Driver.ts"
import { around, type Filter } from "../driver/around.ts"
import type { Call } from "../driver/Call.ts"
import * as options from "../driver/options.ts"
import type { StoreSetupError } from "../KeyValueError.ts"
import { monotonicMillis } from "../time/clock.ts"
import { concerns, expiriesOf, type Fault, type Kind, kinds } from "./chaos/Fault.ts"
import { inject } from "./chaos/inject.ts"

export { type Fault, type Kind, kinds } from "./chaos/Fault.ts"

/**
 * The limits of a random duration, both inclusive.
 *
 * @since 0.1.0
 */
export interface Range {
  /** Shortest duration. */
  readonly min: Duration.Input
  /** Longest duration. */
  readonly max: Duration.Input
}

/**
 * A period in which every call has the same fault.
 *
 * @since 0.1.0
 */
export interface Outage {
  /** When the outage begins, as the time since the layer was built (or since `make` ran). */
  readonly from: Duration.Input
  /** When the outage ends, as the time since the layer was built (or since `make` ran). */
  readonly to: Duration.Input
  /** Fault of every call during the outage. Default: `{ _tag: "failBefore" }`. */
  readonly fault?: Fault | undefined
}

/**
 * Options of {@link wrap} and {@link make}.
 *
 * @since 0.1.0
 */
export interface Options {
  /**
   * Fraction of the calls that have a fault, by kind, such as `{ failBefore: 0.1 }`. Together they are at most 1.
   * Default: none.
   */
  readonly rates?: Partial<Readonly<Record<Kind, number>>> | undefined
  /**
   * Function that returns the fault of a call. It gets the call and the number of calls before it. If it returns
   * `undefined`, `rates` decides. Default: none.
   */
  readonly script?: ((call: Call, n: number) => Fault | undefined) | undefined
  /**
   * How long a call waits if `rates` gives it a `delay`: once before it is applied, and once more after that.
   * Default: `{ min: "1 millis", max: "50 millis" }`.
   */
  readonly delay?: Range | undefined
  /**
   * For calls that `rates` makes `late`: the time from the start of the call until it is applied.
   * Default: `{ min: "5 seconds", max: "30 seconds" }`.
   */
  readonly lateBy?: Range | undefined
  /** Times in which every call has the same fault. Default: none. */
  readonly outages?: ReadonlyArray<Outage> | undefined
  /** Whether there are faults from the beginning. Default: true. */
  readonly enabled?: boolean | undefined
  /** Effect that runs when a call has a fault, such as a log line. Default: none. */
  readonly onFault?: ((fault: Fault, call: Call) => Effect.Effect<void>) | undefined
}

/**
 * Controls the faults while the store is in use.
 *
 * @since 0.1.0
 */
export interface Service {
  /** Turns all faults on. */
  readonly enable: Effect.Effect<void>
  /** Turns all faults off, outages included. Calls that are already late or stalled stay so. */
  readonly disable: Effect.Effect<void>
  /** Gives every call this fault, in place of rates, script and outages, until `up` runs. Default: `failBefore`. */
  readonly down: (fault?: Fault) => Effect.Effect<void>
  /** Ends the effect of `down`. */
  readonly up: Effect.Effect<void>
  /** Returns how many faults of each kind were injected. */
  readonly injected: Effect.Effect<Readonly<Record<Kind, number>>>
  /** @internal */
  readonly decide: (call: Call) => Effect.Effect<Fault | undefined>
}

/**
 * The service that controls the faults of the outermost {@link wrap}.
 *
 * @since 0.1.0
 */
export class Chaos extends Context.Service<Chaos, Service>()("effect-kv/testing/Chaos") {}

/**
 * Injects faults into the calls of the wrapped store, at random or by script.
 *
 * **When to use**
 *
 * Use it directly around a store, or around one of several stores, to test your own wrappers above it, or how your
 * application handles faults.
 *
 * **Details**
 *
 * The kinds of faults:
 *
 * | fault | what happens | what the caller sees |
 * |---|---|---|
 * | `failBefore` | the call does not reach the store | `StoreUnavailableError`, outcome `"not-applied"` |
 * | `failAfter` | the call is applied, but its reply is lost | `StoreUnavailableError`, outcome `"unknown"` |
 * | `delay` | the call waits before and after it is applied | a slow reply |
 * | `stall` | the call is not applied and gets no reply | nothing, until the call is interrupted |
 * | `late` | the call is applied later, even if its caller gave up | a very slow reply, if it still waits |
 * | `corrupt` | reads return values with a changed bit or character | a wrong value, or an error of a codec above |
 * | `expireEarly` | written entries expire before their TTL ends | an early miss |
 *
 * All random numbers come from Effect's `Random`, and all times from Effect's `Clock`. With `Random.withSeed` and
 * `TestClock`, the same program has the same faults every time. Late calls belong to the layer, and end when it closes.
 *
 * Provides {@link Chaos}, which controls the faults.
 *
 * **Errors**
 *
 * Fails to build with `StoreSetupError` when an option is not valid.
 *
 * **Gotchas**
 *
 * - A store and most wrappers cannot detect a corrupted value. Use `corrupt` only below encryption (`Aead`,
 *   `FernetEncryption`), or to see what happens without encryption.
 * - A stalled call never ends unless a wrapper above, such as `Timeout`, or the caller interrupts it.
 *
 * **Example** (One call in a hundred fails, and then the store is down)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { KeyValue, Memory, Retry } from "effect-kv"
 * import { Chaos } from "effect-kv/testing"
 *
 * const Store = Memory.layer().pipe(Chaos.wrap({ rates: { failBefore: 0.01 } }), Retry.wrap())
 *
 * const program = Effect.gen(function* () {
 *   const kv = yield* KeyValue.KeyValue
 *   yield* kv.put("key", "value")
 *   const chaos = yield* Chaos.Chaos
 *   yield* chaos.down()
 *   return yield* Effect.flip(kv.get("key"))
 * }).pipe(Effect.provide(Store))
 * ```
 *
 * @since 0.1.0
 */
export const wrap = (options: Options = {}): Wrapper<Chaos, StoreSetupError> => wrapping(make(options))

/**
 * Injects faults that {@link make} has made.
 *
 * **When to use**
 *
 * Use it to control the faults of several stores together, or of each store of a stack separately.
 *
 * @since 0.1.0
 */
export const wrapWith = (chaos: Service): Wrapper<Chaos> => wrapping(Effect.succeed(chaos))

/**
 * Runs an effect without the faults of `rates` and `script`. Outages and `down` still apply.
 *
 * **When to use**
 *
 * Use it for steps of a test, such as its setup, that should not fail.
 *
 * @since 0.1.0
 */
export const spared = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, Spared, true)

const Spared = Context.Reference<boolean>("effect-kv/testing/Chaos/Spared", { defaultValue: () => false })

const wrapping = <E>(chaos: Effect.Effect<Service, E>): Wrapper<Chaos, E> =>
  wrapperContext(
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const service = yield* chaos
      const filter: Filter = (call, next) =>
        Effect.flatMap(service.decide(call), (fault) =>
          fault === undefined ? next(call) : inject(fault, call, next, scope)
        )
      return { transform: around(filter), context: Context.make(Chaos, service) }
    })
  )

/**
 * Makes faults for {@link wrapWith}, and the service that controls them.
 *
 * **Errors**
 *
 * Fails with `StoreSetupError` when an option is not valid.
 *
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (config: Options): Effect.fn.Return<Service, StoreSetupError> {
  const { delay, lateBy, outages, script, onFault, ...read } = yield* described.read(config)
  const rates = kinds.map((kind) => [kind, read.rates[kind]] as const)
  const start = monotonicMillis(yield* Clock.Clock)
  const injected = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>
  let enabled = read.enabled
  let down: Fault | undefined
  let calls = 0

  const between = ({ min, max }: typeof delay, random: Random.Random): number =>
    Math.floor(min + random.nextDoubleUnsafe() * (max + 1 - min))

  const drawn = (kind: Kind, call: Call, now: number, random: Random.Random): Fault => {
    switch (kind) {
      case "delay":
        return { _tag: kind, before: between(delay, random), after: between(delay, random) }
      case "late":
        return { _tag: kind, by: between(lateBy, random) }
      case "expireEarly":
        return { _tag: kind, after: Math.floor(random.nextDoubleUnsafe() * longestTtl(call, now)) }
      default:
        return { _tag: kind }
    }
  }

  const byRate = (call: Call, now: number, random: Random.Random): Fault | undefined => {
    let left = random.nextDoubleUnsafe()
    for (const [kind, rate] of rates) {
      left -= rate
      if (left < 0) return concerns(kind, call) ? drawn(kind, call, now, random) : undefined
    }
    return undefined
  }

  const outageAt = (now: number): Fault | undefined =>
    down ?? outages.find(({ from, to }) => from <= now - start && now - start < to)?.fault

  const decide = (call: Call): Effect.Effect<Fault | undefined> =>
    Effect.withFiber((fiber) => {
      const n = calls++
      const clock = fiber.getRef(Clock.Clock)
      const now = clock.currentTimeMillisUnsafe()
      const chosen = (): Fault | undefined =>
        fiber.getRef(Spared) ? undefined : (script?.(call, n) ?? byRate(call, now, fiber.getRef(Random.Random)))
      const fault = enabled ? (outageAt(monotonicMillis(clock)) ?? chosen()) : undefined
      if (fault === undefined) return Effect.undefined
      injected[fault._tag]++
      return onFault === undefined ? Effect.succeed(fault) : Effect.as(onFault(fault, call), fault)
    })

  const setEnabled = (value: boolean): Effect.Effect<void> =>
    Effect.sync(() => {
      enabled = value
    })
  const setDown = (fault: Fault | undefined): Effect.Effect<void> =>
    Effect.sync(() => {
      down = fault
    })
  return {
    enable: setEnabled(true),
    disable: setEnabled(false),
    down: (fault = { _tag: "failBefore" }) => setDown(fault),
    up: setDown(undefined),
    injected: Effect.sync(() => ({ ...injected })),
    decide
  }
})

const range = (min: Duration.Input, max: Duration.Input) =>
  options.group<Range>()(
    {
      min: options.duration({ zero: true, default: min }),
      max: options.duration({ zero: true, default: max })
    },
    ({ min, max }) => (min <= max ? undefined : "min must not be more than max")
  )

const rate = options.number({ min: 0, max: 1, default: 0 })

const fault = options.value<Fault, Fault>(
  "a fault",
  (input) => Predicate.hasProperty(input, "_tag") && kinds.includes(input._tag as Kind),
  { default: { _tag: "failBefore" }, otherwise: '{ _tag: "failBefore" }' }
)

/** @internal */
export const described = options.of<Options>()("Chaos", {
  rates: options.group<NonNullable<Options["rates"]>>()(
    Object.fromEntries(kinds.map((kind) => [kind, rate])) as Record<Kind, typeof rate>,
    (rates) =>
      kinds.reduce((sum, kind) => sum + rates[kind], 0) <= 1 + Number.EPSILON * kinds.length
        ? undefined
        : "the sum of all rates must be at most 1"
  ),
  script: options.callback<NonNullable<Options["script"]>>(),
  delay: range("1 millis", "50 millis"),
  lateBy: range("5 seconds", "30 seconds"),
  outages: options.list(
    options.group<Outage>()({
      from: options.required(options.duration({ zero: true })),
      to: options.required(options.duration({ zero: true })),
      fault
    })
  ),
  enabled: options.boolean({ default: true }),
  onFault: options.callback<NonNullable<Options["onFault"]>>()
})

const longestTtl = (call: Call, now: number): number =>
  Math.max(...expiriesOf(call).map((expiresAt) => (expiresAt ?? now) - now), 0)
