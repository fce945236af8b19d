/** Tests that `maxAge` of FernetEncryption counts from when a value was written, whichever wrapper copies it. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Fallback, FernetEncryption, KeyValue, Memory, Replicate, Rotation } from "../../src/index.ts"
import { call } from "../driver/recording.ts"
import { faulty, script } from "../support/faults.ts"

type Key = Redacted.Redacted<string>

const maxAge = "1 hour"

const keys = Effect.all([FernetEncryption.generateKey, FernetEncryption.generateKey])

const put = KeyValue.KeyValue.use((kv) => kv.put("k", "secret"))

const read = KeyValue.KeyValue.use((kv) => kv.get("k"))

/** The value that a read returns, or the reason why it cannot be decrypted. */
const found = Effect.catchTag(read, "DecryptionError", ({ reason }) => Effect.succeed(reason))

/** A store that several layers share. */
const shared = Effect.map(Layer.build(Memory.layer()), Layer.succeedContext)

const begin = TestClock.setTime(1_000_000_123)

describe("maxAge", () => {
  const changes: Readonly<
    Record<string, (first: Key, second: Key) => readonly [FernetEncryption.Options, FernetEncryption.Options]>
  > = {
    "a rotation of the key": (first, second) => [{ keys: [first] }, { keys: [second, first] }],
    "a change of the envelope": (key) => [{ keys: [key] }, { keys: [key], envelope: "binary" }]
  }

  for (const [change, optionsOf] of Object.entries(changes)) {
    it.effect(`is not renewed by ${change}`, () =>
      Effect.gen(function* () {
        const [before, after] = optionsOf(...(yield* keys))
        const base = yield* shared
        yield* begin
        yield* Effect.provide(put, base.pipe(FernetEncryption.wrap({ ...before, maxAge })))
        yield* TestClock.adjust("50 minutes")
        const layer = base.pipe(FernetEncryption.wrap({ ...after, maxAge }))
        const [progress] = yield* Effect.provide(Stream.runCollect(Rotation.rotate()), layer)
        assert.strictEqual(progress?.rotated, 1)
        assert.strictEqual(yield* Effect.provide(found, layer), "secret")
        yield* TestClock.adjust("11 minutes")
        assert.strictEqual(yield* Effect.provide(found, layer), "too-old")
      })
    )
  }

  it.effect("counts from when a plaintext was written that Rotation encrypts", () =>
    Effect.gen(function* () {
      const base = yield* shared
      yield* begin
      yield* Effect.provide(put, base)
      yield* TestClock.adjust("50 minutes")
      const layer = base.pipe(FernetEncryption.wrap({ keys: [(yield* keys)[0]], maxAge, allowPlaintext: true }))
      yield* Effect.provide(Stream.runDrain(Rotation.rotate()), layer)
      assert.strictEqual(yield* Effect.provide(found, layer), "secret")
      yield* TestClock.adjust("11 minutes")
      assert.strictEqual(yield* Effect.provide(found, layer), "too-old")
    })
  )

  it.effect("is not renewed by a rotation of an entry that claims to be younger than its token", () =>
    Effect.gen(function* () {
      const [first, second] = yield* keys
      const base = yield* shared
      yield* begin
      yield* Effect.provide(put, base.pipe(FernetEncryption.wrap({ keys: [first], maxAge })))
      yield* TestClock.adjust("50 minutes")
      const { driver } = yield* Effect.provide(KeyValue.KeyValue, base)
      const [entry] = yield* driver.get(call.get(driver.defaultCollection, "k"))
      for (const createdAt of [1_000_000_123 + 50 * 60_000, undefined]) {
        yield* driver.put({
          ...call.put(driver.defaultCollection, { k: 1 }),
          entries: [{ payload: entry!.payload, createdAt, expiresAt: undefined }]
        })
        const layer = base.pipe(FernetEncryption.wrap({ keys: [second, first], maxAge }))
        yield* Effect.provide(Stream.runDrain(Rotation.rotate()), layer)
        assert.strictEqual(yield* Effect.provide(found, layer), "secret")
        yield* TestClock.adjust("10 minutes")
        assert.strictEqual(yield* Effect.provide(found, layer), "too-old")
        yield* TestClock.setTime(1_000_000_123 + 50 * 60_000)
      }
    })
  )

  it.effect("is not renewed by the replay of a write after an outage", () =>
    Effect.gen(function* () {
      const plan = script()
      const base = yield* shared
      const primary = base.pipe(faulty(plan), FernetEncryption.wrap({ keys: [(yield* keys)[0]], maxAge }))
      yield* begin
      yield* Effect.gen(function* () {
        plan.always = "unavailable"
        yield* put
        yield* TestClock.adjust("50 minutes")
        plan.always = undefined
        yield* TestClock.adjust("2 minutes")
        assert.strictEqual(yield* found, "secret")
        yield* TestClock.adjust("9 minutes")
        assert.strictEqual(yield* found, "too-old")
      }).pipe(Effect.provide(primary.pipe(Fallback.wrap({ fallback: Memory.layer(), recovery: {} }))))
    })
  )

  it.effect("is not renewed by the repair of a replica", () =>
    Effect.gen(function* () {
      const [key] = yield* keys
      const plan = script()
      const base = yield* shared
      const replica = base.pipe(faulty(plan), FernetEncryption.wrap({ keys: [key], maxAge }))
      yield* begin
      yield* Effect.gen(function* () {
        plan.always = "unavailable"
        yield* put
        yield* TestClock.adjust("50 minutes")
        plan.always = undefined
        yield* read
        yield* TestClock.adjust("2 minutes")
      }).pipe(Effect.provide(Memory.layer().pipe(Replicate.wrap({ replicas: [replica], acknowledgements: 1 }))))
      assert.strictEqual(yield* Effect.provide(found, replica), "secret")
      yield* TestClock.adjust("9 minutes")
      assert.strictEqual(yield* Effect.provide(found, replica), "too-old")
    })
  )

  it.effect("counts from now for an entry whose creation time lies in the future", () =>
    Effect.gen(function* () {
      const layer = (yield* shared).pipe(FernetEncryption.wrap({ keys: [(yield* keys)[0]], maxAge }))
      yield* begin
      const { driver } = yield* Effect.provide(KeyValue.KeyValue, layer)
      const write = call.put(driver.defaultCollection, { k: "secret" })
      const entries = write.entries.map((entry) => ({ ...entry, createdAt: 1_000_000_123 + 2 * 3_600_000 }))
      yield* driver.put({ ...write, entries })
      assert.deepStrictEqual((yield* driver.get(call.get(driver.defaultCollection, "k")))[0]?.payload.value, "secret")
    })
  )

  it.effect("does not make entries unreadable whose creation time is before 1970", () =>
    Effect.gen(function* () {
      const layer = (yield* shared).pipe(FernetEncryption.wrap({ keys: [(yield* keys)[0]] }))
      const { driver } = yield* Effect.provide(KeyValue.KeyValue, layer)
      const write = call.put(driver.defaultCollection, { k: "secret" })
      yield* driver.put({
        ...write,
        entries: write.entries.map((entry) => ({ ...entry, createdAt: -62_135_596_800_000 }))
      })
      assert.deepStrictEqual((yield* driver.get(call.get(driver.defaultCollection, "k")))[0]?.payload.value, "secret")
    })
  )
})
