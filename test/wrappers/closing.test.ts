/** Tests what callers get when a layer is closed while their operations run, and afterwards. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import {
  Bulkhead,
  CircuitBreaker,
  Deadline,
  Driver,
  Fallback,
  Hedge,
  type KeyValue,
  KeyValueError,
  Memory,
  PassthroughCache,
  RateLimit,
  Replicate,
  Retry,
  Timeout
} from "../../src/index.ts"
import { everyWrapper } from "../support/everyWrapper.ts"
import { opened } from "../support/opened.ts"

type Layers = Readonly<Record<string, Layer.Layer<KeyValue.KeyValue, unknown>>>

type Operation = (kv: KeyValue.Service) => Effect.Effect<unknown, KeyValueError.KeyValueError>

/** The operations of an application, most of them on the same key. */
const operations: Readonly<Record<string, Operation>> = {
  get: (kv) => kv.get("k"),
  getMany: (kv) => kv.getMany(["k", "l"]),
  ttl: (kv) => kv.ttl("k"),
  put: (kv) => kv.put("k", 1),
  putMany: (kv) =>
    kv.putMany([
      ["k", 1],
      ["l", 1]
    ]),
  delete: (kv) => kv.delete("k"),
  getOrSet: (kv) => kv.getOrSet("k", Effect.succeed(1))
}

describe("an operation of a closed layer", () => {
  for (const [name, layer] of Object.entries(everyWrapper() as Layers)) {
    it.effect(`fails at once, through ${name}`, () =>
      Effect.gen(function* () {
        const { kv, close } = yield* opened(Layer.fresh(layer))
        yield* kv.put("k", 0)
        yield* close
        for (const [operation, run] of Object.entries(operations)) {
          const error = yield* Effect.flip(run(kv))
          assert.instanceOf(error, KeyValueError.StoreUnavailableError, operation)
          const { isClosed, retryable, outcome } = error as KeyValueError.StoreUnavailableError
          const isWrite = operation.startsWith("put") || operation === "delete"
          assert.deepStrictEqual([isClosed, retryable, outcome], [true, false, isWrite ? "not-applied" : undefined])
        }
      })
    )
  }
})

describe("a getOrSet of a closed layer", () => {
  it.effect("fails at once while a load of its key is under way, and the callers of the load fail when it ends", () =>
    Effect.gen(function* () {
      const { kv, close } = yield* opened(Layer.fresh(Memory.layer()))
      const load = Effect.as(Effect.sleep("1 second"), "loaded")
      const first = yield* Effect.forkChild(kv.getOrSet("k", load))
      yield* TestClock.adjust(10)
      yield* close
      const second = yield* Effect.forkChild(Effect.flip(kv.getOrSet("k", load)))
      yield* TestClock.adjust(1)
      assert.strictEqual(second.pollUnsafe()?._tag, "Success", "it has failed")
      assert.isTrue(((yield* Fiber.join(second)) as KeyValueError.StoreUnavailableError).isClosed)
      yield* TestClock.adjust("1 second")
      const error = yield* Effect.flip(Fiber.join(first))
      assert.isTrue((error as KeyValueError.StoreUnavailableError).isClosed, "what it loaded is not stored")
    })
  )
})

const hangs = {
  hangs: Effect.never,
  "hangs and cannot be interrupted": Effect.uninterruptible(Effect.never)
}

/** Stacks in which no operation takes longer than two seconds. */
const limited = (hang: Effect.Effect<never>): Layers => {
  const store = () => Memory.layer().pipe(Driver.wrapper(Driver.around(() => hang)))
  const timed = () => store().pipe(Timeout.wrap("300 millis"))
  const memory = () => Memory.layer()
  return {
    Timeout: timed(),
    Deadline: store().pipe(Deadline.wrap("300 millis")),
    "Timeout and Retry": timed().pipe(Retry.wrap({ maxRetries: 1 })),
    "Timeout and CircuitBreaker": timed().pipe(CircuitBreaker.wrap()),
    "Hedge inside of Timeout": store().pipe(Hedge.wrap({ after: 100, maxExtra: 1 }), Timeout.wrap("300 millis")),
    "Bulkhead inside of Timeout": store().pipe(
      Bulkhead.wrap({ maxConcurrent: 1, maxWait: "300 millis" }),
      Timeout.wrap("600 millis")
    ),
    "Timeout inside of Bulkhead": timed().pipe(Bulkhead.wrap({ maxConcurrent: 1, maxWait: "300 millis" })),
    "RateLimit that waits, inside of Deadline": timed().pipe(
      RateLimit.wrap({ limit: 1, onExceeded: "wait", maxWait: "1 minute" }),
      Deadline.wrap("500 millis")
    ),
    PassthroughCache: timed().pipe(PassthroughCache.wrap({ cache: memory() })),
    "PassthroughCache whose cache hangs": memory().pipe(
      PassthroughCache.wrap({ cache: timed(), cacheTimeout: "200 millis" })
    ),
    Fallback: timed().pipe(Fallback.wrap({ fallback: timed(), writeToFallback: true })),
    "Fallback with recovery": timed().pipe(Fallback.wrap({ fallback: memory(), recovery: {} })),
    Replicate: timed().pipe(Replicate.wrap({ replicas: [timed()] })),
    "all policies": timed().pipe(
      Hedge.wrap({ after: 100, maxExtra: 1 }),
      CircuitBreaker.wrap(),
      Bulkhead.wrap({ maxConcurrent: 1, maxWait: "300 millis" }),
      Retry.wrap({ maxRetries: 1 }),
      Deadline.wrap("1 second")
    )
  }
}

for (const [how, hang] of Object.entries(hangs)) {
  describe(`closing a layer over a store that ${how}`, () => {
    for (const [name, layer] of Object.entries(limited(hang))) {
      it.effect(`ends callers at their limit or earlier and completes itself, with ${name}`, () =>
        Effect.gen(function* () {
          const { kv, close } = yield* opened(Layer.fresh(layer))
          const callers: Array<Fiber.Fiber<unknown, unknown>> = []
          for (const run of Object.values(operations)) {
            callers.push(...(yield* Effect.replicateEffect(Effect.forkDetach(run(kv), { startImmediately: true }), 3)))
          }
          yield* TestClock.adjust(50)
          const closing = yield* Effect.forkDetach(close, { startImmediately: true })
          for (let i = 0; i < 40 && callers.some((it) => it.pollUnsafe() === undefined); i++) {
            yield* TestClock.adjust(100)
          }
          assert.lengthOf(
            callers.filter((caller) => caller.pollUnsafe() === undefined),
            0,
            "callers that wait forever"
          )
          assert.isDefined(closing.pollUnsafe(), "the layer is closed")
          for (const caller of callers) {
            const exit = yield* Fiber.await(caller)
            if (Exit.isFailure(exit)) assert.isDefined(yield* Effect.flip(exit), "a typed error")
          }
        })
      )
    }
  })
}
