/** Tests the form of stored entries, which no later version may change without reading the older one, and the span of a lookup. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { KeyValue, LoadingCache, Memory, type Value } from "effect-kv"
import { recorder } from "../support/spans.ts"
import { cacheOf, NotFound, Source } from "./support.ts"

const now = Date.UTC(2026, 10, 25, 12, 34, 56, 789)

const stored: Readonly<Record<string, Value.Value>> = {
  "effect-kv:all": { invalidated: "nonce 1" },
  "effect-kv:tags": { invalidated: "nonce 2" },
  "effect-kv:tag:first:a": { invalidated: "nonce 3" },
  "effect-kv:tag:ü 🔑": { invalidated: "nonce 4" },
  a: {
    value: { at: "2026-11-25T12:34:56.789Z", bytes: "AAH/" },
    freshUntil: now + 60_000,
    ttl: 60_000,
    all: "nonce 1",
    epoch: "nonce 2",
    tags: [
      ["first:a", "nonce 3"],
      ["ü 🔑", "nonce 4"]
    ]
  },
  "effect-kv:key:effect-kv:odd": {
    value: { at: "2026-11-25T12:34:56.789Z", bytes: "AAH/" },
    all: "nonce 1"
  },
  missing: { error: { _tag: "NotFound", id: "missing" }, freshUntil: now + 30_000, ttl: 30_000, all: "nonce 1" },
  marked: { invalidated: "nonce 5" }
}

const collection = "app/Things"
const schema = Schema.Struct({ at: Schema.Date, bytes: Schema.Uint8Array })
const value = { at: new Date(now), bytes: Uint8Array.of(0, 1, 255) }

const cacheWith = (onLookup: () => void) =>
  LoadingCache.make({
    collection,
    schema,
    lookup: (key: string) =>
      Effect.suspend(() => {
        onLookup()
        return key === "missing" ? new NotFound({ id: key }) : Effect.succeed(value)
      }),
    ttl: (_, key) => (key === "a" ? "1 minute" : "Infinity"),
    tags: (_, key) => (key === "a" ? ["first:a", "ü 🔑"] : []),
    cacheErrors: { schema: NotFound, ttl: "30 seconds" }
  })

/** Replaces nonces by numbers, in the order of the expected entries. */
const numbered = (values: ReadonlyArray<Value.Value | undefined>): unknown => {
  let text = JSON.stringify(values)
  let n = 0
  for (const [nonce] of text.matchAll(/(?<="invalidated":")[^"]*/g)) text = text.replaceAll(nonce, `nonce ${++n}`)
  return JSON.parse(text)
}

describe("the stored form", () => {
  it.effect("is the same as in effect-kv 0.2.0", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const cache = yield* cacheWith(() => {})
      yield* cache.getManyResults(["a", "effect-kv:odd", "missing"])
      yield* cache.invalidate("marked")
      const kv = yield* KeyValue.KeyValue
      assert.deepStrictEqual(
        numbered(yield* kv.getMany(Object.keys(stored), { collection })),
        JSON.parse(JSON.stringify(Object.values(stored)))
      )
    }).pipe(Effect.scoped, Effect.provide(Memory.layer()))
  )

  it.effect("can be read", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      let lookups = 0
      const cache = yield* cacheWith(() => lookups++)
      const [a, odd, missing] = yield* cache.getManyResults(["a", "effect-kv:odd", "missing"])
      assert.deepStrictEqual(a?._tag === "Success" && a.success, value)
      assert.deepStrictEqual(odd?._tag === "Success" && odd.success, value)
      assert.instanceOf(missing?._tag === "Failure" && missing.failure, NotFound)
      assert.strictEqual(lookups, 0)
      yield* cache.get("marked")
      assert.strictEqual(lookups, 1)
    }).pipe(Effect.scoped, Effect.provide(Memory.layer({ seed: { [collection]: stored } })))
  )
})

describe("spans", () => {
  it.effect("a lookup is a span of its own, and a hit has none", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recorder()
      const source = new Source()
      const cache = yield* cacheOf(source, { lookupMany: source.lookupMany })
      yield* Effect.gen(function* () {
        yield* cache.get("a")
        yield* cache.get("a")
        yield* cache.getMany(["b", "c"])
        source.missing.add("d")
        yield* Effect.flip(cache.get("d"))
      }).pipe(Effect.withSpan("caller"), Effect.provideService(Tracer.Tracer, tracer))
      const lookups = spans.filter(({ name }) => name === "lookup things")
      assert.deepStrictEqual(
        lookups.map(({ status }) => status._tag === "Ended" && status.exit._tag),
        ["Success", "Success", "Failure"]
      )
      for (const { parent } of lookups) assert.strictEqual(parent._tag, "Some")
      assert.deepStrictEqual(new Set(spans.map(({ name }) => name)), new Set(["caller", "lookup things"]))
    }).pipe(Effect.scoped, Effect.provide(Memory.layer()))
  )
})
