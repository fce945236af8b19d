/** Tests `Driver.around`, which wraps every operation of a driver, and the helpers of calls. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { around } from "../../src/driver/around.ts"
import * as Call from "../../src/driver/Call.ts"
import { TimeoutError } from "../../src/KeyValueError.ts"
import { type Able, bare, call, partsOf, recording, valuesOf } from "./recording.ts"

const everyOperation = (driver: Able) =>
  Effect.all([
    driver.get(call.get("c", "a")),
    driver.put(call.put("c", { a: 1 })),
    driver.delete(call.delete("c", "a")),
    driver.atomic.compareAndPut(call.compareAndPut("c", "a", 1)),
    driver.atomic.increment!(call.increment("c", "a")),
    driver.listing.keys(call.keys("c")),
    driver.listing.collections(call.collections()),
    driver.maintenance.clear(call.clear({ name: "c" })),
    driver.maintenance.removeExpired(call.removeExpired())
  ])

const tags = ["get", "put", "delete", "compareAndPut", "increment", "keys", "collections", "clear", "removeExpired"]

describe("around", () => {
  it.effect("sees every operation, capabilities included", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      const seen: Array<string> = []
      const filtered = around((call, next) => {
        seen.push(call._tag)
        return next(call)
      })(driver) as Able
      yield* everyOperation(filtered)
      assert.deepStrictEqual(seen, tags)
      const parts = [filtered, ...Object.values(filtered).filter((part) => typeof part === "object" && part !== null)]
      const operations = parts.flatMap((part) =>
        Object.entries(part).flatMap(([name, value]) => (typeof value === "function" ? [name] : []))
      )
      assert.deepStrictEqual(operations.sort(), [...tags].sort(), "an operation that no test knows")
    })
  )

  it.effect("around adds no capability to a driver", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      const filtered = around((call, next) => next(call))(bare(driver))
      assert.deepStrictEqual(partsOf(filtered), ["defaultCollection", "delete", "get", "put", "system"])
      assert.strictEqual(filtered.system, "memory")
    })
  )

  it.effect("may change the call, run it several times, or not run it", () =>
    Effect.gen(function* () {
      const { driver, calls } = yield* recording
      const renamed = around((call, next) => next("collection" in call ? { ...call, collection: "other" } : call))(
        driver
      )
      yield* renamed.put(call.put("c", { a: 1 }))
      assert.strictEqual(Call.collectionOf(calls[0]!), "other")

      const twice = around((call, next) => Effect.andThen(next(call), next(call)))(driver)
      assert.strictEqual(yield* twice.delete(call.delete("other", "a")), 0, "the second time")
      assert.strictEqual(calls.length, 3)

      const never = around((call) => Effect.fail(new TimeoutError({ ...call.place, duration: Duration.seconds(1) })))(
        driver
      )
      assert.strictEqual((yield* Effect.flip(never.get(call.get("c", "a"))))._tag, "TimeoutError")
      assert.strictEqual(calls.length, 3)
    })
  )

  it.effect("puts the last one outside", () =>
    Effect.gen(function* () {
      const { driver } = yield* recording
      const order: Array<string> = []
      const noting = (name: string) =>
        around((call, next) => {
          order.push(name)
          return next(call)
        })
      yield* noting("outer")(noting("inner")(driver)).get(call.get("c", "a"))
      assert.deepStrictEqual(order, ["outer", "inner"])
    })
  )
})

describe("Call", () => {
  it("isWrite, keyCount and collectionOf describe every kind of call", () => {
    const calls = [
      call.get("c", "a", "b"),
      call.put("c", { a: 1 }),
      call.delete("c", "a"),
      call.compareAndPut("c", "a", 1),
      call.keys("c"),
      call.collections(),
      call.clear({ name: "c" }),
      call.clear({ prefix: "" }),
      call.removeExpired()
    ]
    assert.deepStrictEqual(
      calls.map((call) => [call._tag, Call.isWrite(call), Call.keyCount(call), Call.collectionOf(call)]),
      [
        ["get", false, 2, "c"],
        ["put", true, 1, "c"],
        ["delete", true, 1, "c"],
        ["compareAndPut", true, 1, "c"],
        ["keys", false, 0, "c"],
        ["collections", false, 0, undefined],
        ["clear", true, 0, "c"],
        ["clear", true, 0, undefined],
        ["removeExpired", true, 0, undefined]
      ]
    )
  })

  it("pick keeps keys, entries and places together", () => {
    const picked = Call.pick(call.put("c", { a: 1, b: 2, d: 3 }), [2, 0])
    assert.deepStrictEqual(picked.keys, ["d", "a"])
    assert.deepStrictEqual(picked.place.keys, ["d", "a"])
    assert.deepStrictEqual(valuesOf(picked.entries), [3, 1])
  })

  it("placeOf returns the place of one key", () => {
    const put = call.put("c", { a: 1, b: 2 })
    assert.deepStrictEqual(Call.placeOf(put, 1), { operation: "putMany", collection: "app", keys: ["b"] })
    const one = call.put("c", { a: 1 })
    assert.strictEqual(Call.placeOf(one, 0), one.place)
  })

  it("toDelete keeps the place and the deadline", () => {
    const { _tag, place, deadline, collection, keys } = Call.toDelete({ ...call.put("c", { a: 1 }), deadline: 5 })
    assert.deepStrictEqual([_tag, place.operation, deadline, collection, keys], ["delete", "putMany", 5, "c", ["a"]])
  })
})
