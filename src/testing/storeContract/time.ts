import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { ValueWithTtl } from "../../Entry.ts"
import { define } from "./Case.ts"
import { equal, failsWith, isTrue } from "./check.ts"

/** Asserts that the TTL is at most the duration, and less than 2 seconds below it, because a real server takes time. */
const isAbout = (answer: ValueWithTtl | undefined, duration: Duration.Input) =>
  Effect.suspend(() => {
    const most = Duration.toMillis(Duration.fromInputUnsafe(duration))
    const left = answer?.ttl === undefined ? undefined : Duration.toMillis(answer.ttl)
    return isTrue(
      left !== undefined && left <= most && left > most - 2000 && left > 0,
      `the TTL is ${left} ms, not about ${most} ms`
    )
  })

const invalid = [
  0,
  -1,
  -100,
  Number.NaN,
  "0 seconds",
  "-1 seconds",
  "0.5 millis",
  "nonsense",
  {},
  null,
  "10000 weeks 1"
]

/** Cases for entries with a TTL. Each takes less than two seconds of the store's time. */
export const time = [
  define("returns from ttl the value and the time that is left [S26]", [], function* ({ kv, at }) {
    yield* kv.put("test", { test: 1 }, { ...at, ttl: "100 seconds" })
    const answer = yield* kv.ttl("test", at)
    yield* equal(answer?.value, { test: 1 })
    yield* isAbout(answer, "100 seconds")
  }),
  define("fails with InvalidTtlError for TTLs that are not valid [S27]", ["Misses"], function* ({ kv, at }) {
    for (const ttl of invalid) {
      const options = { ...at, ttl: ttl as Duration.Input }
      const error = yield* failsWith(kv.put("test", 1, options), "InvalidTtlError")
      yield* equal(
        [error.operation, error.collection, error.keys, error.ttl, error.outcome],
        ["put", at.collection, ["test"], ttl, "not-applied"]
      )
      yield* failsWith(kv.putMany([["test", 1]], options), "InvalidTtlError")
    }
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("returns undefined from get for an expired entry [S28]", ["Misses"], function* ({ kv, at, advance }) {
    yield* kv.put("test", { test: 1 }, { ...at, ttl: "1 second" })
    yield* equal(yield* kv.get("test", at), { test: 1 })
    yield* advance("1100 millis")
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("treats an expired entry as missing in every operation [TI1]", ["Misses"], function* ({ kv, at, advance }) {
    const keys = ["a", "b", "c", "d", "e", "f"]
    yield* kv.putMany(
      keys.map((key) => [key, key]),
      { ...at, ttl: "1 second" }
    )
    yield* kv.put("live", "live", at)
    yield* advance("1100 millis")
    yield* equal(yield* kv.delete("a", at), false, "delete")
    yield* equal(yield* kv.deleteMany(["b", "c", "live"], at), 1, "deleteMany")
    yield* equal(yield* kv.ttl("d", at), undefined, "ttl")
    const missing = Array(keys.length).fill(undefined)
    yield* equal(yield* kv.ttlMany(keys, at), missing, "ttlMany")
    yield* equal(yield* kv.getMany(keys, at), missing, "getMany")
    yield* equal(yield* kv.get("e", at), undefined, "get")
    yield* equal(yield* kv.getOrSet("f", Effect.succeed("new"), at), "new", "getOrSet")
  }),
  define("stores an entry without a TTL when the TTL is infinite [TI2]", [], function* ({ kv, at }) {
    for (const ttl of ["Infinity", Duration.infinity, Number.POSITIVE_INFINITY] as const) {
      yield* kv.put("test", 1, { ...at, ttl })
      yield* equal(yield* kv.ttl("test", at), { value: 1, ttl: undefined })
    }
  }),
  define("expires an entry after a TTL of less than a second [TI3]", ["Misses"], function* ({ kv, at, advance }) {
    yield* kv.put("test", 1, { ...at, ttl: "400 millis" })
    const answer = yield* kv.ttl("test", at)
    yield* equal(answer?.value, 1)
    yield* isAbout(answer, "400 millis")
    yield* advance("450 millis")
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("does not round a TTL to seconds [TI4]", ["Misses"], function* ({ kv, at, advance }) {
    yield* kv.put("test", 1, { ...at, ttl: "1600 millis" })
    yield* advance("1100 millis")
    yield* equal(yield* kv.get("test", at), 1, "the TTL was rounded down")
    yield* advance("550 millis")
    yield* equal(yield* kv.get("test", at), undefined, "the TTL was rounded up")
  }),
  define("replaces the TTL together with the value [TI5]", ["Misses"], function* ({ kv, at, advance }) {
    for (const key of ["none", "longer", "many"]) yield* kv.put(key, 1, { ...at, ttl: "1 second" })
    yield* kv.put("shorter", 1, at)
    yield* kv.put("none", 2, at)
    yield* kv.put("longer", 2, { ...at, ttl: "1 hour" })
    yield* kv.putMany([["many", 2]], at)
    yield* kv.put("shorter", 2, { ...at, ttl: "1 second" })
    yield* equal(yield* kv.ttl("none", at), { value: 2, ttl: undefined })
    yield* equal(yield* kv.ttl("many", at), { value: 2, ttl: undefined })
    yield* advance("1100 millis")
    yield* equal(yield* kv.getMany(["none", "longer", "many", "shorter"], at), [2, 2, 2, undefined])
  }),
  define("returns from ttl less time as time passes [TI6]", [], function* ({ kv, at, advance }) {
    yield* kv.put("test", 1, { ...at, ttl: "1 hour" })
    const before = yield* kv.ttl("test", at)
    yield* advance("200 millis")
    const after = yield* kv.ttl("test", at)
    const passed = Duration.toMillis(before!.ttl!) - Duration.toMillis(after!.ttl!)
    yield* isTrue(passed >= 190, `the TTL fell by ${passed} ms in 200 ms`)
  }),
  define("returns from ttlMany the value and TTL of each key [TI7]", ["Misses"], function* ({ kv, at }) {
    yield* kv.put("none", 1, at)
    yield* kv.putMany(Object.entries({ a: "a", b: null }), { ...at, ttl: "1 minute" })
    const [missing, b, none, a] = yield* kv.ttlMany(["missing", "b", "none", "a"], at)
    yield* equal([missing, none], [undefined, { value: 1, ttl: undefined }])
    yield* equal([a?.value, b?.value], ["a", null])
    yield* isAbout(a, "1 minute")
    yield* isAbout(b, "1 minute")
  }),
  define("accepts TTLs of up to 100 years [TI8]", [], function* ({ kv, at }) {
    for (const ttl of ["31 days", "3650 days", "36500 days"] as const) {
      yield* kv.put("test", 1, { ...at, ttl })
      const answer = yield* kv.ttl("test", at)
      yield* equal(answer?.value, 1, ttl)
      yield* isAbout(answer, ttl)
    }
  }),
  define("fails with InvalidTtlError for an expiry after the year 9999 [TI9]", ["Misses"], function* ({ kv, at }) {
    yield* failsWith(kv.put("test", 1, { ...at, ttl: "3650000 days" }), "InvalidTtlError")
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("stores a new entry under the key of an expired one [TI10]", ["Misses"], function* ({ kv, at, advance }) {
    yield* kv.put("test", 1, { ...at, ttl: "400 millis" })
    yield* advance("450 millis")
    yield* kv.put("test", 2, at)
    yield* equal(yield* kv.ttl("test", at), { value: 2, ttl: undefined })
    yield* advance("450 millis")
    yield* equal(yield* kv.get("test", at), 2)
  })
]
