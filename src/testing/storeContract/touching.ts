import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Atomic } from "../../Atomic.ts"
import type { Value } from "../../Value.ts"
import { define, defineFor, settle } from "./Case.ts"
import { equal, failsWith, isTrue } from "./check.ts"

const increment = (value: Value | undefined): Value => ((value as number | undefined) ?? 0) + 1

const twenty = Array.from({ length: 20 }, (_, i) => i)

/** Cases for `has`, `touch` and the TTLs of single entries. */
export const touching = [
  define("returns from has whether a key has a value [HA1]", ["Misses"], function* ({ kv, at, advance }) {
    yield* equal(yield* kv.has("test", at), false, "a missing key")
    for (const value of [null, 0, false, "", {}, [], new Uint8Array(0)]) {
      yield* kv.put("test", value, { ...at, ttl: "1 second" })
      yield* equal(yield* kv.has("test", at), true)
    }
    yield* advance("1100 millis")
    yield* equal(yield* kv.has("test", at), false, "an expired entry")
    yield* kv.put("test", 1, at)
    yield* kv.delete("test", at)
    yield* equal(yield* kv.has("test", at), false, "a deleted key")
  }),
  define("gives an entry a new TTL with touch and keeps its value [TO1]", ["Misses"], function* ({ kv, at, advance }) {
    const values: ReadonlyArray<Value> = [{ a: [1, "é", -0] }, null, "text", Uint8Array.of(0, 255), "x".repeat(5000)]
    for (const value of values) {
      yield* kv.put("test", value, { ...at, ttl: "1 second" })
      yield* equal(yield* kv.touch("test", { ...at, ttl: "1 hour" }), true)
      const found = yield* kv.ttl("test", at)
      yield* equal(found?.value, value)
      const left = Duration.toMillis(found?.ttl ?? 0)
      yield* isTrue(left > 3_590_000 && left <= 3_600_000, `the TTL is ${left} ms`)
    }
    yield* advance("1100 millis")
    yield* equal(yield* kv.get("test", at), values.at(-1), "after the old TTL")
    yield* equal(yield* kv.touch("test", { ...at, ttl: "400 millis" }), true, "a shorter TTL")
    yield* advance("450 millis")
    yield* equal(yield* kv.get("test", at), undefined, "after the shorter TTL")
  }),
  define("removes the TTL with touch when none or an infinite one is given [TO2]", [], function* ({ kv, at }) {
    for (const ttl of [undefined, "Infinity"] as const) {
      yield* kv.put("test", 1, { ...at, ttl: "1 minute" })
      yield* equal(yield* kv.touch("test", { ...at, ttl }), true)
      yield* equal(yield* kv.ttl("test", at), { value: 1, ttl: undefined })
    }
  }),
  define("adds a TTL with touch to an entry without one [TO3]", ["Misses"], function* ({ kv, at, advance }) {
    yield* kv.put("test", 1, at)
    yield* equal(yield* kv.touch("test", { ...at, ttl: "400 millis" }), true)
    yield* advance("450 millis")
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("returns false from touch for a missing key, and stores nothing [TO4]", [], function* ({ kv, at, advance }) {
    yield* equal(yield* kv.touch("test", { ...at, ttl: "1 hour" }), false)
    yield* equal(yield* kv.delete("test", at), false, "nothing was stored")
    yield* kv.put("test", 1, { ...at, ttl: "400 millis" })
    yield* advance("450 millis")
    yield* equal(yield* kv.touch("test", { ...at, ttl: "1 hour" }), false, "an expired entry")
    yield* equal(yield* kv.delete("test", at), false, "nothing was revived")
  }),
  define("fails with InvalidTtlError in touch and keeps the entry [TO5]", [], function* ({ kv, at }) {
    yield* kv.put("test", 1, at)
    for (const ttl of [0, -1, Number.NaN, "nonsense"]) {
      const options = { ...at, ttl: ttl as Duration.Input }
      const error = yield* failsWith(kv.touch("test", options), "InvalidTtlError")
      yield* equal([error.operation, error.keys, error.outcome], ["touch", ["test"], "not-applied"])
      yield* failsWith(kv.touch("missing", options), "InvalidTtlError")
    }
    yield* equal(yield* kv.ttl("test", at), { value: 1, ttl: undefined })
  }),
  defineFor("Atomic", Atomic)(
    "loses no update to concurrent calls of touch [TO6]",
    [],
    function* (subject, { update }) {
      const { kv, at } = subject
      yield* kv.put("test", 0, at)
      const mixed = twenty.flatMap(() => [
        Effect.asVoid(update("test", increment, at)),
        Effect.asVoid(kv.touch("test", { ...at, ttl: "1 hour" }))
      ])
      yield* settle(subject, Effect.all(mixed, { concurrency: "unbounded" }))
      yield* equal((yield* kv.ttl("test", at))?.value, 20)
      yield* isTrue((yield* kv.ttl("test", at))?.ttl !== undefined, "the entry has no TTL")
    }
  ),
  define("stores each entry of putMany with its own TTL [PM1]", ["Misses"], function* ({ kv, at, advance }) {
    yield* kv.putMany(
      [
        ["own", 1, { ttl: "400 millis" }],
        ["common", 2],
        ["none", 3, { ttl: "Infinity" }],
        ["empty", 4, { ttl: undefined }],
        ["twice", 5, { ttl: "400 millis" }],
        ["twice", 6]
      ],
      { ...at, ttl: "1 second" }
    )
    yield* advance("450 millis")
    const keys = ["own", "common", "none", "empty", "twice"]
    yield* equal(yield* kv.getMany(keys, at), [undefined, 2, 3, 4, 6])
    yield* advance("650 millis")
    yield* equal(yield* kv.getMany(keys, at), [undefined, undefined, 3, undefined, undefined])
  }),
  define("stores nothing when one TTL of putMany is not valid [PM2]", ["Misses"], function* ({ kv, at }) {
    const entries = [
      ["a", 1, { ttl: "1 hour" }],
      ["b", 2, { ttl: 0 }]
    ] as const
    const error = yield* failsWith(kv.putMany(entries, at), "InvalidTtlError")
    yield* equal([error.keys, error.ttl], [["b"], 0])
    yield* equal(yield* kv.getMany(["a", "b"], at), [undefined, undefined])
  })
]
