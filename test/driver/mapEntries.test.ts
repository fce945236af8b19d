/** Tests `Driver.mapEntries`, which changes entries on the way to and from a store. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Drop } from "../../src/driver/Call.ts"
import type { Driver } from "../../src/driver/Driver.ts"
import { mapEntries } from "../../src/driver/mapEntries.ts"
import type { Entry } from "../../src/Entry.ts"
import { DecryptionError, EntryTooLargeError } from "../../src/KeyValueError.ts"
import { type Able, bare, call, entry, partsOf, recording, valuesOf } from "./recording.ts"

const boxed = mapEntries({
  encode: (inner) => Effect.succeed({ ...inner, payload: entry([inner.payload.value as string]).payload }),
  decode: (inner) => Effect.succeed(inner && { ...inner, payload: entry((inner.payload.value as [string])[0]).payload })
})

/** Drops entries with the value "ignore" or "delete", and keeps all others. */
const dropping = mapEntries({
  encode: (inner) => {
    const value = inner.payload.value
    return Effect.succeed<Entry | Drop>(value === "ignore" || value === "delete" ? value : inner)
  }
})

describe("mapEntries", () => {
  it.effect("changes entries on the way in and out, alone and in batches", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      const mapped = boxed(driver) as Able
      yield* mapped.put(call.put("c", { a: "a", b: "b" }))
      assert.deepStrictEqual(valuesOf(yield* driver.get(call.get("c", "a", "b"))), [["a"], ["b"]])
      assert.deepStrictEqual(valuesOf(yield* mapped.get(call.get("c", "b", "none", "a"))), ["b", undefined, "a"])
      assert.deepStrictEqual(valuesOf(yield* mapped.get(call.get("c", "b"))), ["b"])
    })
  )

  it.effect("keeps the version, so that compareAndPut works through it", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      const mapped = boxed(driver) as Able
      assert.isTrue(yield* mapped.atomic.compareAndPut(call.compareAndPut("c", "a", "1")))
      const [found] = yield* mapped.get({ ...call.get("c", "a"), versioned: true })
      assert.isTrue(yield* mapped.atomic.compareAndPut(call.compareAndPut("c", "a", "2", found!.version)))
      assert.isFalse(yield* mapped.atomic.compareAndPut(call.compareAndPut("c", "a", "3", found!.version)))
      assert.deepStrictEqual(valuesOf(yield* driver.get(call.get("c", "a"))), [["2"]])
      const [latest] = yield* mapped.get({ ...call.get("c", "a"), versioned: true })
      assert.isTrue(yield* mapped.atomic.compareAndPut(call.compareAndPut("c", "a", undefined, latest!.version)))
      assert.deepStrictEqual(valuesOf(yield* driver.get(call.get("c", "a"))), [undefined])
    })
  )

  it.effect("decode can turn an entry into a miss, and a miss into an entry", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      yield* driver.put(call.put("c", { secret: 1, public: 2 }))
      const mapped = mapEntries({
        decode: (found, place) =>
          Effect.succeed(
            found === undefined ? entry(`no ${place.keys[0]}`) : place.keys[0] === "secret" ? undefined : found
          )
      })(driver)
      const place = { operation: "getMany", collection: "app", keys: ["secret", "public", "none"] } as const
      const found = yield* mapped.get({ ...call.get("c", "secret", "public", "none"), place })
      assert.deepStrictEqual(valuesOf(found), [undefined, 2, "no none"])
    })
  )

  /** Hides entries whose value begins with "hidden". */
  const hiding = mapEntries({
    decode: (found) => Effect.succeed(String(found?.payload.value).startsWith("hidden") ? undefined : found)
  })

  it.effect("lets a write that expects no entry replace a hidden one, and refuses a write that expects a version", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      const mapped = hiding(driver) as Able
      yield* driver.put(call.put("c", { a: "visible" }))
      const [found] = yield* mapped.get({ ...call.get("c", "a"), versioned: true })
      yield* driver.put(call.put("c", { a: "hidden, and newer" }))
      assert.isFalse(yield* mapped.atomic.compareAndPut(call.compareAndPut("c", "a", "mine", found!.version)))
      assert.deepStrictEqual(valuesOf(yield* driver.get(call.get("c", "a"))), ["hidden, and newer"])
      assert.isTrue(yield* mapped.atomic.compareAndPut(call.compareAndPut("c", "a", "mine")))
      assert.deepStrictEqual(valuesOf(yield* driver.get(call.get("c", "a"))), ["mine"])
    })
  )

  it.effect("passes the deadline and the holder of a call on to the reads and deletions that are parts of it", () =>
    Effect.gen(function* () {
      const { driver, calls } = yield* recording
      const limits = { deadline: 1e9, holder: { hold: () => {} } }
      const dropping = mapEntries({ encode: () => Effect.succeed("delete") })(driver) as Able
      yield* dropping.put({ ...call.put("c", { a: 1 }), ...limits })
      const mapped = hiding(driver) as Able
      yield* driver.put({ ...call.put("c", { a: "hidden" }), ...limits })
      yield* mapped.atomic.compareAndPut({ ...call.compareAndPut("c", "a", "mine"), ...limits })
      yield* mapped.delete({ ...call.delete("c", "a"), ...limits })
      assert.includeMembers(
        calls.map(({ _tag }) => _tag),
        ["get", "delete", "compareAndPut"]
      )
      for (const { _tag, deadline, holder } of calls) assert.deepStrictEqual({ deadline, holder }, limits, _tag)
    })
  )

  it.effect("fails after 11 conflicts with other writers", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      let attempts = 0
      const busy: Driver = { ...driver, atomic: { compareAndPut: () => Effect.sync(() => attempts++ < 0) } }
      const mapped = hiding(busy) as Able
      assert.isFalse(yield* mapped.atomic.compareAndPut(call.compareAndPut("c", "a", "mine")))
      assert.strictEqual(attempts, 11)
    })
  )

  it.effect("fails the call with the first failure, and stores nothing", () =>
    Effect.gen(function* () {
      const { driver, calls } = yield* recording
      const failing = mapEntries({
        encode: (inner, place) =>
          inner.payload.value === "large"
            ? Effect.fail(new EntryTooLargeError({ ...place, size: 2, maxSize: 1 }))
            : Effect.succeed(inner),
        decode: (inner, place) =>
          inner?.payload.value === "bad"
            ? Effect.fail(new DecryptionError({ ...place, reason: "corrupted" }))
            : Effect.succeed(inner)
      })(driver)
      const write = yield* Effect.flip(failing.put(call.put("c", { a: "a", b: "large", c: "c" })))
      assert.strictEqual(write._tag, "EntryTooLargeError")
      assert.deepStrictEqual("keys" in write && write.keys, ["b"])
      assert.strictEqual(calls.length, 0)
      yield* driver.put(call.put("c", { a: "a", b: "bad" }))
      const place = { operation: "getMany", collection: "app", keys: ["a", "b"] } as const
      const read = yield* Effect.flip(failing.get({ ...call.get("c", "a", "b"), place }))
      assert.strictEqual(read._tag, "DecryptionError")
      assert.deepStrictEqual("keys" in read && read.keys, ["b"])
    })
  )

  it.effect("leaves out ignored entries, and deletes deleted ones", () =>
    Effect.gen(function* () {
      const { driver, calls } = yield* recording
      const mapped = dropping(driver) as Able
      yield* driver.put(call.put("c", { a: "old", b: "old", c: "old" }))
      yield* mapped.put(call.put("c", { a: "ignore", b: "delete", c: "new" }))
      assert.deepStrictEqual(valuesOf(yield* driver.get(call.get("c", "a", "b", "c"))), ["old", undefined, "new"])
      const before = calls.length
      yield* mapped.put(call.put("c", { a: "ignore", b: "ignore" }))
      assert.strictEqual(calls.length, before, "the driver was called without need")
      assert.strictEqual(yield* mapped.atomic.compareAndPut(call.compareAndPut("c", "a", "ignore")), "ignore")
      assert.deepStrictEqual(valuesOf(yield* driver.get(call.get("c", "a"))), ["old"])
      const [found] = yield* driver.get({ ...call.get("c", "a"), versioned: true })
      assert.strictEqual(
        yield* mapped.atomic.compareAndPut(call.compareAndPut("c", "a", "delete", found!.version)),
        "delete"
      )
      assert.deepStrictEqual(valuesOf(yield* driver.get(call.get("c", "a"))), [undefined])
    })
  )

  it.effect("makes one call for a batch in which nothing is dropped", () =>
    Effect.gen(function* () {
      const { driver, calls } = yield* recording
      yield* dropping(driver).put(call.put("c", { a: 1, b: 2 }))
      assert.deepStrictEqual(
        calls.map((call) => call._tag),
        ["put"]
      )
    })
  )

  it.effect("leaves operations alone that it does not map", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      assert.strictEqual(dropping(driver).get, driver.get)
      assert.strictEqual(mapEntries({ decode: Effect.succeed })(driver).put, driver.put)
      assert.deepStrictEqual(partsOf(boxed(bare(driver))), partsOf(bare(driver)))
    })
  )
})
