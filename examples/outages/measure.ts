/** Measures what callers see of a fault, in virtual time. The same fault and stack give the same numbers each time. */
import { Clock, Effect, Fiber, type Layer, Logger, Random } from "effect"
import { TestClock } from "effect/testing"
import { Driver, KeyValue, type KeyValueError, Memory } from "effect-kv"
import { Chaos } from "effect-kv/testing"
import type { Store } from "./stacks.ts"

export interface Measured {
  readonly reads: number
  readonly writes: number
  /** Failed calls, by the tag of their error. */
  readonly failed: ReadonlyMap<string, number>
  /** Durations of all calls in milliseconds, in order. */
  readonly millis: ReadonlyArray<number>
  /** Calls that were sent to the store. */
  readonly sent: number
}

const calls = Array.from({ length: 3000 }, (_, i) => i)

const entries = Array.from({ length: 200 }, (_, i) => [`key-${i}`, i] as const)

/** Fifty calls in each second, for a minute. One in nineteen is a write. A caller gives up after 30 seconds. */
export const measure = Effect.fnUntraced(
  function* (
    stack: (store: Store) => Layer.Layer<KeyValue.KeyValue, KeyValueError.StoreSetupError>,
    fault: Chaos.Options
  ) {
    let sent = 0
    const counted = Driver.wrapper(
      Driver.around((call, next) =>
        Effect.suspend(() => {
          sent++
          return next(call)
        })
      )
    )
    const network = Driver.wrapper(Driver.around((call, next) => Effect.delay(next(call), "2 millis")))
    const done = { reads: 0, writes: 0, failed: new Map<string, number>(), millis: [] as number[] }

    const call = Effect.fnUntraced(function* (i: number) {
      const kv = yield* KeyValue.KeyValue
      const [key] = entries[i % entries.length]!
      const isWrite = i % 19 === 0
      yield* Effect.sleep(i * 20)
      const start = yield* Clock.currentTimeMillis
      const write: Effect.Effect<unknown, KeyValueError.KeyValueError> = kv.put(key, i)
      const result = yield* (isWrite ? write : kv.get(key)).pipe(
        Effect.as(undefined),
        Effect.catch(({ _tag }) => Effect.succeed(_tag)),
        Effect.timeoutOrElse({ duration: "30 seconds", orElse: () => Effect.succeed("gave up") })
      )
      done.millis.push(Math.round((yield* Clock.currentTimeMillis) - start))
      if (result !== undefined) done.failed.set(result, (done.failed.get(result) ?? 0) + 1)
      else if (isWrite) done.writes++
      else done.reads++
    })

    const load = Effect.gen(function* () {
      yield* Chaos.spared(KeyValue.KeyValue.use((kv) => kv.putMany(entries)))
      sent = 0
      yield* Effect.forEach(calls, call, { concurrency: "unbounded", discard: true })
    })
    const fiber = yield* Effect.forkChild(
      Effect.provide(load, stack(Memory.layer().pipe(network, Chaos.wrap(fault), counted)))
    )
    yield* TestClock.adjust("2 minutes")
    yield* Fiber.join(fiber)
    done.millis.sort((a, b) => a - b)
    return { ...done, sent } satisfies Measured
  },
  Random.withSeed("outages"),
  Effect.provide([TestClock.layer(), Logger.layer([])])
)
