import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import { Atomic } from "../../Atomic.ts"
import { encode, withPlace } from "../../driver/boundary.ts"
import * as options from "../../driver/options.ts"
import { sameStack } from "../../driver/sameStack.ts"
import { type AtomicDriver, change as changeEntry } from "../../driver/service/change.ts"
import { defaultRetries } from "../../driver/service/retries.ts"
import { served } from "../../driver/service/served.ts"
import { KeyValue } from "../../KeyValue.ts"
import {
  type ConflictError,
  DeserializationError,
  type ReadError,
  StoreError,
  type StoreSetupError,
  type WriteError
} from "../../KeyValueError.ts"
import * as rateLimits from "./rateLimits.ts"

/**
 * Options of {@link toRateLimiterStore}.
 *
 * @since 0.1.0
 */
export interface RateLimiterStoreOptions {
  /** Collection of the limits. Default: `"effect_rate_limiter"`. */
  readonly collection?: string | undefined
}

/**
 * Provides the store of Effect's `RateLimiter` on top of `KeyValue`, so that all processes with the same store share
 * the limits.
 *
 * **Details**
 *
 * Each limit is one entry, which is changed by compare-and-put and expires when it is no longer needed. The clock of
 * the calling process is used.
 *
 * **Errors**
 *
 * Fails to build with `StoreSetupError` if the name of the collection is not valid. Operations fail with Effect's
 * `RateLimiterError`. The `cause` of its `reason` is the error of effect-kv.
 *
 * **Gotchas**
 *
 * If many processes use one limit at the same time, their writes conflict. An operation fails after 100 retries.
 *
 * **Example**
 *
 * ```ts
 * import { Layer } from "effect"
 * import { RateLimiter } from "effect/persistence"
 * import { Memory } from "effect-kv"
 * import * as EffectStore from "effect-kv/EffectStore"
 *
 * const Limiter = RateLimiter.layer.pipe(
 *   Layer.provide(EffectStore.toRateLimiterStore()),
 *   Layer.provide(Memory.layer())
 * )
 * ```
 *
 * @since 0.1.0
 */
export const toRateLimiterStore = (
  config: RateLimiterStoreOptions = {}
): Layer.Layer<RateLimiter.RateLimiterStore, StoreSetupError, KeyValue | Atomic> =>
  Layer.effect(
    RateLimiter.RateLimiterStore,
    Effect.gen(function* () {
      const { collection } = yield* rateLimiterStoreOptions.read(config)
      const kv = yield* KeyValue
      const { driver } = yield* Atomic
      yield* sameStack("EffectStore", kv, { driver })
      return make(served(driver).driver, collection)
    })
  )

/** @internal */
export const rateLimiterStoreOptions = options.of<RateLimiterStoreOptions>()("EffectStore", {
  collection: options.collection({ default: "effect_rate_limiter" })
})

const make = (driver: AtomicDriver, collection: string): RateLimiter.RateLimiterStore["Service"] => {
  const change = <S extends State, A>(
    kind: Kind<S>,
    key: string,
    step: (state: S | undefined, now: number) => rateLimits.Step<S, A>
  ) =>
    Effect.mapError(
      changeState(driver, collection, kind, key, step),
      (cause) =>
        new RateLimiter.RateLimiterError({
          reason: new RateLimiter.RateLimitStoreError({ message: cause.message, cause })
        })
    )
  return {
    fixedWindow: ({ key, tokens, limit, refillRate }) =>
      change(kinds.window, key, (counter, now) =>
        rateLimits.takeFromWindow(counter, now, { tokens, limit, refillMillis: Duration.toMillis(refillRate) })
      ),
    tokenBucket: ({ key, refillRate, ...options }) =>
      change(kinds.bucket, key, (bucket, now) =>
        rateLimits.takeFromBucket(bucket, now, { ...options, refillMillis: Duration.toMillis(refillRate) })
      ),
    adaptiveConsume: ({ key, tokens, fallbackWindow }) =>
      Effect.map(
        change(kinds.adaptive, key, (state, now) =>
          rateLimits.adaptiveConsume(state, now, { tokens, fallbackMillis: Duration.toMillis(fallbackWindow) })
        ),
        ({ delay, epoch, phase }) => ({ delay: Duration.millis(delay), epoch, phase })
      ),
    adaptiveFeedback: ({ key, epoch, tokens, status, retryAfter }) =>
      status !== 429 || retryAfter === undefined
        ? Effect.void
        : change(kinds.adaptive, key, (state, now) =>
            rateLimits.adaptiveFeedback(state, now, { epoch, tokens, retryAfterMillis: Duration.toMillis(retryAfter) })
          )
  }
}

interface Kind<S> {
  readonly name: string
  readonly isState: (value: unknown) => value is S
}

const kinds = {
  window: { name: "window", isState: rateLimits.isCounter },
  bucket: { name: "bucket", isState: rateLimits.isBucket },
  adaptive: { name: "adaptive", isState: rateLimits.isAdaptive }
} as const

type State = rateLimits.Counter | rateLimits.Bucket | rateLimits.Adaptive

/** Like `Atomic.update`, but with an expiry that depends on the state. */
const changeState = <S extends State, A>(
  driver: AtomicDriver,
  collection: string,
  { name, isState }: Kind<S>,
  key: string,
  step: (state: S | undefined, now: number) => rateLimits.Step<S, A>
): Effect.Effect<A, ReadError | WriteError | ConflictError> =>
  withPlace(driver, "update", [`${name}:${key}`], { collection }, (place) =>
    changeEntry(
      driver,
      place,
      { maxRetries: defaultRetries, expiry: false },
      Effect.fnUntraced(function* (current) {
        const now = yield* Clock.currentTimeMillis
        const state = current?.payload.value
        if (state !== undefined && !isState(state)) {
          return yield* new DeserializationError({ ...place, reason: "it is not the state of a rate limit" })
        }
        const { result: answer, next } = step(state !== undefined && state.expiresAt > now ? state : undefined, now)
        if (next === undefined) return { answer }
        const [entry] = yield* encode(driver, place, [next], Duration.millis(Math.ceil(next.expiresAt - now)))
        const reason = "a wrapper dropped the state of the rate limit"
        return { answer, write: { entry }, ifDropped: () => Effect.fail(new StoreError({ ...place, reason })) }
      })
    )
  )
