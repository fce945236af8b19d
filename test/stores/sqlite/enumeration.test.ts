/** Listing and clearing in Sqlite: pages, prefixes, collections, and the indexes that the statements use. */
import type { StatementSync } from "node:sqlite"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { wrapper } from "../../../src/Driver.ts"
import { mapNames, prefixed } from "../../../src/driver/mapNames.ts"
import * as Enumeration from "../../../src/Enumeration.ts"
import * as KeyValue from "../../../src/KeyValue.ts"
import * as Maintenance from "../../../src/Maintenance.ts"
import * as Sqlite from "../../../src/stores/Sqlite.ts"
import { prepareAllUnsafe } from "../../../src/stores/sqlite/statements.ts"
import { rows, withConnection, withStore } from "./support.ts"

const c = { collection: "c" }

const list = (options?: Enumeration.Options & KeyValue.InCollection) =>
  Enumeration.Enumeration.use(({ keys }) => Stream.runCollect(keys(options)))

describe("keys", () => {
  it.effect("are listed once each while they are deleted", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const { keys } = yield* Enumeration.Enumeration
      const all = Array.from({ length: 5000 }, (_, i) => `key-${i}`)
      yield* kv.putMany(
        all.map((key) => [key, 1] as const),
        c
      )
      const seen: Array<string> = []
      yield* Stream.runForEach(keys({ ...c, pageSize: 100 }), (key) => {
        seen.push(key)
        return kv.delete(key, c)
      })
      assert.deepStrictEqual(seen.sort(), all.sort())
      assert.deepStrictEqual(yield* list(c), [])
    }).pipe(withStore())
  )

  it.effect("are listed completely in pages of any size", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const all = Array.from({ length: 2500 }, (_, i) => `key-${i}`)
      yield* kv.putMany(
        all.map((key) => [key, 1] as const),
        c
      )
      for (const pageSize of [7, 500, 2500, 1e9, Number.POSITIVE_INFINITY]) {
        assert.strictEqual(new Set(yield* list({ ...c, pageSize })).size, 2500)
      }
      assert.strictEqual((yield* list({ ...c, limit: 1200 })).length, 1200)
    }).pipe(withStore())
  )

  const names = ["", "%", "%a", "_", "_a", "a*", "a?", "a[b]", "a", "a\0", "a\0b", "ab", "\\", "\ufeff", "\uffff"]
  const astral = ["\u{1f600}", "\u{1f600}x", "\u{1f601}", "\u{10000}", "\u{10ffff}", "\u{10ffff}\u{10ffff}x"]
  const all = [...names, ...astral]

  it.effect("are listed by prefix as String.startsWith decides", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      yield* kv.putMany(
        all.map((key) => [key, key] as const),
        c
      )
      assert.deepStrictEqual(yield* kv.getMany(all, c), all)
      for (const prefix of [...all, "A", "a\0", "\u{10ffff}\u{10ffff}"]) {
        const found = yield* list({ ...c, prefix, pageSize: 2 })
        assert.sameMembers(
          [...found],
          all.filter((name) => name.startsWith(prefix)),
          JSON.stringify(prefix)
        )
      }
    }).pipe(withStore())
  )

  it.effect("are cleared only when they start with the prefix", () =>
    Effect.gen(function* () {
      const { database } = yield* withConnection
      const store = Sqlite.layer({ database })
      const tenant = (prefix: string) => store.pipe(wrapper(mapNames({ key: prefixed(prefix) })))
      yield* Effect.gen(function* () {
        const kv = yield* KeyValue.KeyValue
        for (const collection of ["c", "d"]) {
          yield* kv.putMany(
            all.map((key) => [key, 1] as const),
            { collection }
          )
        }
        for (const prefix of ["a", "\u{10ffff}", "%"]) {
          const before = Number(rows(database))
          const cleared = yield* Effect.provide(
            Maintenance.Maintenance.use(({ clear }) => clear),
            tenant(prefix)
          )
          assert.strictEqual(cleared, 2 * all.filter((name) => name.startsWith(prefix)).length)
          assert.strictEqual(rows(database), before - cleared)
          assert.deepStrictEqual(yield* list({ ...c, prefix }), [])
        }
      }).pipe(Effect.provide(store))
    })
  )
})

describe("collections", () => {
  it.effect("are listed page by page, and cleared across page boundaries", () =>
    Effect.gen(function* () {
      const kv = yield* KeyValue.KeyValue
      const { collections } = yield* Enumeration.Enumeration
      const { clear, clearCollection } = yield* Maintenance.Maintenance
      const names = Array.from({ length: 1200 }, (_, i) => `c-${i}`)
      yield* Effect.forEach(names, (collection) => kv.put("a", 1, { collection }), { discard: true })
      yield* kv.putMany(
        Array.from({ length: 2100 }, (_, i) => [`${i}`, 1] as const),
        { collection: "large" }
      )

      assert.sameMembers([...(yield* Stream.runCollect(collections({ pageSize: 100 })))], [...names, "large"])
      assert.strictEqual((yield* Stream.runCollect(collections({ prefix: "c-11" }))).length, 111)
      assert.strictEqual(yield* clearCollection({ collection: "c-1" }), 1)
      assert.strictEqual(yield* kv.get("a", { collection: "c-11" }), 1)
      assert.strictEqual(yield* clear, 1199 + 2100)
      assert.deepStrictEqual(yield* Stream.runCollect(collections()), [])
    }).pipe(withStore())
  )
})

describe("a page of clearing", () => {
  it.effect("visits a bounded number of collections, whether it removes anything or not", () =>
    Effect.gen(function* () {
      const { driver, ...kv } = yield* KeyValue.KeyValue
      yield* Effect.forEach(Array.from({ length: 1001 }), (_, i) => kv.put("a", 1, { collection: `c-${i}` }))
      const place = { operation: "clear", collection: "", keys: [] } as const
      const call = { _tag: "clear", place, deadline: undefined, collection: { prefix: "" }, keyPrefix: "b" } as const
      const first = yield* driver.maintenance!.clear({ ...call, cursor: undefined })
      assert.strictEqual(first.count, 0)
      assert.isDefined(first.next)
      assert.deepStrictEqual(yield* driver.maintenance!.clear({ ...call, cursor: first.next }), {
        count: 0,
        next: undefined
      })
    }).pipe(withStore())
  )
})

describe("statements", () => {
  it.effect("find their rows by an index", () =>
    Effect.gen(function* () {
      const { database, store } = yield* withConnection
      yield* Effect.provide(KeyValue.KeyValue, store)
      for (const [name, statement] of Object.entries(prepareAllUnsafe(database, "entries"))) {
        const plan = database.prepare(`EXPLAIN QUERY PLAN ${(statement as StatementSync).sourceSQL}`).all()
        for (const { detail } of plan) assert.notMatch(String(detail), /^SCAN|TEMP B-TREE/, name)
      }
    })
  )
})
