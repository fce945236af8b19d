import * as Effect from "effect/Effect"
import * as Value from "../../Value.ts"
import { define, type Subject } from "./Case.ts"
import { equal, failsWith } from "./check.ts"
import * as vectors from "./vectors.ts"

const roundTrip = ({ kv, at }: Subject, name: string, value: Value.Value) =>
  Effect.gen(function* () {
    yield* kv.put(name, value, at)
    yield* equal(yield* kv.get(name, at), value, name)
  })

const isRefused = ({ kv, at }: Subject, name: string, value: unknown, path: string | undefined) =>
  Effect.gen(function* () {
    yield* kv.put("test", "before", at)
    const error = yield* failsWith(kv.put("test", value as Value.Value, at), "SerializationError")
    if (path !== undefined) yield* equal(error.path, path, name)
    yield* equal([error.collection, error.keys, error.outcome], [at.collection, ["test"], "not-applied"], name)
    yield* equal(yield* kv.get("test", at), "before", `${name} was stored`)
  })

class SpecialBytes extends Uint8Array {}

/** What can be stored, what cannot, and that what was put is what is got. */
export const values = [
  define("S5 an object that is not JSON", [], function* (subject) {
    yield* isRefused(subject, "a URL", { test: new URL("https://example.com") }, "$.test")
  }),
  define("S7 the values of py-key-value's suite", [], function* (subject) {
    for (const [name, value] of Object.entries(vectors.pythonValues)) yield* roundTrip(subject, name, value)
  }),
  define("S8 dates and other instances", [], function* (subject) {
    yield* isRefused(subject, "a Date", { str_key: new Date(0) }, "$.str_key")
    for (const [name, value, path] of vectors.refused) yield* isRefused(subject, name, value, path)
  }),
  define("S9 large values", [], function* (subject) {
    for (const [name, value] of Object.entries(vectors.largeValues)) yield* roundTrip(subject, name, value)
  }),
  define("VA1 every JSON value", [], function* (subject) {
    for (const [i, value] of vectors.confusableValues.entries()) yield* roundTrip(subject, `value ${i}`, value)
  }),
  define("VA2 every JSON value in a batch", [], function* ({ kv, at }) {
    const entries = vectors.confusableValues.map((value, i) => [`value ${i}`, value] as const)
    yield* kv.putMany(entries, at)
    yield* equal(
      yield* kv.getMany(
        entries.map(([key]) => key),
        at
      ),
      vectors.confusableValues
    )
  }),
  define("VA3 values that look like what wrappers write", [], function* (subject) {
    for (const [i, value] of vectors.lookalikes.entries()) yield* roundTrip(subject, `lookalike ${i}`, value)
  }),
  define("VA4 bytes", [], function* (subject) {
    for (const [name, make] of Object.entries(vectors.bytes)) yield* roundTrip(subject, name, make())
    const buffer = Uint8Array.of(0, 1, 2, 3, 4, 5)
    yield* subject.kv.put("view", buffer.subarray(2, 4), subject.at)
    yield* equal(yield* subject.kv.get("view", subject.at), Uint8Array.of(2, 3), "a view")
    yield* subject.kv.put("subclass", SpecialBytes.of(1), subject.at)
    yield* equal(yield* subject.kv.get("subclass", subject.at), Uint8Array.of(1), "a subclass, such as Buffer")
  }),
  define("VA5 bytes and JSON in one batch", ["Misses"], function* ({ kv, at }) {
    yield* kv.putMany(
      [
        ["json", [1, 2]],
        ["bytes", Uint8Array.of(1, 2)],
        ["text", "\u0001\u0002"]
      ],
      at
    )
    yield* equal(yield* kv.getMany(["bytes", "none", "text", "json"], at), [
      Uint8Array.of(1, 2),
      undefined,
      "\u0001\u0002",
      [1, 2]
    ])
    yield* kv.put("bytes", { now: "json" }, at)
    yield* equal(yield* kv.get("bytes", at), { now: "json" })
  }),
  define("VA6 the deepest value", [], function* (subject) {
    yield* roundTrip(subject, "deepest", vectors.deepest(Value.maxDepth))
    yield* isRefused(subject, "deeper", vectors.deepest(Value.maxDepth + 1), undefined)
  }),
  define("VA7 one bad value in a batch stores none", ["Misses"], function* ({ kv, at }) {
    const put = kv.putMany(
      [
        ["a", 1],
        ["b", { date: new Date(0) as unknown as string }],
        ["c", 3]
      ],
      at
    )
    const error = yield* failsWith(put, "SerializationError")
    yield* equal([error.operation, error.keys, error.path], ["putMany", ["b"], "$.date"])
    yield* equal(yield* kv.getMany(["a", "b", "c"], at), [undefined, undefined, undefined])
  }),
  define("VA8 changing what was put changes nothing", [], function* ({ kv, at }) {
    const value = { list: [1], nested: { a: 1 } }
    const bytes = Uint8Array.of(1)
    yield* kv.putMany(
      [
        ["value", value],
        ["bytes", bytes]
      ],
      at
    )
    yield* Effect.sync(() => {
      value.list.push(2)
      value.nested.a = 2
      bytes[0] = 2
    })
    yield* equal(yield* kv.getMany(["value", "bytes"], at), [{ list: [1], nested: { a: 1 } }, Uint8Array.of(1)])
  }),
  define("VA9 changing what was got changes nothing", [], function* ({ kv, at }) {
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
  define("VA10 an object without a prototype is a plain one", [], function* ({ kv, at }) {
    const value = Object.assign(Object.create(null) as Record<string, number>, { a: 1 })
    yield* kv.put("test", value, at)
    yield* equal(yield* kv.get("test", at), { a: 1 })
  }),
  define("VA11 a value that throws is refused, and what it has is read once", [], function* (subject) {
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
  define("VA12 an ArrayBuffer is bytes", [], function* ({ kv, at }) {
    yield* kv.put("test", Uint8Array.of(1, 2).buffer as unknown as Value.Value, at)
    yield* equal(yield* kv.get("test", at), Uint8Array.of(1, 2))
  })
]
