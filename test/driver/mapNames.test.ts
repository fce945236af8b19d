/** Tests `Driver.mapNames` and `Driver.foldCollections`, which rename keys and collections. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { compound } from "../../src/codecs/names.ts"
import { foldCollections, mapNames, prefixed } from "../../src/driver/mapNames.ts"
import { type Able, allNames, bare, call, partsOf, recording, valuesOf } from "./recording.ts"

const both = mapNames({ collection: prefixed("C-"), key: prefixed("K-") })
const folded = foldCollections("all", compound("__"))

describe("mapNames", () => {
  it.effect("renames on the way in, and keeps the application's names in the place", () =>
    Effect.gen(function* () {
      const { driver, calls } = yield* recording
      const named = both(driver) as Able
      yield* named.put(call.put("c", { a: 1, b: 2 }))
      yield* named.get(call.get("c", "a"))
      yield* named.delete(call.delete("c", "b"))
      yield* named.atomic.compareAndPut(call.compareAndPut("c", "x", 1))
      assert.deepStrictEqual(
        calls.map((call) => "keys" in call && [call._tag, call.collection, ...call.keys]),
        [
          ["put", "C-c", "K-a", "K-b"],
          ["get", "C-c", "K-a"],
          ["delete", "C-c", "K-b"],
          ["compareAndPut", "C-c", "K-x"]
        ]
      )
      assert.deepStrictEqual(calls[0]!.place.keys, ["a", "b"])
      assert.isTrue(calls.every((call) => call.place.collection === "app"))
    })
  )

  it.effect("renames listed names back, and hides names that it did not make", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      const named = both(driver) as Able
      yield* named.put(call.put("c", { a: 1, ab: 2, b: 3 }))
      yield* driver.put(call.put("C-c", { foreign: 1 }))
      yield* driver.put(call.put("C-only-foreign-keys", { foreign: 1 }))
      yield* driver.put(call.put("foreign", { "K-a": 1 }))
      assert.deepStrictEqual((yield* allNames(named.listing.keys, call.keys("c", { pageSize: 2 }))).sort(), [
        "a",
        "ab",
        "b"
      ])
      assert.deepStrictEqual((yield* allNames(named.listing.keys, call.keys("c", { prefix: "a" }))).sort(), ["a", "ab"])
      assert.deepStrictEqual(yield* allNames(named.listing.collections, call.collections()), ["c"])
      assert.deepStrictEqual(yield* allNames(named.listing.collections, call.collections({ prefix: "x" })), [])
    })
  )

  it.effect("clears only entries whose names it made", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      const named = both(driver) as Able
      yield* named.put(call.put("c", { a: 1 }))
      yield* named.put(call.put("d", { a: 1 }))
      yield* driver.put(call.put("C-c", { foreign: 1 }))
      yield* driver.put(call.put("foreign", { "K-a": 1 }))
      assert.strictEqual((yield* named.maintenance.clear(call.clear({ name: "c" }))).count, 1)
      assert.strictEqual((yield* named.maintenance.clear(call.clear({ prefix: "" }))).count, 1)
      assert.deepStrictEqual(valuesOf(yield* driver.get(call.get("C-c", "foreign"))), [1])
      assert.deepStrictEqual(valuesOf(yield* driver.get(call.get("foreign", "K-a"))), [1])
    })
  )

  it.effect("puts the prefix of the inner of two first", () =>
    Effect.gen(function* () {
      const { driver, calls } = yield* recording
      const nested = mapNames({ key: prefixed("outer-") })(mapNames({ key: prefixed("inner-") })(driver))
      yield* nested.get(call.get("c", "a"))
      assert.deepStrictEqual("keys" in calls[0]! && calls[0].keys, ["inner-outer-a"])
    })
  )

  it.effect("mapNames adds no capability to a driver", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      assert.deepStrictEqual(partsOf(both(bare(driver))), partsOf(bare(driver)))
    })
  )
})

describe("foldCollections", () => {
  it.effect("keeps all collections in one", () =>
    Effect.gen(function* () {
      const { driver, calls } = yield* recording
      const one = folded(driver) as Able
      yield* one.put(call.put("users", { a: 1 }))
      yield* one.put(call.put("us__ers", { a: 2 }))
      assert.deepStrictEqual(
        calls.map((call) => "keys" in call && [call.collection, ...call.keys]),
        [
          ["all", "users__a"],
          ["all", "us%5F%5Fers__a"]
        ]
      )
      assert.deepStrictEqual(valuesOf(yield* one.get(call.get("us__ers", "a"))), [2])
      assert.strictEqual(yield* one.atomic.compareAndPut(call.compareAndPut("users", "a", 3)), false)
      assert.strictEqual(yield* one.delete(call.delete("users", "a", "b")), 1)
    })
  )

  it.effect("lists each collection once, over many pages", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      const one = folded(driver) as Able
      for (const name of ["a", "b", "a__b"]) yield* one.put(call.put(name, { k1: 1, k2: 1, other: 1 }))
      yield* driver.put(call.put("all", { foreign: 1 }))
      const list = (options: Partial<Parameters<typeof call.collections>[0]>) =>
        Effect.map(allNames(one.listing.collections, call.collections({ pageSize: 1, ...options })), (names) =>
          names.sort()
        )
      assert.deepStrictEqual(yield* list({}), ["a", "a__b", "b"])
      assert.deepStrictEqual(yield* list({ prefix: "a" }), ["a", "a__b"])
      assert.deepStrictEqual(yield* list({ keyPrefix: "x" }), [])
      assert.deepStrictEqual((yield* allNames(one.listing.keys, call.keys("a", { pageSize: 1 }))).sort(), [
        "k1",
        "k2",
        "other"
      ])
      assert.deepStrictEqual((yield* allNames(one.listing.keys, call.keys("a", { prefix: "k" }))).sort(), ["k1", "k2"])
    })
  )

  it.effect("clears one collection, several or all, and leaves other entries alone", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      const one = folded(driver) as Able
      const put = Effect.forEach(["a", "ab", "b"], (name) => one.put(call.put(name, { k: 1, l: 1 })))
      yield* put
      yield* driver.put(call.put("all", { foreign: 1 }))
      assert.strictEqual((yield* one.maintenance.clear(call.clear({ name: "a" }))).count, 2)
      assert.deepStrictEqual(valuesOf(yield* one.get(call.get("ab", "k"))), [1])
      assert.strictEqual((yield* one.maintenance.clear(call.clear({ prefix: "a" }, { keyPrefix: "k" }))).count, 1)
      assert.strictEqual((yield* one.maintenance.clear(call.clear({ prefix: "" }))).count, 3)
      assert.deepStrictEqual(valuesOf(yield* driver.get(call.get("all", "foreign"))), [1])
    })
  )

  it.effect("foldCollections adds no capability to a driver", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      assert.deepStrictEqual(partsOf(folded(bare(driver))), partsOf(bare(driver)))
    })
  )
})
