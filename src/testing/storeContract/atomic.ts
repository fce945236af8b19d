import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Atomic } from "../../Atomic.ts"
import * as Idempotency from "../../Idempotency.ts"
import * as Lease from "../../Lease.ts"
import type { Value } from "../../Value.ts"
import { defineFor, settle } from "./Case.ts"
import { equal, failsWith, isTrue } from "./check.ts"

const define = defineFor("Atomic", Atomic)

const increment = (value: Value | undefined): Value => ((value as number | undefined) ?? 0) + 1

const twenty = Array.from({ length: 20 }, (_, i) => i)

const concurrently = <A, E, R>(f: (i: number) => Effect.Effect<A, E, R>) =>
  Effect.forEach(twenty, f, { concurrency: "unbounded" })

/** Cases for stores with the capability `Atomic`. */
export const atomic = [
  define("stores a value with putIfAbsent when the key is missing [AT1]", ["Misses"], function* ({ kv, at }, atomic) {
    yield* equal(yield* atomic.putIfAbsent("test", { a: 1 }, at), true)
    yield* equal(yield* atomic.putIfAbsent("test", { a: 2 }, at), false)
    yield* equal(yield* kv.get("test", at), { a: 1 })
    yield* kv.delete("test", at)
    yield* equal(yield* atomic.putIfAbsent("test", { a: 3 }, at), true)
    yield* equal(yield* kv.get("test", at), { a: 3 })
  }),
  define("treats null and other empty values as present in putIfAbsent [AT2]", [], function* ({ kv, at }, atomic) {
    for (const value of [null, 0, false, "", new Uint8Array(0)]) {
      yield* kv.put("test", value, at)
      yield* equal(yield* atomic.putIfAbsent("test", "new", at), false)
      yield* equal(yield* kv.get("test", at), value)
    }
  }),
  define("lets exactly one of 20 concurrent putIfAbsent calls win [AT3]", ["Misses"], function* (subject, atomic) {
    const answers = yield* settle(
      subject,
      concurrently((i) => atomic.putIfAbsent("test", i, subject.at))
    )
    const winners = twenty.filter((i) => answers[i])
    yield* equal(winners.length, 1)
    yield* equal(yield* subject.kv.get("test", subject.at), winners[0])
  }),
  define("expires what putIfAbsent stored with a TTL [AT4]", ["Misses"], function* ({ kv, at, advance }, atomic) {
    yield* equal(yield* atomic.putIfAbsent("test", 1, { ...at, ttl: "1 second" }), true)
    yield* equal(yield* atomic.putIfAbsent("test", 2, at), false)
    yield* advance("1100 millis")
    yield* equal(yield* atomic.putIfAbsent("test", 3, at), true, "for an expired entry")
    yield* equal(yield* kv.ttl("test", at), { value: 3, ttl: undefined })
  }),
  define("stores what update's function returns [AT5]", ["Misses"], function* ({ kv, at }, atomic) {
    const seen: Array<Value | undefined> = []
    const add = (item: number) => (value: Value | undefined) => {
      seen.push(value)
      return [...((value as ReadonlyArray<number> | undefined) ?? []), item]
    }
    yield* equal(yield* atomic.update("test", add(1), at), [1])
    yield* equal(yield* atomic.update("test", add(2), at), [1, 2])
    yield* equal(yield* kv.get("test", at), [1, 2])
    yield* equal(seen, [undefined, [1]])
  }),
  define("loses none of 20 concurrent updates [AT6]", ["Misses"], function* (subject, atomic) {
    const answers = yield* settle(
      subject,
      concurrently(() => atomic.update("test", increment, subject.at))
    )
    yield* equal(yield* subject.kv.get("test", subject.at), 20)
    yield* equal(
      answers.toSorted((a, b) => (a as number) - (b as number)),
      twenty.map((i) => i + 1)
    )
  }),
  define("keeps the TTL when update gives none [AT7]", ["Misses"], function* ({ kv, at, advance }, atomic) {
    yield* kv.put("test", 1, { ...at, ttl: "1 second" })
    yield* advance("300 millis")
    yield* atomic.update("test", increment, at)
    const answer = yield* kv.ttl("test", at)
    yield* equal(answer?.value, 2)
    yield* isTrue(answer?.ttl !== undefined && Duration.toMillis(answer.ttl) <= 700, `TTL ${answer?.ttl}`)
    yield* advance("800 millis")
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("replaces the TTL when update gives one [AT8]", [], function* ({ kv, at }, atomic) {
    yield* kv.put("test", 1, at)
    yield* atomic.update("test", increment, { ...at, ttl: "1 minute" })
    const left = (yield* kv.ttl("test", at))?.ttl
    yield* isTrue(left !== undefined && Duration.toMillis(left) <= 60_000, `TTL ${left}`)
    yield* atomic.update("test", increment, { ...at, ttl: "Infinity" })
    yield* equal(yield* kv.ttl("test", at), { value: 3, ttl: undefined })
  }),
  define("deletes the entry when update returns undefined [AT9]", ["Misses"], function* ({ kv, at }, atomic) {
    yield* kv.put("test", 1, at)
    yield* equal(yield* atomic.update("test", () => undefined, at), undefined)
    yield* equal(yield* kv.get("test", at), undefined)
    yield* equal(yield* atomic.update("test", () => undefined, at), undefined, "for a missing key")
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("fails when update returns a value that cannot be stored [AT10]", [], function* ({ kv, at }, atomic) {
    yield* kv.put("test", [1], at)
    const error = yield* failsWith(
      atomic.update("test", () => [new Date(0)] as unknown as Value, at),
      "SerializationError"
    )
    yield* equal([error.operation, error.keys, error.path], ["update", ["test"], "$[0]"])
    yield* equal(yield* kv.get("test", at), [1])
  }),
  define("returns from update a copy of a mutated value [AT11]", [], function* ({ kv, at }, atomic) {
    yield* kv.put("test", { list: [1] }, at)
    const spoil = (value: Value | undefined) => {
      ;(value as { list: Array<number> }).list.push(2)
      return value
    }
    const answer = yield* atomic.update("test", spoil, at)
    yield* equal(yield* kv.get("test", at), { list: [1, 2] })
    yield* Effect.sync(() => spoil(answer))
    yield* equal(yield* kv.get("test", at), { list: [1, 2] })
  }),
  define("updates bytes, and replaces them with a number [AT12]", [], function* ({ kv, at }, atomic) {
    yield* kv.put("test", Uint8Array.of(1), at)
    yield* atomic.update("test", (value) => Uint8Array.of(...(value as Uint8Array), 2), at)
    yield* equal(yield* kv.get("test", at), Uint8Array.of(1, 2))
    yield* atomic.update("test", () => -0, at)
    yield* equal(yield* kv.get("test", at), -0)
  }),
  define("returns a value with getAndDelete and deletes it [AT13]", ["Misses"], function* ({ kv, at }, atomic) {
    yield* equal(yield* atomic.getAndDelete("test", at), undefined)
    yield* kv.put("test", { a: 1 }, at)
    yield* equal(yield* atomic.getAndDelete("test", at), { a: 1 })
    yield* equal(yield* atomic.getAndDelete("test", at), undefined)
    yield* equal(yield* kv.get("test", at), undefined)
  }),
  define("gives a value to one of 20 getAndDelete calls [AT14]", ["Misses"], function* (subject, atomic) {
    yield* subject.kv.put("test", "value", subject.at)
    const answers = yield* settle(
      subject,
      concurrently(() => atomic.getAndDelete("test", subject.at))
    )
    yield* equal(
      answers.filter((answer) => answer !== undefined),
      ["value"]
    )
  }),
  define("treats expired entries as missing [AT15]", ["Misses"], function* ({ kv, at, advance }, atomic) {
    yield* kv.put("a", 5, { ...at, ttl: "1 second" })
    yield* kv.put("b", 5, { ...at, ttl: "1 second" })
    yield* advance("1100 millis")
    yield* equal(yield* atomic.update("a", increment, at), 1)
    yield* equal(yield* kv.ttl("a", at), { value: 1, ttl: undefined })
    yield* equal(yield* atomic.getAndDelete("b", at), undefined)
  }),
  define("loses no update when two keys are updated concurrently [AT16]", [], function* (subject, atomic) {
    const { kv, at } = subject
    yield* kv.putMany(Object.entries({ test: 1, other: 1 }), at)
    const mixed = [
      ...twenty.map(() => atomic.update("test", increment, at)),
      ...twenty.map(() => atomic.update("other", increment, at))
    ]
    yield* settle(subject, Effect.all(mixed, { concurrency: "unbounded" }))
    yield* equal(yield* kv.getMany(["test", "other"], at), [21, 21])
  }),
  define("accepts unusual keys in every atomic operation [AT17]", ["Misses"], function* ({ kv, at }, atomic) {
    for (const key of ["", "__proto__", "a::b", "*", "鍵"]) {
      yield* equal(yield* atomic.putIfAbsent(key, 1, at), true, key)
      yield* equal(yield* atomic.update(key, increment, at), 2, key)
      yield* equal(yield* kv.get(key, at), 2, key)
      yield* equal(yield* atomic.getAndDelete(key, at), 2, key)
    }
  }),
  define("gives a lease to one of 5 concurrent callers at a time, with greater tokens [AT18]", [], function* (subject) {
    const { collection } = subject.at
    let held = 0
    const tokens: Array<number> = []
    const use = (token: number) =>
      Effect.gen(function* () {
        yield* equal(++held, 1)
        tokens.push(token)
        yield* Effect.yieldNow
        held--
      })
    yield* settle(
      subject,
      Effect.forEach([1, 2, 3, 4, 5], () => Lease.withLease("test", { collection }, use), { concurrency: "unbounded" })
    )
    yield* equal(
      tokens,
      tokens.map((_, i) => tokens[0]! + i)
    )
  }),
  define("runs an idempotent effect once, and returns its stored outcome [AT19]", [], function* (subject) {
    const { collection } = subject.at
    let runs = 0
    const run = Effect.sync(() => ({ run: ++runs }))
    const success = Schema.Struct({ run: Schema.Finite })
    const once = Idempotency.once("test", run, { ttl: "1 hour", success, collection })
    yield* equal(yield* settle(subject, once), { run: 1 })
    yield* equal(yield* settle(subject, once), { run: 1 })
  })
]
