import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Atomic, type IncrementOptions } from "../../Atomic.ts"
import { defineFor, settle } from "./Case.ts"
import { equal, failsWith, isTrue } from "./check.ts"

const define = defineFor("Atomic", Atomic)

const largest = Number.MAX_SAFE_INTEGER

/** Values that are not counters. */
const others = ["5", 0.5, -0, 2 ** 53, true, null, [5], { value: 5 }, new Uint8Array([5])]

const notIntegers = [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "1", null] as ReadonlyArray<number>

const millisOf = (ttl: Duration.Duration | undefined): number =>
  ttl === undefined ? Number.POSITIVE_INFINITY : Duration.toMillis(ttl)

/** Cases of `increment` and `deleteIf` for stores with the capability `Atomic`. */
export const increments = [
  define("counts from initial when the counter is missing [IN1]", [], function* ({ kv, at }, atomic) {
    yield* equal(yield* atomic.increment("test", undefined, at), 1)
    yield* equal(yield* atomic.increment("test", 2, { ...at, initial: 100 }), 3)
    yield* equal(yield* kv.get("test", at), 3)
    yield* equal(yield* atomic.increment("other", 5, { ...at, initial: -10 }), -5)
    yield* equal(yield* atomic.increment("zero", 0, at), 0)
    yield* equal(yield* kv.getMany(["other", "zero"], at), [-5, 0])
    yield* equal(yield* kv.ttl("test", at), { value: 3, ttl: undefined })
  }),
  define("adds negative numbers, and 0 [IN2]", [], function* ({ kv, at }, atomic) {
    yield* kv.put("test", 5, at)
    yield* equal(yield* atomic.increment("test", -3, at), 2)
    yield* equal(yield* atomic.increment("test", 0, at), 2)
    yield* equal(yield* atomic.increment("test", -2, at), 0)
    yield* equal(yield* kv.get("test", at), 0)
    yield* equal(yield* atomic.increment("test", -12, at), -12)
    yield* equal(yield* atomic.increment("test", 2, at), -10)
    yield* equal(yield* kv.get("test", at), -10)
    // A program that subtracts 0 pieces adds -0.
    yield* equal(yield* atomic.increment("test", -0, { ...at, initial: -0, max: -0 }), -10)
    yield* equal(yield* atomic.increment("zero", -0, { ...at, initial: -0, min: -0 }), 0)
    yield* equal(yield* kv.get("zero", at), 0)
  }),
  define("changes nothing when the counter would leave its range [IN3]", ["Misses"], function* ({ kv, at }, atomic) {
    const range = { ...at, min: 0, max: 3 }
    const error = yield* failsWith(atomic.increment("test", -1, range), "CounterRangeError")
    yield* equal([error.operation, error.keys, error.outcome], ["increment", ["test"], "not-applied"])
    yield* equal([error.value, error.by, error.min, error.max], [0, -1, 0, 3])
    yield* equal(yield* kv.get("test", at), undefined)
    yield* equal(yield* atomic.increment("test", 3, range), 3)
    yield* equal((yield* failsWith(atomic.increment("test", 1, range), "CounterRangeError")).value, 3)
    yield* equal((yield* failsWith(atomic.increment("test", -4, range), "CounterRangeError")).value, 3)
    yield* equal(yield* kv.get("test", at), 3)
    yield* equal(yield* atomic.increment("test", -3, range), 0)
  }),
  define("gives the TTL to a new counter only [IN4]", ["Misses"], function* ({ kv, at, advance }, atomic) {
    const options = { ...at, ttl: "1 second" } as const
    yield* equal(yield* atomic.increment("test", 1, options), 1)
    yield* advance("600 millis")
    yield* equal(yield* atomic.increment("test", 1, { ...at, ttl: "1 hour" }), 2)
    yield* equal(yield* atomic.increment("test", 1, at), 3)
    const answer = yield* kv.ttl("test", at)
    yield* equal(answer?.value, 3)
    yield* isTrue(millisOf(answer?.ttl) <= 400, `TTL ${answer?.ttl}`)
    yield* advance("500 millis")
    yield* equal(yield* kv.get("test", at), undefined)
    yield* equal(yield* atomic.increment("test", 1, { ...at, initial: 10 }), 11, "for an expired counter")
    yield* equal(yield* kv.ttl("test", at), { value: 11, ttl: undefined })
  }),
  define("keeps a counter without a TTL for ever, unless it renews [IN5]", [], function* ({ kv, at }, atomic) {
    yield* kv.put("test", 1, at)
    yield* atomic.increment("test", 1, { ...at, ttl: "1 minute" })
    yield* equal(yield* kv.ttl("test", at), { value: 2, ttl: undefined })
    yield* atomic.increment("test", 1, { ...at, ttl: "1 minute", renew: true })
    const renewed = (yield* kv.ttl("test", at))?.ttl
    yield* isTrue(millisOf(renewed) <= 60_000 && millisOf(renewed) > 50_000, `TTL ${renewed}`)
    yield* atomic.increment("test", 1, { ...at, ttl: "1 hour", renew: true })
    const longer = (yield* kv.ttl("test", at))?.ttl
    yield* isTrue(millisOf(longer) > 3_500_000, `TTL ${longer}`)
    yield* equal(yield* atomic.increment("test", 1, { ...at, ttl: "Infinity", renew: true }), 5)
    yield* equal(yield* kv.ttl("test", at), { value: 5, ttl: undefined })
  }),
  define("fails for a value that is not a counter, and keeps it [IN6]", [], function* (subject, atomic) {
    const { kv, at } = subject
    for (const value of others) {
      yield* kv.put("test", value, at)
      const increment = settle(subject, atomic.increment("test", 1, { ...at, min: 0 }))
      const error = yield* failsWith(increment, "DeserializationError")
      yield* equal([error.operation, error.keys, error.outcome], ["increment", ["test"], "not-applied"])
      yield* equal(yield* kv.get("test", at), value)
    }
  }),
  define("counts exactly up to 2^53 − 1, and no further [IN7]", [], function* ({ kv, at }, atomic) {
    for (const sign of [1, -1]) {
      yield* kv.put("test", sign * (largest - 1), at)
      yield* equal(yield* atomic.increment("test", sign, at), sign * largest)
      yield* failsWith(atomic.increment("test", sign, at), "CounterRangeError")
      yield* failsWith(atomic.increment("test", sign * largest, at), "CounterRangeError")
      yield* equal(yield* kv.get("test", at), sign * largest)
      yield* equal(yield* atomic.increment("test", -sign * largest, at), 0)
    }
    yield* equal(yield* atomic.increment("other", largest, { ...at, initial: -largest }), 0)
  }),
  define(
    "fails for arguments that are not valid, and stores nothing [IN8]",
    ["Misses"],
    function* ({ kv, at }, atomic) {
      const fails = (options: IncrementOptions, by?: number) =>
        failsWith(atomic.increment("test", by, { ...at, ...options }), "InvalidIncrementError")
      for (const number of notIntegers) {
        yield* equal((yield* fails({}, number)).outcome, "not-applied")
        yield* fails({ initial: number })
        yield* fails({ min: number })
        yield* fails({ max: number })
      }
      yield* fails({ min: 2, max: 1 })
      yield* fails({ renew: true })
      yield* failsWith(atomic.increment("test", 1, { ...at, ttl: 0 }), "InvalidTtlError")
      yield* failsWith(atomic.increment("\uD800", 1, at), "InvalidKeyError")
      yield* equal(yield* kv.get("test", at), undefined)
    }
  ),
  define("loses none of 100 concurrent increments [IN9]", [], function* (subject, atomic) {
    const { kv, at } = subject
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
    const increment = () => atomic.increment("test", 1, { ...at, ttl: "1 hour" })
    const answers = yield* settle(subject, Effect.forEach(hundred, increment, { concurrency: "unbounded" }))
    yield* equal(
      answers.toSorted((a, b) => a - b),
      hundred
    )
    yield* equal(yield* kv.get("test", at), 100)
  }),
  define("counts on where put and update stopped, and they where it stopped [IN10]", [], function* (subject, atomic) {
    const { kv, at } = subject
    yield* kv.put("test", 5, { ...at, ttl: "1 minute" })
    yield* equal(yield* atomic.increment("test", 1, at), 6)
    const double = atomic.update("test", (value) => (value as number) * 2, at)
    yield* equal(yield* settle(subject, double), 12)
    yield* equal(yield* atomic.increment("test", 1, at), 13)
    const ttl = millisOf((yield* kv.ttl("test", at))?.ttl)
    yield* isTrue(ttl <= 60_000 && ttl > 50_000, `TTL ${ttl}`)
    yield* equal(yield* settle(subject, atomic.getAndDelete("test", at)), 13)
    yield* equal(yield* atomic.increment("test", 1, at), 1)
  }),
  define("counts under unusual keys [IN11]", [], function* ({ kv, at }, atomic) {
    for (const key of ["", "__proto__", "a::b", "*", "鍵", 'a"\\\n","value":7,"version":2}', "%d+", "\u0000"]) {
      yield* equal(yield* atomic.increment(key, 1, at), 1, key)
      yield* equal(yield* atomic.increment(key, 1, at), 2, key)
      yield* equal(yield* kv.get(key, at), 2, key)
    }
  }),
  define("loses nothing when a counter is taken meanwhile [IN12]", ["Misses"], function* (subject, atomic) {
    const { at } = subject
    const forty = Array.from({ length: 40 }, (_, i) => i)
    const taken = yield* settle(
      subject,
      Effect.forEach(
        forty,
        (i) =>
          i % 4 === 3
            ? Effect.map(atomic.getAndDelete("test", at), (value) => (value as number | undefined) ?? 0)
            : Effect.as(atomic.increment("test", 1, at), 0),
        { concurrency: "unbounded" }
      )
    )
    const left = ((yield* settle(subject, atomic.getAndDelete("test", at))) as number | undefined) ?? 0
    yield* equal(
      taken.reduce((sum, value) => sum + value, left),
      30
    )
  }),
  define("deletes with deleteIf only what passes the test [IN13]", ["Misses"], function* ({ kv, at }, atomic) {
    let runs = 0
    const isMine = (value: unknown) => {
      runs++
      return (value as { readonly owner?: string }).owner === "me"
    }
    yield* equal(yield* atomic.deleteIf("test", isMine, at), false)
    yield* equal(runs, 0, "for a missing key")
    yield* kv.put("test", { owner: "you" }, at)
    yield* equal(yield* atomic.deleteIf("test", isMine, at), false)
    yield* equal(yield* kv.get("test", at), { owner: "you" })
    yield* kv.put("test", { owner: "me" }, at)
    yield* equal(yield* atomic.deleteIf("test", isMine, at), true)
    yield* equal(yield* kv.get("test", at), undefined)
    yield* equal(yield* atomic.deleteIf("test", isMine, at), false)
  }),
  define("lets one of 20 concurrent deleteIf calls delete the key [IN14]", ["Misses"], function* (subject, atomic) {
    const { kv, at } = subject
    yield* kv.put("test", "mine", at)
    const twenty = Array.from({ length: 20 }, (_, i) => i)
    const remove = () => atomic.deleteIf("test", (value) => value === "mine", at)
    const answers = yield* settle(subject, Effect.forEach(twenty, remove, { concurrency: "unbounded" }))
    yield* equal(answers.filter((deleted) => deleted).length, 1)
    yield* equal(yield* kv.get("test", at), undefined)
  })
]
