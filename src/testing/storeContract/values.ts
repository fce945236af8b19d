import * as Effect from "effect/Effect"
import * as Value from "../../Value.ts"
import { define, type Subject } from "./Case.ts"
import { equal, failsWith, roundTrip } from "./check.ts"
import * as vectors from "./vectors.ts"

const isRefused = ({ kv, at }: Subject, name: string, value: unknown, path: string | undefined) =>
  Effect.gen(function* () {
    yield* kv.put("test", "before", at)
    const error = yield* failsWith(kv.put("test", value as Value.Value, at), "SerializationError")
    if (path !== undefined) yield* equal(error.path, path, name)
    yield* equal([error.collection, error.keys, error.outcome], [at.collection, ["test"], "not-applied"], name)
    yield* equal(yield* kv.get("test", at), "before", `${name} was stored`)
  })

class SpecialBytes extends Uint8Array {}

/** Cases for values: which can be stored, which are refused, and that a returned value equals the one that was put. */
export const values = [
  define("fails with SerializationError for an object that is not JSON [S5]", [], function* (subject) {
    yield* isRefused(subject, "a URL", { test: new URL("https://example.com") }, "$.test")
  }),
  define("returns the values of py-key-value's suite as they were put [S7]", [], function* (subject) {
    for (const [name, value] of Object.entries(vectors.pythonValues)) yield* roundTrip(subject, name, value)
  }),
  define("fails with SerializationError for dates and other instances [S8]", [], function* (subject) {
    yield* isRefused(subject, "a Date", { str_key: new Date(0) }, "$.str_key")
    for (const [name, value, path] of vectors.refused) yield* isRefused(subject, name, value, path)
  }),
  define("returns large values as they were put [S9]", [], function* (subject) {
    for (const [name, value] of Object.entries(vectors.largeValues)) yield* roundTrip(subject, name, value)
  }),
  define("returns every kind of JSON value as it was put [VA1]", [], function* (subject) {
    for (const [i, value] of vectors.confusableValues.entries()) yield* roundTrip(subject, `value ${i}`, value)
  }),
  define("returns every kind of JSON value in a batch as it was put [VA2]", [], function* ({ kv, at }) {
    const entries = vectors.confusableValues.map((value, i) => [`value ${i}`, value] as const)
    yield* kv.putMany(entries, at)
    const keys = entries.map(([key]) => key)
    yield* equal(yield* kv.getMany(keys, at), vectors.confusableValues)
  }),
  define("returns values that look like a wrapper's output as they were put [VA3]", [], function* (subject) {
    for (const [i, value] of vectors.lookalikes.entries()) yield* roundTrip(subject, `lookalike ${i}`, value)
  }),
  define("returns bytes as they were put [VA4]", [], function* (subject) {
    for (const [name, make] of Object.entries(vectors.bytes)) yield* roundTrip(subject, name, make())
    const buffer = Uint8Array.of(0, 1, 2, 3, 4, 5)
    yield* subject.kv.put("view", buffer.subarray(2, 4), subject.at)
    yield* equal(yield* subject.kv.get("view", subject.at), Uint8Array.of(2, 3), "a view")
    yield* subject.kv.put("subclass", SpecialBytes.of(1), subject.at)
    yield* equal(yield* subject.kv.get("subclass", subject.at), Uint8Array.of(1), "a subclass, such as Buffer")
  }),
  define("stores bytes and JSON in one batch [VA5]", ["Misses"], function* ({ kv, at }) {
    yield* kv.putMany(Object.entries({ json: [1, 2], bytes: Uint8Array.of(1, 2), text: "\u0001\u0002" }), at)
    yield* equal(yield* kv.getMany(["bytes", "none", "text", "json"], at), [
      Uint8Array.of(1, 2),
      undefined,
      "\u0001\u0002",
      [1, 2]
    ])
    yield* kv.put("bytes", { now: "json" }, at)
    yield* equal(yield* kv.get("bytes", at), { now: "json" })
  }),
  define("leaves out a field that is undefined, as JSON does [VA13]", [], function* ({ kv, at }) {
    const value = { a: undefined, b: { c: undefined, d: [{ e: undefined, f: 1 }] } }
    yield* kv.put("test", value as object as Value.Value, at)
    yield* equal(yield* kv.get("test", at), { b: { d: [{ f: 1 }] } })
    yield* equal(value, { a: undefined, b: { c: undefined, d: [{ e: undefined, f: 1 }] } }, "the value that was put")
  }),
  define("accepts the deepest allowed value and refuses a deeper one [VA6]", [], function* (subject) {
    yield* roundTrip(subject, "deepest", vectors.deepest(Value.maxDepth))
    yield* isRefused(subject, "deeper", vectors.deepest(Value.maxDepth + 1), undefined)
  }),
  define("stores nothing of a batch in which one value is not valid [VA7]", ["Misses"], function* ({ kv, at }) {
    const put = kv.putMany(Object.entries({ a: 1, b: { date: new Date(0) as unknown as string }, c: 3 }), at)
    const error = yield* failsWith(put, "SerializationError")
    yield* equal([error.operation, error.keys, error.path], ["putMany", ["b"], "$.date"])
    yield* equal(yield* kv.getMany(["a", "b", "c"], at), [undefined, undefined, undefined])
  }),
  define("keeps the stored value when the value that was put is mutated [VA8]", [], function* ({ kv, at }) {
    const value = { list: [1], nested: { a: 1 } }
    const bytes = Uint8Array.of(1)
    yield* kv.putMany(Object.entries({ value, bytes }), at)
    yield* Effect.sync(() => {
      value.list.push(2)
      value.nested.a = 2
      bytes[0] = 2
    })
    yield* equal(yield* kv.getMany(["value", "bytes"], at), [{ list: [1], nested: { a: 1 } }, Uint8Array.of(1)])
  }),
  define("keeps the stored value when a returned value is mutated [VA9]", [], function* ({ kv, at }) {
    yield* kv.put("value", { list: [1] }, at)
    yield* kv.put("bytes", Uint8Array.of(1), at)
    const spoil = (value: unknown) =>
      Effect.sync(() => {
        if (value instanceof Uint8Array) value[0] = 2
        else (value as { list: Array<number> }).list.push(2)
      })
    for (const key of ["value", "bytes"]) {
      yield* spoil(yield* kv.get(key, at))
      yield* spoil((yield* kv.ttl(key, at))?.value)
      const [first, second] = yield* kv.getMany([key, key], at)
      yield* spoil(first)
      yield* equal(second, key === "value" ? { list: [1] } : Uint8Array.of(1), "twice in a batch")
    }
    yield* equal(yield* kv.getMany(["value", "bytes"], at), [{ list: [1] }, Uint8Array.of(1)])
  }),
  define("returns an object without a prototype as a plain object [VA10]", [], function* ({ kv, at }) {
    const value = Object.assign(Object.create(null) as Record<string, number>, { a: 1 })
    yield* kv.put("test", value, at)
    yield* equal(yield* kv.get("test", at), { a: 1 })
  }),
  define("refuses a value that throws, and reads each property once [VA11]", [], function* (subject) {
    const { kv, at } = subject
    const throwing = {
      get a() {
        throw new Error("by a getter")
      }
    }
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const transferred = Uint8Array.of(1)
    structuredClone(transferred.buffer, { transfer: [transferred.buffer] })
    yield* isRefused(subject, "a getter that throws", { list: [throwing] }, "$.list[0].a")
    yield* isRefused(subject, "a revoked proxy", { proxy: revoked.proxy }, "$.proxy")
    yield* isRefused(subject, "bytes that were transferred", transferred, "$")
    let reads = 0
    const counting = {
      get reads() {
        return ++reads
      }
    }
    yield* kv.put("test", { inner: [counting] } as unknown as Value.Value, at)
    yield* equal([reads, yield* kv.get("test", at)], [1, { inner: [{ reads: 1 }] }])
  }),
  define("returns an ArrayBuffer as bytes [VA12]", [], function* ({ kv, at }) {
    yield* kv.put("test", Uint8Array.of(1, 2).buffer as unknown as Value.Value, at)
    yield* equal(yield* kv.get("test", at), Uint8Array.of(1, 2))
  })
]
