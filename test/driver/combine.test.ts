/** Tests `Driver.combine`, which sends each call to one of several drivers. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Call from "../../src/driver/Call.ts"
import { combine, inTurn } from "../../src/driver/combine.ts"
import type { Driver } from "../../src/driver/Driver.ts"
import { type Able, allNames, bare, call, partsOf, recording, valuesOf } from "./recording.ts"

/** Sends collections that start with "b" to the second driver. */
const byName = (drivers: readonly [Driver, Driver]) =>
  combine(drivers, (call, nexts) => nexts[Call.collectionOf(call)?.startsWith("b") ? 1 : 0]!(call)) as Able

const two = Effect.all([recording, recording])

describe("combine", () => {
  it.effect("runs each operation on the driver that the combination chooses", () =>
    Effect.gen(function* () {
      const [a, b] = yield* two
      const driver = byName([a.driver, b.driver])
      yield* driver.put(call.put("a", { k: 1 }))
      yield* driver.put(call.put("b", { k: 2 }))
      assert.deepStrictEqual(valuesOf(yield* driver.get(call.get("b", "k"))), [2])
      assert.deepStrictEqual(valuesOf(yield* a.driver.get(call.get("b", "k"))), [undefined])
      assert.isFalse(yield* driver.atomic.compareAndPut(call.compareAndPut("b", "k", 3)))
      assert.strictEqual(yield* driver.delete(call.delete("b", "k")), 1)
      assert.strictEqual((yield* driver.maintenance.clear(call.clear({ name: "a" }))).count, 1)
    })
  )

  it.effect("has the operations that all drivers have", () =>
    Effect.gen(function* () {
      const [a, b] = yield* two
      const withoutKeys = { ...b.driver, listing: undefined }
      assert.deepStrictEqual(partsOf(byName([a.driver, b.driver])), partsOf(a.driver))
      assert.deepStrictEqual(partsOf(byName([a.driver, withoutKeys])), partsOf(withoutKeys))
      assert.deepStrictEqual(partsOf(byName([withoutKeys, a.driver])), partsOf(withoutKeys))
      assert.deepStrictEqual(partsOf(byName([a.driver, bare(b.driver)])), partsOf(bare(b.driver)))
    })
  )

  it.effect("continues an enumeration on the driver on which it began", () =>
    Effect.gen(function* () {
      const [a, b] = yield* two
      /** Lists names that contain the name of the driver and its cursor. */
      const listing = (name: string, driver: Driver): Driver => ({
        ...driver,
        listing: {
          ...driver.listing!,
          keys: ({ cursor }) => {
            const page = (cursor as number | undefined) ?? 0
            return Effect.succeed({ names: [`${name}${page}`], next: page < 2 ? page + 1 : undefined })
          }
        }
      })
      let turn = 0
      const drivers = [listing("a", a.driver), listing("b", b.driver)] as const
      const alternating = combine(drivers, (call, nexts) => nexts[turn++ % 2]!(call)) as Able
      assert.deepStrictEqual(yield* allNames(alternating.listing.keys, call.keys("c")), ["a0", "a1", "a2"])
      assert.deepStrictEqual(yield* allNames(alternating.listing.keys, call.keys("c")), ["b0", "b1", "b2"])
    })
  )

  it.effect("inTurn lists one driver after another, empty ones included", () =>
    Effect.gen(function* () {
      const drivers = yield* Effect.all([recording, recording, recording])
      yield* drivers[0].driver.put(call.put("c", { a1: 1, a2: 1, a3: 1 }))
      yield* drivers[2].driver.put(call.put("c", { b1: 1, b2: 1 }))
      const keys = inTurn(drivers.map(({ driver }) => driver.listing.keys))
      assert.deepStrictEqual(yield* allNames(keys, call.keys("c", { pageSize: 2 })), ["a1", "a2", "a3", "b1", "b2"])
    })
  )
})
