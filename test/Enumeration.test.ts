/** Tests `Enumeration` and `Maintenance` over a driver that records its calls: how they go through pages of names. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as Call from "../src/driver/Call.ts"
import * as Enumeration from "../src/Enumeration.ts"
import { BulkheadFullError } from "../src/KeyValueError.ts"
import * as Maintenance from "../src/Maintenance.ts"
import { call, recording } from "./driver/recording.ts"

const filled = Effect.gen(function* () {
  const { driver, calls } = yield* recording
  const values = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key-${i}`, i]))
  yield* driver.put(call.put("c", values))
  const pages = () => calls.filter((call): call is Call.Keys => call._tag === "keys")
  return { driver, calls, pages, enumeration: Enumeration.make(driver), maintenance: Maintenance.make(driver) }
})

describe("Enumeration", () => {
  it.effect("fetches a page only when the stream is pulled that far", () =>
    Effect.gen(function* () {
      const { enumeration, pages } = yield* filled
      yield* Stream.runCollect(Stream.take(enumeration.keys({ collection: "c", pageSize: 10 }), 15))
      assert.strictEqual(pages().length, 2)
      yield* Stream.runCollect(enumeration.keys({ collection: "c", pageSize: 10 }))
      assert.strictEqual(pages().length, 12)
    })
  )

  it.effect("asks for no more names than the limit needs", () =>
    Effect.gen(function* () {
      const { enumeration, pages } = yield* filled
      const found = yield* Stream.runCollect(enumeration.keys({ collection: "c", limit: 5 }))
      assert.strictEqual(found.length, 5)
      assert.deepStrictEqual(
        pages().map((page) => page.pageSize),
        [5]
      )
    })
  )

  it.effect("asks for 1,000 names at a time by default, and for at least one", () =>
    Effect.gen(function* () {
      const { enumeration, pages } = yield* filled
      yield* Stream.runCollect(enumeration.keys({ collection: "c" }))
      const one = yield* Stream.runCollect(enumeration.keys({ collection: "c", pageSize: 0, limit: 1 }))
      assert.strictEqual(one.length, 1)
      assert.deepStrictEqual(
        pages().map((page) => page.pageSize),
        [1000, 1]
      )
    })
  )

  it.effect("keys fails with InvalidKeyError when the collection's name is not valid", () =>
    Effect.gen(function* () {
      const { enumeration, pages } = yield* filled
      const error = yield* Effect.flip(Stream.runCollect(enumeration.keys({ collection: "\uD800" })))
      assert.strictEqual(error._tag, "InvalidKeyError")
      assert.strictEqual(pages().length, 0)
    })
  )

  it.effect("continues after empty pages", () =>
    Effect.gen(function* () {
      const { driver } = yield* filled
      const sparse = Enumeration.make({
        ...driver,
        listing: {
          ...driver.listing,
          keys: ({ cursor }) => {
            const page = (cursor as number | undefined) ?? 0
            return Effect.succeed({ names: page === 3 ? ["found"] : [], next: page === 4 ? undefined : page + 1 })
          }
        }
      })
      assert.deepStrictEqual(yield* Stream.runCollect(sparse.keys()), ["found"])
    })
  )
})

describe("Maintenance", () => {
  it.effect("continues until no page is left, and adds up the counts", () =>
    Effect.gen(function* () {
      const { driver } = yield* filled
      const pages: Array<Call.Cursor> = []
      const paged = ({ cursor }: { readonly cursor: Call.Cursor }) =>
        Effect.sync(() => {
          pages.push(cursor)
          return { count: 10, next: pages.length % 3 === 0 ? undefined : pages.length }
        })
      const maintenance = Maintenance.make({ ...driver, maintenance: { clear: paged, removeExpired: paged } })
      assert.strictEqual(yield* maintenance.clear, 30)
      assert.strictEqual(yield* maintenance.clearCollection({ collection: "c" }), 30)
      assert.strictEqual(yield* maintenance.removeExpired, 30)
      assert.deepStrictEqual(pages.slice(0, 3), [undefined, 1, 2])
    })
  )

  it.effect("clearCollection fails with InvalidKeyError when the collection's name is not valid", () =>
    Effect.gen(function* () {
      const { maintenance, calls } = yield* filled
      const before = calls.length
      const error = yield* Effect.flip(maintenance.clearCollection({ collection: "\uD800" }))
      assert.strictEqual(error._tag, "InvalidKeyError")
      assert.strictEqual(calls.length, before)
    })
  )

  it.effect("reports the outcome unknown when a page fails after one that removed something", () =>
    Effect.gen(function* () {
      const { driver } = yield* filled
      const failing = (removed: number) => (call: Call.Clear | Call.RemoveExpired) =>
        call.cursor === undefined
          ? Effect.succeed({ count: removed, next: true })
          : Effect.fail(new BulkheadFullError({ ...call.place, limit: 1 }))
      const outcomeOf = (removed: number) => {
        const { clear, removeExpired } = Maintenance.make({
          ...driver,
          maintenance: { clear: failing(removed), removeExpired: failing(removed) }
        })
        return Effect.forEach([clear, removeExpired], (operation) =>
          Effect.map(Effect.flip(operation), (error) => "outcome" in error && error.outcome)
        )
      }
      assert.deepStrictEqual(yield* outcomeOf(1), ["unknown", "unknown"])
      assert.deepStrictEqual(yield* outcomeOf(0), ["not-applied", "not-applied"])
    })
  )
})
