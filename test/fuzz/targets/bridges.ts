/** Effect's own stores, built on a damaged store of this library. */
import { Context, Duration, Effect, Layer } from "effect"
import { Persistence, RateLimiter } from "effect/persistence"
import * as EffectStore from "effect-kv/EffectStore"
import { damaged } from "../mutations.ts"
import * as raw from "../raw.ts"
import { ownText } from "../secrets.ts"
import { build, keyOf } from "../stack.ts"
import { type Instance, type Target, Violation } from "../target.ts"

const options = { key: "limit", tokens: 1, limit: 10, refillRate: Duration.seconds(10) }

/** A rate limiter must return numbers, or it would limit nothing. */
const numbers = (answer: Effect.Effect<ReadonlyArray<number>, unknown>) =>
  Effect.filterOrFail(
    answer,
    (all) => all.every((it) => Number.isFinite(it)),
    (all) => new Violation({ kind: "altered value", detail: `the limiter returns ${JSON.stringify(all)}` })
  )

export const bridges: Target = {
  name: "bridges to Effect",
  weight: 4,
  make: Effect.gen(function* () {
    const below = raw.memory()
    const context = yield* build(below.layer, (store) => store)
    const services = yield* Layer.build(
      Layer.mergeAll(EffectStore.toBackingPersistence(), EffectStore.toRateLimiterStore()).pipe(
        Layer.provide(Layer.succeedContext(context))
      )
    )
    const limiter = Context.get(services, RateLimiter.RateLimiterStore)
    const persistence = yield* Context.get(services, Persistence.BackingPersistence).make("fuzz")
    const kinds = ["window:limit", "bucket:limit", "adaptive:limit"]
    yield* limiter.fixedWindow(options)
    yield* limiter.tokenBucket({ ...options, allowOverflow: false })
    yield* limiter.adaptiveFeedback({ ...options, epoch: 0, status: 429, retryAfter: Duration.seconds(1) } as never)
    yield* persistence.set(keyOf(0), { _tag: "Success", value: { a: ownText } }, undefined)
    const texts = [JSON.stringify({ value: ownText, version: 2 })].map((text) => Buffer.from(text))
    const corpus = yield* Effect.forEach([...kinds, keyOf(0)], (key) => below.read(key))
    return {
      batch: 1,
      input: (dice) => damaged(dice, [...corpus, ...texts]),
      store: ([bytes]) => below.write([...kinds, keyOf(0)].map((key) => [key, bytes!])),
      ways: {
        window: () => numbers(limiter.fixedWindow(options)),
        bucket: () => numbers(limiter.tokenBucket({ ...options, allowOverflow: false })),
        adaptive: () =>
          Effect.map(
            limiter.adaptiveConsume({ key: "limit", tokens: 1, fallbackWindow: Duration.seconds(1) } as never),
            (found) => ({ ...found })
          ),
        feedback: () =>
          limiter.adaptiveFeedback({ ...options, epoch: 0, status: 429, retryAfter: Duration.seconds(1) } as never),
        persistence: () => persistence.get(keyOf(0)),
        "persistence, many": () => Effect.map(persistence.getMany([keyOf(0), keyOf(1)]), ([found]) => found)
      }
    } satisfies Instance
  })
}
